"""Where agents are kept. Every store keeps the same `Store` protocol; `open_store` opens one.

./registry, /srv/agents      a folder                          (nothing else needed)
oci://host:5000/team         an OCI registry, as ModelPack     (extra: oci)
s3://bucket/prefix           S3-compatible object storage      (extra: s3)
ipfs:./cars                  CAR files, and a node's API       (extra: ipfs)
hub:./cache                  a Hugging Face Hub cache          (extra: hub)
"""

from collections.abc import Callable

from ..errors import BadReferenceError
from .index import Entry, Index
from .local import LocalStore
from .protocol import Blob, Pushed, Release, Store


def open_store(address: str) -> Store:
    """Open the store at an address."""
    scheme, colon, rest = address.partition(":")
    if not colon or len(scheme) == 1:  # a path, also one with a drive letter
        if not address:
            raise BadReferenceError(address, "is not a store: name a folder or an address")
        return LocalStore(address)
    if scheme not in _OPENERS:
        known = ", ".join(sorted(_OPENERS))
        raise BadReferenceError(address, f"is not a store: name a folder, or one of {known}")
    return _OPENERS[scheme](rest)


def _oci(rest: str) -> Store:
    from .oci import OciStore

    return OciStore(f"oci:{rest}")


def _s3(rest: str) -> Store:
    from .s3 import S3Store

    return S3Store.open(f"s3:{rest}")


def _ipfs(rest: str) -> Store:
    from .carstore import IpfsStore

    return IpfsStore(rest)


def _hub(rest: str) -> Store:
    from .hub import HubStore

    return HubStore(rest)


_OPENERS: dict[str, Callable[[str], Store]] = {
    "file": lambda rest: LocalStore(rest.removeprefix("//")),
    "hub": _hub,
    "ipfs": _ipfs,
    "oci": _oci,
    "s3": _s3,
}

__all__ = [
    "Blob",
    "Entry",
    "Index",
    "LocalStore",
    "Pushed",
    "Release",
    "Store",
    "open_store",
]

"""Objects in S3-compatible storage through obstore, whose errors are explained."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from .._extras import extra
from ..errors import BadReferenceError, NotFoundError, StoreError

_FEATURE = "S3-compatible storage"
BLOCK = 1 << 20
_CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

Mark = dict[str, str]  # what a conditional write names: the version of an object that was read


class ChangedError(StoreError):
    """An object was changed since it was read."""


class Objects:
    """The objects below a prefix of a bucket, by any obstore store."""

    def __init__(self, store: Any, *, address: str) -> None:
        self.address = address
        self._store = store
        self._obstore = extra("obstore", extra="s3", feature=_FEATURE)
        self._errors = extra("obstore.exceptions", extra="s3", feature=_FEATURE)

    @classmethod
    def open(cls, address: str, **options: Any) -> "Objects":
        """Open `s3://BUCKET[/PREFIX]`."""
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc or parts.query:
            raise BadReferenceError(address, "is not like s3://bucket/prefix")
        stores = extra("obstore.store", extra="s3", feature=_FEATURE)
        prefix = parts.path.strip("/") or None
        return cls(stores.S3Store(parts.netloc, prefix=prefix, **options), address=address)

    def names(self, folder: str) -> list[str]:
        """Return the last parts of the paths in a folder."""
        with self._explained(folder):
            pages = self._obstore.list(self._store, prefix=folder)
            return [str(item["path"]).rsplit("/", 1)[-1] for page in pages for item in page]

    def size(self, path: str) -> int | None:
        """Return how many bytes an object has, or None where there is none."""
        try:
            with self._explained(path):
                return int(self._obstore.head(self._store, path)["size"])
        except NotFoundError:
            return None

    def read(self, path: str, start: int) -> Iterator[bytes]:
        """Yield an object from an offset on."""
        with self._explained(path):
            options = {"range": {"offset": start}} if start else None
            found = self._obstore.get(self._store, path, options=options)
            for block in found.stream(min_chunk_size=BLOCK):
                yield bytes(block)

    def read_whole(self, path: str, *, largest: int) -> bytes:
        """Return a small object."""
        return self.read_marked(path, largest=largest)[0]

    def read_marked(self, path: str, *, largest: int) -> tuple[bytes, Mark]:
        """Return a small object, and what `replace` must name to replace this one."""
        with self._explained(path):
            found = self._obstore.get(self._store, path)
            if found.meta["size"] > largest:
                raise StoreError(f"{path} in {self.address} is larger than {largest} bytes")
            data = bytes(found.bytes())
        return data, {k: found.meta[k] for k in ("e_tag", "version") if found.meta.get(k)}

    def put(self, path: str, data: bytes) -> None:
        """Put an object, as a whole."""
        self._put(path, data, mode="overwrite")

    def replace(self, path: str, data: bytes, *, mark: Mark | None) -> None:
        """Put an object in place of the one that was read, or of none; else `ChangedError`."""
        self._put(path, data, mode="create" if mark is None else mark)

    def _put(self, path: str, data: bytes, *, mode: Any) -> None:
        with self._explained(path):
            self._obstore.put(self._store, path, data, mode=mode, use_multipart=False)

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        errors = self._errors
        try:
            yield
        except (errors.NotFoundError, FileNotFoundError) as error:
            raise NotFoundError(f"{self.address} does not have {path}") from error
        except (errors.AlreadyExistsError, errors.PreconditionError) as error:
            raise ChangedError(f"{path} was changed meanwhile") from error
        except errors.BaseError as error:
            raise StoreError(f"{self.address} {self._problem(error)}") from error

    def _problem(self, error: Exception) -> str:
        """Say what is wrong, and what to do where that can be told."""
        text = " ".join(str(error).split()).partition(" Debug source:")[0]
        if isinstance(
            error, (self._errors.PermissionDeniedError, self._errors.UnauthenticatedError)
        ):
            return f"does not let you in: check {_CREDENTIALS}"
        if "/latest/api/token" in text:  # without any, a cloud's own machine is asked for some
            return f"needs credentials: set {_CREDENTIALS}"
        if "builder error" in text:
            return "cannot be asked: for an endpoint without TLS, set AWS_ALLOW_HTTP=true"
        return f"does not answer as it should: {text[:200]}"

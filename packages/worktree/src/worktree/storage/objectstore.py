"""Object stores: S3 and what speaks like it, Google Cloud Storage, Azure; needs an extra.

Built on obstore. Writes are conditional on the version that was read. Deletes are not, for want
of a conditional delete: the version is checked right before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import MissingExtraError, StorageError
from .contract import Entry, Stored, Token
from .per_object import MovedError, PerObjectStorage

_VERSION = "\n"


def _obstore() -> Any:
    try:
        import obstore
    except ImportError as error:
        raise MissingExtraError("an object store", "objectstore") from error
    return obstore


class ObjectStorage(PerObjectStorage):
    """Objects of an obstore store; keys are paths below the store's prefix.

    `partial_commits=True` accepts that a commit of several artifacts writes them one by one.
    """

    def __init__(self, store: Any, *, address: str = "", partial_commits: bool = False) -> None:
        super().__init__(partial_commits=partial_commits, folders=False)
        self._obstore = _obstore()
        self._store = store
        self._address = address or type(store).__name__

    @classmethod
    def from_url(cls, url: str, *, partial_commits: bool = False, **options: Any) -> ObjectStorage:
        """Open `s3://bucket/prefix`, `gs://…` or `az://…`.

        Credentials come from the usual environment variables, or as options of obstore.
        """
        _obstore()
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        try:
            store = from_url(url, **options)
        except (BaseError, ValueError) as error:
            raise _told(error, url) from error
        return cls(store, address=url, partial_commits=partial_commits)

    def get_object(self, key: str) -> Stored | None:
        """Read an object with its version."""
        with self._translated(key):
            try:
                result = self._obstore.get(self._store, key)
            except FileNotFoundError:
                return None
            data = bytes(result.bytes())
            return Stored(data, _token(result.meta))

    def put_object(self, key: str, data: bytes, current: Stored | None) -> Token:
        """Write an object where there is none, or over the very version that is there."""
        mode: Any = "create" if current is None else _version(current.token)
        with self._translated(key):
            return _token(self._obstore.put(self._store, key, data, mode=mode))

    def delete_object(self, key: str, current: Stored) -> None:
        """Delete an object, having checked its version."""
        found = self.get_object(key)
        if found is None or found.token != current.token:
            raise MovedError("it was changed meanwhile", location=self.locate(key))
        with self._translated(key):
            self._obstore.delete(self._store, key)

    def list_folder(self, folder: str) -> list[Entry] | None:
        """List what shares a prefix up to the next slash."""
        with self._translated(folder):
            found = self._obstore.list_with_delimiter(self._store, folder or None)
        entries = [Entry(_last(path), "folder") for path in found["common_prefixes"]]
        entries += [Entry(_last(meta["path"]), "object") for meta in found["objects"]]
        return entries or None

    def locate(self, key: str) -> str:
        """The address, with the key below it."""
        return f"{self._address.rstrip('/')}/{key}" if key else self._address

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            yield
        except (AlreadyExistsError, PreconditionError) as error:
            raise MovedError("it was changed meanwhile", location=self.locate(key)) from error
        except (BaseError, OSError) as error:
            raise _told(error, self.locate(key)) from error


def _told(error: Exception, location: str) -> StorageError:
    """The first line of what obstore says; the others are for its developers."""
    reason = str(error).partition("\n")[0]
    return StorageError(reason, location=location, hint="check the address and the credentials")


def _token(meta: Any) -> Token:
    return f"{meta.get('e_tag') or ''}{_VERSION}{meta.get('version') or ''}"


def _version(token: Token) -> dict[str, str]:
    e_tag, _, version = token.partition(_VERSION)
    return {k: v for k, v in (("e_tag", e_tag), ("version", version)) if v}


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]

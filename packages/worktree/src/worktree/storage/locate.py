"""From what a person writes to a storage: a path, an address, or a storage itself."""

from __future__ import annotations

import os
from typing import Any

from ..errors import StorageError
from .contract import Storage
from .filesystem import Durability, FilesystemStorage
from .memory import MemoryStorage

_OBJECT_STORES = ("s3://", "gs://", "az://", "azure://", "file+obstore://")


def locate(where: str | os.PathLike[str] | Storage, durability: Durability = "power") -> Storage:
    """The storage that an address names.

    A path is a folder of files; `memory:`, `sqlite:<file>`, `s3://`, `gs://`, `az://` and
    `http(s)://` name other back ends. Drivers that take options are constructed by the caller.
    """
    if isinstance(where, str):
        found: Storage | None = _by_scheme(where, durability)
        if found is not None:
            return found
    elif isinstance(where, Storage):
        return where
    try:
        path = os.fspath(where)
    except TypeError:
        path = ""
    if not path:
        raise StorageError(
            f"{where!r} is no place to mount",
            hint="pass a path, an address such as 'sqlite:state.db', or a storage",
        )
    return FilesystemStorage(path, durability=durability)


def _by_scheme(where: str, durability: Durability) -> Any:
    if where == "memory:":
        return MemoryStorage()
    if where.startswith("sqlite:"):
        from .sqlite import SqliteStorage

        return SqliteStorage(where.removeprefix("sqlite:"), durability=durability)
    if where.startswith(_OBJECT_STORES):
        from .objectstore import ObjectStorage

        return ObjectStorage.from_url(where)
    if where.startswith(("http://", "https://")):
        from .http import HttpStorage

        return HttpStorage(where)
    return None

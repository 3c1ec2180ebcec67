"""The published filesystem driver: collections and objects that are folders and files."""

from __future__ import annotations

from pathlib import Path

from ...mounting.accessible import MountDriver
from ...space import Direct, SpaceCollection, SpaceObject
from ...storage.filesystem import FilesystemStorage


class FilesystemObject(SpaceObject):
    """A file."""

    def __init__(self, path: str | Path) -> None:
        where = Path(path).expanduser().absolute()
        super().__init__(Direct(FilesystemStorage(where.parent)), where.name)


class FilesystemCollection(SpaceCollection):
    """A folder. Each write through it is a commit of its own."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(Direct(FilesystemStorage(path)), "")

    def _object(self, key: str) -> FilesystemObject:
        made = FilesystemObject.__new__(FilesystemObject)
        SpaceObject.__init__(made, self._space, key)
        return made

    def _collection(self, key: str) -> FilesystemCollection:
        made = FilesystemCollection.__new__(FilesystemCollection)
        SpaceCollection.__init__(made, self._space, key)
        return made


class FilesystemMountDriver(MountDriver[Path | str]):
    """Mounts folders; one that does not exist is made by the first write."""

    def mount(self, mountpoint: Path | str) -> FilesystemCollection:
        """The folder, its path resolved."""
        return FilesystemCollection(mountpoint)


__all__ = ["FilesystemCollection", "FilesystemMountDriver", "FilesystemObject"]

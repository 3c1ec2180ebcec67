"""The published in-memory driver; every mount has a storage of its own."""

from __future__ import annotations

from pathlib import PurePath

from ...mounting.accessible import MountDriver, NoMountpoint
from ...names import key_of
from ...space import Direct, SpaceCollection, SpaceObject
from ...storage.memory import MemoryStorage


class InMemoryStorage(MemoryStorage):
    """Objects and folders in memory."""


class InMemoryObject(SpaceObject):
    """An object in memory."""

    def __init__(self, storage: InMemoryStorage, path: str | PurePath) -> None:
        super().__init__(Direct(storage), key_of(str(path).lstrip("/")))


class InMemoryCollection(SpaceCollection):
    """A folder in memory."""

    def __init__(self, storage: InMemoryStorage, path: str | PurePath = "/") -> None:
        super().__init__(Direct(storage), key_of(str(path).lstrip("/")))

    def _object(self, key: str) -> InMemoryObject:
        made = InMemoryObject.__new__(InMemoryObject)
        SpaceObject.__init__(made, self._space, key)
        return made

    def _collection(self, key: str) -> InMemoryCollection:
        made = InMemoryCollection.__new__(InMemoryCollection)
        SpaceCollection.__init__(made, self._space, key)
        return made


class InMemoryMountDriver(MountDriver[NoMountpoint]):
    """Mounts fresh storages."""

    def mount(self, mountpoint: NoMountpoint) -> InMemoryCollection:
        """A collection that nobody has written to yet."""
        del mountpoint
        return InMemoryCollection(InMemoryStorage())

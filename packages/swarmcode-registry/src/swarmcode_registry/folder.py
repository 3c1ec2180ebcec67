"""The folder of an agent: which files are in it, and that none of them is dangerous.

Walking follows no link and takes nothing but regular files. Weights are safetensors; a pickle
runs code when it is loaded, so one is refused by its name and by its first bytes, wherever in the
folder it lies.
"""

import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from .digest import open_regular
from .errors import AdapterError, AdapterMissingError, UnsafeFileError
from .manifest import MOST_FILES
from .names import RESERVED, apart, confined
from .weights import Weights, read_header

PICKLED = (
    *(".bin", ".ckpt", ".dill", ".h5", ".hdf5", ".joblib", ".keras", ".npy", ".npz"),
    *(".pickle", ".pk", ".pkl", ".pt", ".pt2", ".pth", ".tar"),
    *(".dll", ".dylib", ".pyc", ".pyo", ".so"),
)
_PICKLE_STARTS = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 8))
_CONTAINERS = {
    b"PK\x03\x04": "a zip archive, as PyTorch writes pickles",
    b"PK\x05\x06": "a zip archive",
    b"\x93NUMPY": "a NumPy file, which may hold a pickle",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, which may hold code",
    b"\x1f\x8b": "compressed: its contents cannot be checked",
    b"\x28\xb5\x2f\xfd": "compressed: its contents cannot be checked",
    b"BZh": "compressed: its contents cannot be checked",
    b"\xfd7zXZ\x00": "compressed: its contents cannot be checked",
    b"\x7fELF": "a program",
    b"MZ\x90\x00": "a program",
}


def agent_files(folder: Path) -> tuple[str, ...]:
    """Return the paths of an agent's files, sorted, or raise `AdapterError`.

    The registry's own files beside them (the manifest, a detached signature) are left out.
    """
    if folder.is_symlink():
        raise UnsafeFileError(folder, "is a symbolic link: name the folder itself")
    if not folder.exists():
        raise AdapterMissingError(folder, "does not exist: no adapter there")
    if not folder.is_dir():
        raise AdapterError(folder, "is not a folder: an adapter is a folder with its weights in it")
    paths = []
    for path in _walk(folder, ""):
        if path not in RESERVED:
            paths.append(confined(path))
        if len(paths) > MOST_FILES:
            raise AdapterError(folder, f"holds more than {MOST_FILES} files")
    apart(paths)
    return tuple(sorted(paths))


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise AdapterError(folder, f"cannot be listed: {error.strerror}") from error
    for entry in entries:
        if entry.is_symlink():
            raise UnsafeFileError(entry.path, "is a symbolic link: put the file itself there")
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield prefix + entry.name
        else:
            raise UnsafeFileError(entry.path, "is not a regular file")


def refuse_pickles(folder: Path, paths: Iterable[str]) -> None:
    """Raise `UnsafeFileError` for a file that could run code when it is loaded."""
    for path in paths:
        lowered = path.lower()
        if ending := next((end for end in PICKLED if lowered.endswith(end)), None):
            raise UnsafeFileError(
                path, f"may run code when it is loaded ({ending}): use safetensors"
            )
        if lowered.endswith(".safetensors"):
            continue  # it begins with any eight bytes; reading its header checks the whole of it
        with open_regular(folder / path) as file:
            start = file.read(16)
        if start.startswith(_PICKLE_STARTS):
            raise UnsafeFileError(path, "is a pickle, which runs code when it is loaded")
        if what := next((w for magic, w in _CONTAINERS.items() if start.startswith(magic)), None):
            raise UnsafeFileError(path, f"is {what}: publish the files themselves")
        if zipfile.is_zipfile(folder / path):
            raise UnsafeFileError(path, "has a zip archive at its end")


def read_weights(folder: Path, paths: Iterable[str]) -> Weights:
    """Return what all safetensors files together hold, or raise `AdapterError`."""
    files = [path for path in paths if path.endswith(".safetensors")]
    if not files:
        raise AdapterError(folder, "holds no .safetensors file: there are no weights to publish")
    return sum((read_header(folder / path) for path in files), Weights())

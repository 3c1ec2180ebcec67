"""What must be known to train the same again: versions, hashes, the commit, the base."""

import hashlib
import importlib.metadata
import platform
import subprocess
from pathlib import Path

LIBRARIES = (
    "swarmcode-trainer",
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "bitsandbytes",
    "tokenizers",
    "safetensors",
)
MIB = 1024**2


def versions() -> dict[str, str]:
    """Return the version of Python and of every library that takes part."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def base_fingerprint(folder: Path) -> str | None:
    """Return what tells one base model from another; None where there is no folder of it.

    It covers each weight file's size and its first and last MiB, not every byte: hashing tens
    of gigabytes would take longer than loading them. It tells models apart; it proves nothing
    to somebody who wants to deceive.
    """
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if not files:
        return None
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f"{size}\0".encode())
        with path.open("rb") as file:
            digest.update(file.read(MIB))
            file.seek(max(0, size - MIB))
            digest.update(file.read(MIB))
    return f"sampled-sha256:{digest.hexdigest()}"


def git_state(folder: Path) -> dict[str, object] | None:
    """Return commit and cleanness of the repository that `folder` is in; None if it is in none."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain"))}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None

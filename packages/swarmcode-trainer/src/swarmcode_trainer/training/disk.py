"""Room on the disk: looked at before writing, and said clearly when it runs out."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DiskFullError, DoesNotFitError

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
PHRASES = (
    "No space left",
    "File too large",
    "quota exceeded",
    "unexpected pos",
    "file write failed",
)
BYTES_PER_TRAINED_NUMBER = 4 + 8  # an adapter in full precision with two moments of AdamW


def check_room(folder: Path, *, trained: int, checkpoints: int) -> None:
    """Refuse to begin a run whose checkpoints cannot fit.

    Raises:
        DoesNotFitError: with a smaller number of checkpoints, where that fits.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    one = trained * BYTES_PER_TRAINED_NUMBER
    # One more than is kept is there while the newest is written; the adapter comes on top.
    needed = one * (checkpoints + 1) + trained * 4
    if needed <= free:
        return
    fewer = one * 2 + trained * 4 <= free and checkpoints > 1
    raise DoesNotFitError(
        f"writing checkpoints to {folder}",
        needed_bytes=needed,
        available_bytes=free,
        proposal={"save_total_limit": 1} if fewer else None,
    )


@contextmanager
def writing(what: str, partial: Path, *, last_good: Path | None) -> Iterator[None]:
    """Turn a full disk into one error, and leave nothing half-written behind.

    Args:
        what: what is being written, for the message.
        partial: the folder that is incomplete when writing fails.
        last_good: what was complete before.
    """
    try:
        yield
    except Exception as error:
        if not no_room(error):
            raise
        shutil.rmtree(partial, ignore_errors=True)
        raise DiskFullError(
            f"{partial.parent}: no room to write {what}; free some, then train again "
            "with resume=True",
            checkpoint=last_good,
        ) from error


def no_room(error: BaseException) -> bool:
    """Whether an error, or what caused it, is a disk without room.

    torch and safetensors report a failed write as errors of their own; only their words say
    what it was.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in NO_ROOM:
            return True
        if any(phrase in str(seen) for phrase in PHRASES):
            return True
        seen = seen.__cause__ or seen.__context__
    return False

"""What a map is asked for: a task in words, the files at hand, what changed lately."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Focus:
    """The interest that personalises a ranking; all of it may be empty.

    Attributes:
        task: What is to be done, in the words of whoever asks.
        files: Files in focus: open, named, or about to be changed.
        recent: Files that changed lately, the latest first; a file may stand in it repeatedly.
    """

    task: str = ""
    files: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()

"""Which names may become the name of a folder, on every operating system."""

from __future__ import annotations

MAX_LENGTH = 100
_FORBIDDEN = frozenset('<>:"/\\|?*')
_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul"]
    + [f"com{number}" for number in range(1, 10)]
    + [f"lpt{number}" for number in range(1, 10)]
)


def path_segment_problem(name: str) -> str | None:
    """Say why `name` cannot be a folder's name, in words that follow it; None when it can.

    The rule is the same everywhere, so that manifests written on one system can be checked
    out on another.
    """
    if not name or len(name.encode("utf-8", "surrogatepass")) > MAX_LENGTH:
        return f"cannot be a folder's name: it needs 1 to {MAX_LENGTH} bytes"
    if name in {".", ".."} or name[-1] in ". " or name[0] == " ":
        return "cannot be a folder's name: it ends in a dot or a space, or begins with a space"
    if any(char in _FORBIDDEN or not char.isprintable() for char in name):
        return "cannot be a folder's name: it holds one of <>:\"/\\|?* or an invisible character"
    if name.split(".", maxsplit=1)[0].lower() in _WINDOWS_DEVICES:
        return "cannot be a folder's name: Windows keeps it for a device"
    return None

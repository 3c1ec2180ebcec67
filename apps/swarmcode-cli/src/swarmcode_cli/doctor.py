"""What this machine has of what SwarmCode needs, and the fix for what it lacks.

Every check looks at one thing and changes nothing. A missing optional thing is a warning:
only what the pipeline cannot do without is a failure.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from swarmcode_trainer import Device, MissingExtraError

Status = Literal["ok", "warn", "fail"]

GIB = 1024**3
NEEDED_PYTHON = (3, 11)
NEEDED_GIT = (2, 30)
NEEDED_DISK_BYTES = 20 * GIB
NEEDED_MEMORY_BYTES = 8 * GIB


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        status: whether it will do.
        found: what is there.
        fix: what to do about it; empty where nothing is to be done.
    """

    name: str
    status: Status
    found: str
    fix: str = ""


def check_python(version: tuple[int, int, int] = sys.version_info[:3]) -> Check:
    """Look at the running interpreter."""
    found = ".".join(str(part) for part in version)
    if version[:2] >= NEEDED_PYTHON:
        return Check("python", "ok", found)
    wanted = ".".join(str(part) for part in NEEDED_PYTHON)
    return Check("python", "fail", found, f"install Python {wanted} or newer")


def check_git() -> Check:
    """Look at the git on PATH: repositories are read with it."""
    wanted = ".".join(str(part) for part in NEEDED_GIT)
    fix = f"install git {wanted} or newer and put it on PATH"
    git = shutil.which("git")
    if git is None:
        return Check("git", "fail", "not on PATH", fix)
    run = subprocess.run([git, "--version"], capture_output=True, text=True, check=False)
    words = run.stdout.split()
    numbers = [part for part in (words[2] if len(words) > 2 else "").split(".") if part.isdigit()]
    if run.returncode != 0 or len(numbers) < 2:
        return Check("git", "fail", f"{git} does not say its version", fix)
    found = ".".join(numbers)
    if tuple(int(part) for part in numbers[:2]) < NEEDED_GIT:
        return Check("git", "fail", found, fix)
    return Check("git", "ok", found)


def check_disk(folder: Path) -> Check:
    """Look at the room where a project's snapshots and adapters would go."""
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:.0f} GiB free in {folder}"
    if free >= NEEDED_DISK_BYTES:
        return Check("disk", "ok", found)
    return Check(
        "disk",
        "warn",
        found,
        f"free {NEEDED_DISK_BYTES // GIB} GiB for a 7B base model, or work in another folder",
    )


def check_memory(total_bytes: int | None = None) -> Check:
    """Look at the machine's memory."""
    total = _memory_bytes() if total_bytes is None else total_bytes
    if total is None:
        return Check("memory", "warn", "this system does not say how much memory it has")
    found = f"{total / GIB:.0f} GiB"
    if total >= NEEDED_MEMORY_BYTES:
        return Check("memory", "ok", found)
    return Check(
        "memory",
        "warn",
        found,
        f"tiny models only: larger ones need {NEEDED_MEMORY_BYTES // GIB} GiB",
    )


def check_training(find_device: Callable[[], Device]) -> Check:
    """Look at what training would run on."""
    try:
        device = find_device()
    except MissingExtraError as error:
        return Check(
            "training", "warn", f"{error.module} is not installed", str(error).split("run: ")[1]
        )
    memory = "" if device.memory_bytes is None else f", {device.memory_bytes / GIB:.0f} GiB"
    found = f"{device.count} × {device.name}{memory}, {device.precision}"
    if device.kind == "cpu":
        return Check(
            "training", "warn", found, "tiny models only: a 7B model needs a GPU of 16 GiB or more"
        )
    return Check("training", "ok", found)


def check_sandbox(in_force: Callable[[], str | None]) -> Check:
    """Look at what holds the commands that tests and tools run."""
    rung = in_force()
    if rung is not None:
        return Check("sandbox", "ok", rung)
    return Check(
        "sandbox",
        "fail",
        "nothing here isolates commands, so tests and tools are refused",
        "on Linux: install bubblewrap (apt-get install bubblewrap)",
    )


def check_extras(wanted: Mapping[str, str], is_there: Callable[[str], bool]) -> Check:
    """Look at the libraries that some commands need; `wanted` names each with its command."""
    missing = [module for module in wanted if not is_there(module)]
    if not missing:
        return Check("extras", "ok", ", ".join(wanted))
    commands = dict.fromkeys(wanted[module] for module in missing)
    return Check("extras", "warn", f"without {', '.join(missing)}", "; ".join(commands))


def check_network(environment: Mapping[str, str], *, sends_to: str | None) -> Check:
    """Say what of this machine's work would use the network."""
    offline = environment.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON")
    models = "models are never fetched" if offline else "a base model that is not here is fetched"
    records = f"records go to {sends_to}" if sends_to else "records stay here"
    fix = "" if offline else "HF_HUB_OFFLINE=1 forbids it, as does train.allow_download: false"
    return Check("network", "ok", f"{models}; {records}; tests run without", fix)


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def worst(checks: Sequence[Check]) -> Status:
    """Return the most serious status among the checks."""
    order: tuple[Status, ...] = ("ok", "warn", "fail")
    return max((check.status for check in checks), key=order.index, default="ok")

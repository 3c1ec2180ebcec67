"""Which rungs work on this machine, found by climbing them, and what each one holds back.

python -m swarmcode_agent.sandbox
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import SandboxError
from . import seccomp
from .policy import Limits, Policy
from .result import Rung
from .rungs import container_engine
from .sandbox import _RUNNERS, Sandbox

_PROBE = """
import json, os, socket, sys
def refused(act):
    try:
        act()
    except OSError:
        return True
    return False
def connect():
    with socket.create_connection(("192.0.2.1", 80), timeout=0.3):
        pass
print(json.dumps({
    "the workspace can be written": not refused(lambda: open("probe", "w").close()),
    "nothing else can be written": refused(lambda: open("/usr/probe", "w").close())
        and refused(lambda: open("/etc/probe", "w").close()),
    "homes are invisible": not os.path.exists(sys.argv[1]),
    ".git is read-only": refused(lambda: open(".git/config", "w").close()),
    "there is no network": refused(connect),
    "other processes are invisible": not os.path.exists("/proc/" + sys.argv[2]),
}))
"""


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a rung works here, why not, and what was seen from inside it."""

    rung: Rung
    works: bool
    why: str = ""
    seen: tuple[tuple[str, bool], ...] = ()


def ladder(*, image: str | None = None) -> tuple[Status, ...]:
    """Try every rung, strongest first."""
    return tuple(status_of(rung, image=image) for rung in _RUNNERS)


def in_force(*, image: str | None = None) -> Rung | None:
    """Return the rung that a sandbox would take here, or None where it would refuse."""
    return next((status.rung for status in ladder(image=image) if status.works), None)


@cache
def status_of(rung: Rung, *, image: str | None = None) -> Status:
    """Try one rung for real, once: run a probe in it and look at what it could do."""
    missing = _missing(rung, image)
    if missing is not None:
        return Status(rung, works=False, why=missing)
    try:
        seen = _climb(rung, image)
    except (SandboxError, OSError, ValueError) as error:
        return Status(rung, works=False, why=str(error))
    holes = [what for what, holds in seen.items() if not holds]
    why = f"it does not hold: {', '.join(holds for holds in holes)}" if holes else ""
    return Status(rung, works=not holes, why=why, seen=tuple(seen.items()))


def _missing(rung: Rung, image: str | None) -> str | None:
    if platform.system() != "Linux" and rung is not Rung.CONTAINER:
        return "needs Linux"
    if rung is Rung.CONTAINER:
        if image is None:
            return "no image is configured"
        return None if container_engine() else "neither podman nor docker answers"
    if not seccomp.supported():
        return f"the system calls of {platform.machine()} are not known here"
    if rung is Rung.BUBBLEWRAP and shutil.which("bwrap") is None:
        return "bwrap is not installed (apt-get install bubblewrap)"
    return None


def _climb(rung: Rung, image: str | None) -> dict[str, bool]:
    with tempfile.TemporaryDirectory(prefix="swarmcode-probe-") as folder:
        workspace = Path(folder)
        (workspace / ".git").mkdir()
        (workspace / ".git" / "config").touch()
        policy = Policy(workspace, limits=Limits(wall_s=20.0), image=image)
        sandbox = Sandbox.__new__(Sandbox)  # the checked way in asks this very function
        sandbox.policy, sandbox.rung = policy, rung
        python = "python3" if rung is Rung.CONTAINER else sys.executable
        with tempfile.NamedTemporaryFile(dir=Path.home()) as unseen:
            words = [python, "-I", "-c", _PROBE, unseen.name, str(_own_pid())]
            result = sandbox.run(words)
        if not result.ok:
            raise SandboxError(result.stderr.text.strip() or f"exit code {result.exit_code}")
        seen: dict[str, bool] = json.loads(result.stdout.text)
        return seen


def _own_pid() -> int:
    """Return a number that no process inside has, unless it sees those outside."""
    import os

    return os.getpid()


def report(statuses: tuple[Status, ...]) -> str:
    """Return the ladder as text, for a person."""
    lines = []
    for status in statuses:
        lines.append(f"{'yes' if status.works else 'no ':3}  {status.rung.value}")
        lines += [f"       {'✓' if holds else '✗'} {what}" for what, holds in status.seen]
        lines += [f"       {status.why}"] if status.why else []
    chosen = next((status.rung.value for status in statuses if status.works), None)
    lines.append(f"in force: {chosen or 'none; commands are refused'}")
    return "\n".join(lines) + "\n"

"""What a command may see, write and use up."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import SandboxError

MIB = 1024 * 1024

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    "alternatives", "ca-certificates", "host.conf", "hosts", "java", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "pki", "protocols", "services",
    "ssl", "timezone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a command may use. Everything it started counts, not only the first process.

    `cpu_s` and `file_bytes` hold for each process and file; the rest for all of them together.
    """

    wall_s: float = 60.0
    cpu_s: int = 600
    memory_bytes: int = 2048 * MIB
    processes: int = 256
    file_bytes: int = 256 * MIB
    open_files: int = 1024
    output_bytes: int = MIB  # kept of each stream: half from its start, half from its end
    output_total: int = 64 * MIB  # written to one stream before the command is ended


@dataclass(frozen=True, slots=True)
class Policy:
    """The isolation of one workspace.

    `readable` and `writable` are further paths to show. `readable` begins with what the running
    Python needs, so that `python -m pytest` in the sandbox is the one that runs here.
    """

    workspace: Path
    limits: Limits = field(default_factory=Limits)
    network: bool = False
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    protect_git: bool = True
    image: str | None = None  # for the container rung, which downloads nothing by itself

    def __post_init__(self) -> None:
        workspace = Path(self.workspace).resolve()
        if not workspace.is_dir():
            raise SandboxError(f"the workspace {str(self.workspace)!r} is not a folder")
        if workspace == Path("/") or workspace in Path.home().resolve().parents:
            raise SandboxError(f"the workspace {str(workspace)!r} holds this whole machine's files")
        object.__setattr__(self, "workspace", workspace)

    def with_limits(self, **changes: float) -> Policy:
        """Return the same policy with some limits changed."""
        return replace(self, limits=replace(self.limits, **changes))  # type: ignore[arg-type]

    @property
    def path(self) -> str:
        """The PATH inside: the running Python's programs first."""
        own = [str(Path(prefix) / "bin") for prefix in dict.fromkeys((sys.prefix, sys.base_prefix))]
        usual = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
        given = [str(path / "bin") for path in self.readable if (path / "bin").is_dir()]
        return ":".join(dict.fromkeys([*own, *given, *usual]))

    def environ(self) -> dict[str, str]:
        """Return the whole environment inside; nothing of ours is inherited."""
        return {
            "PATH": self.path,
            "HOME": "/tmp",  # noqa: S108 - a file system of the sandbox's own
            "TMPDIR": "/tmp",  # noqa: S108
            "LANG": "C.UTF-8",
            "USER": "agent",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **dict(self.environment),
        }

    def shown(self) -> list[Path]:
        """Return every path that is shown read-only, outermost first."""
        python = [Path(prefix) for prefix in (sys.prefix, sys.base_prefix)]
        etc = [Path("/etc") / name for name in _ETC]
        network = [Path("/etc/resolv.conf")] if self.network else []
        found = [*map(Path, _SYSTEM), *etc, *network, *python, *self.readable]
        return [path for path in dict.fromkeys(found) if os.path.lexists(path)]

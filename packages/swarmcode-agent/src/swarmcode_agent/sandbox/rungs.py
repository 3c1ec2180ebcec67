"""How each rung starts a command, and whether it can here."""

from __future__ import annotations

import json
import os
import resource
import secrets
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import SandboxError
from . import seccomp
from .cgroup import Cgroup
from .inner.order import Order, write_order
from .mounts import Mount
from .policy import Limits, Policy
from .process import Launch

_STAGE = (
    "import sys; sys.path.append(sys.argv[1]); from inner.stage import main; "
    "sys.exit(main(int(sys.argv[2]), int(sys.argv[3])))"
)
_READY_WITHIN = 10.0


def rlimits(limits: Limits) -> list[tuple[str, int]]:
    """Return the limits that the kernel holds for each process."""
    return [
        ("RLIMIT_CORE", 0),
        ("RLIMIT_CPU", limits.cpu_s),
        ("RLIMIT_DATA", limits.memory_bytes),
        ("RLIMIT_FSIZE", limits.file_bytes),
        ("RLIMIT_NOFILE", limits.open_files),
        ("RLIMIT_NPROC", limits.processes),
    ]


def as_file(data: bytes) -> int:
    """Return a descriptor that reads these bytes."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return os.dup(file.fileno())


class Status:
    """A pipe through which a rung says how its start went."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()

    def started(self) -> None:
        """Close our copy of the end that is written."""
        os.close(self.write_fd)
        self.write_fd = -1

    def line(self, until: Callable[[bytes], bool]) -> bytes:
        """Read until it is enough, the other side is gone, or patience is."""
        seen = b""
        while not until(seen) and select.select([self.read_fd], [], [], _READY_WITHIN)[0]:
            data = os.read(self.read_fd, 4096)
            if not data:
                break
            seen += data
        return seen

    def close(self) -> None:
        """Close both ends."""
        os.close(self.read_fd)
        if self.write_fd >= 0:
            os.close(self.write_fd)


# To root, these stay writable in a user namespace too: the kernel looks at the number of the user
# alone, and a core pattern is a program that runs outside.
_READ_ONLY_IN_PROC = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs")


# ── bubblewrap ────────────────────────────────────────────────────────────────────────────────


class Bubblewrap:
    """The first rung: the `bwrap` program, held until its limits are set."""

    def __init__(self, policy: Policy, mounts: Sequence[Mount], cgroup: Cgroup | None) -> None:
        self._policy, self._mounts, self._cgroup = policy, mounts, cgroup
        self._status = Status()
        self._gate = os.pipe()
        self._files: list[int] = []

    def launch(self, argv: Sequence[str], folder: str) -> Launch:
        """Return how to start the command."""
        arguments = [shutil.which("bwrap") or "bwrap", *self._options(folder), "--", *argv]
        return Launch(
            arguments,
            {},
            "/",
            pass_fds=(self._status.write_fd, self._gate[0], *self._files),
            started=self._release,
        )

    def _options(self, folder: str) -> list[str]:
        options = [
            "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
            "--hostname", "sandbox", "--disable-userns",
            "--json-status-fd", str(self._status.write_fd), "--block-fd", str(self._gate[0]),
            "--seccomp", str(self._file(seccomp.program())),
        ]  # fmt: skip
        options += [] if self._policy.network else ["--unshare-net"]
        options += [word for mount in self._mounts for word in self._mounted(mount)]
        options += ["--remount-ro", "/", "--chdir", folder, "--clearenv"]
        for name, value in self._policy.environ().items():
            options += ["--setenv", name, value]
        return options

    def _mounted(self, mount: Mount) -> list[str]:
        if mount.step == "tmpfs":
            return ["--perms", "1777", "--size", mount.source, "--tmpfs", mount.target]
        if mount.step == "file":
            return ["--file", str(self._file(mount.source.encode())), mount.target]
        if mount.step == "proc":
            covered = [
                word for path in _READ_ONLY_IN_PROC for word in ("--ro-bind-try", path, path)
            ]
            return ["--proc", mount.target, *covered]
        if mount.step == "dev":
            return ["--dev", mount.target]
        option = {"ro": "--ro-bind", "rw": "--bind", "link": "--symlink"}[mount.step]
        return [option, mount.source, mount.target]

    def _file(self, data: bytes) -> int:
        self._files.append(as_file(data))
        return self._files[-1]

    def _release(self, process: subprocess.Popen[bytes]) -> None:
        """Set the limits on the process that waits inside, then let it go on."""
        self._status.started()
        seen = self._status.line(lambda data: b"\n" in data)
        with suppress(ValueError, KeyError, ProcessLookupError):
            child = int(json.loads(seen.splitlines()[0])["child-pid"]) if seen else process.pid
            if self._cgroup is not None:
                self._cgroup.add(child)
            for name, value in rlimits(self._policy.limits):
                kind = getattr(resource, name)
                hard = resource.getrlimit(kind)[1]
                most = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.prlimit(child, kind, (most, most if name != "RLIMIT_CPU" else hard))
        os.write(self._gate[1], b"go")

    def failure(self) -> str | None:
        """Return why the command was not started, or None where it was."""
        rest = self._status.line(lambda data: b"exit-code" in data)
        return None if b"exit-code" in rest else "bubblewrap could not make the sandbox"

    def close(self) -> None:
        """Close every descriptor of this run."""
        self._status.close()
        for descriptor in (*self._gate, *self._files):
            os.close(descriptor)


# ── our own stage ─────────────────────────────────────────────────────────────────────────────


class Stage:
    """The second rung, and the last resort: our own stage, with walls or without."""

    def __init__(
        self,
        policy: Policy,
        mounts: Sequence[Mount],
        cgroup: Cgroup | None,
        *,
        isolate: bool = True,
    ) -> None:
        self._policy, self._mounts, self._cgroup = policy, mounts, cgroup
        self._isolate = isolate
        self._status = Status()
        self._order: tuple[int, ...] = os.pipe()
        self._written = b""

    def launch(self, argv: Sequence[str], folder: str) -> Launch:
        """Return how to start the command."""
        policy = self._policy
        environment = policy.environ() if self._isolate else _unisolated_environment(policy)
        writable = [str(path) for path in (*policy.writable, policy.workspace)]
        order = Order(
            argv=list(argv),
            environment=environment,
            folder=folder,
            limits=rlimits(policy.limits),
            isolate=self._isolate,
            network=policy.network,
            filter=seccomp.program() if self._isolate else b"",
            mounts=[(mount.step, mount.source, mount.target) for mount in self._mounts],
            writable=["/tmp", "/dev", *writable],  # noqa: S108 - the sandbox's own
        )
        self._written = write_order(order)
        here = str(Path(__file__).parent)
        words = [sys.executable, "-I", "-S", "-c", _STAGE, here]
        words += [str(self._order[0]), str(self._status.write_fd)]
        return Launch(
            words,
            {},
            "/",
            pass_fds=(self._order[0], self._status.write_fd),
            started=self._started,
            graceful=not self._isolate,
        )

    def _started(self, process: subprocess.Popen[bytes]) -> None:
        """Put the stage into its group before it gets the order: what it starts is in it too."""
        self._status.started()
        if self._cgroup is not None:
            self._cgroup.add(process.pid)
        with os.fdopen(os.dup(self._order[1]), "wb") as order, suppress(BrokenPipeError):
            order.write(self._written)
            order.flush()
        self._close_order()

    def _close_order(self) -> None:
        for end in self._order:
            os.close(end)
        self._order = ()

    def failure(self) -> str | None:
        """Return why the command was not started, or None where it was."""
        return self._status.line(lambda _: False).decode("utf-8", "replace") or None

    def close(self) -> None:
        """Close every descriptor of this run."""
        self._status.close()
        self._close_order()


def _unisolated_environment(policy: Policy) -> dict[str, str]:
    return {**os.environ, **dict(policy.environment)}


# ── a container ───────────────────────────────────────────────────────────────────────────────


class Container:
    """The third rung: podman or docker, with an image that is already there."""

    def __init__(self, policy: Policy, mounts: Sequence[Mount], _cgroup: Cgroup | None) -> None:
        self._policy, self._mounts = policy, mounts
        self._name = f"swarmcode-{secrets.token_hex(8)}"
        self._engine = container_engine() or "podman"
        self._profile = tempfile.NamedTemporaryFile("w", suffix=".json")  # noqa: SIM115 - closed below
        json.dump(seccomp.profile(), self._profile)
        self._profile.flush()

    def launch(self, argv: Sequence[str], folder: str) -> Launch:
        """Return how to start the command."""
        words = [self._engine, "run", "--rm", "--name", self._name, *self._options(), "-w", folder]
        return Launch([*words, *self._image(), *argv], dict(os.environ), "/", kill=self._kill)

    def _image(self) -> list[str]:
        if self._policy.image is None:
            raise SandboxError("the container rung needs an image; give the policy one")
        return [self._policy.image]

    def _options(self) -> list[str]:
        policy, limits = self._policy, self._policy.limits
        workspace = str(policy.workspace)
        options = [
            "--pull", "never", "--read-only", "--cap-drop", "ALL",
            "--security-opt", f"seccomp={self._profile.name}",
            "--security-opt", "no-new-privileges", "--pids-limit", str(limits.processes),
            "--memory", str(limits.memory_bytes), "--memory-swap", str(limits.memory_bytes),
            "--ulimit", f"fsize={limits.file_bytes}", "--ulimit", f"cpu={limits.cpu_s}",
            "--ulimit", f"nofile={limits.open_files}", "--ulimit", "core=0",
            "--ulimit", "nproc=4096",  # of one user; `--pids-limit` is the real one
            "--tmpfs", f"/tmp:rw,size={limits.memory_bytes}", "-v", f"{workspace}:{workspace}",  # noqa: S108
        ]  # fmt: skip
        options += [] if policy.network else ["--network", "none"]
        for path in policy.writable:
            options += ["-v", f"{path}:{path}"]
        for mount in self._mounts:
            if mount.step == "ro" and mount.target.startswith(workspace + os.sep):
                options += ["-v", f"{mount.source}:{mount.target}:ro"]
        for name, value in {**policy.environ(), "PATH": _CONTAINER_PATH}.items():
            options += ["-e", f"{name}={value}"]
        return options

    def _kill(self) -> None:
        words = [self._engine, "rm", "-f", "-t", "0", self._name]
        if Path(self._engine).name == "docker":
            words = [self._engine, "rm", "-f", self._name]
        subprocess.run(words, capture_output=True, check=False, timeout=30)

    def failure(self) -> str | None:
        """Return None: an engine that cannot start a command says so with exit code 125."""
        return None

    def close(self) -> None:
        """Take the profile away."""
        self._profile.close()


_CONTAINER_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def container_engine() -> str | None:
    """Return the engine whose service answers, or None."""
    for name in ("podman", "docker"):
        if (found := shutil.which(name)) is not None:
            with suppress(OSError, subprocess.TimeoutExpired):
                words = [
                    found,
                    "info",
                    "--format",
                    "{{.Host.OS}}" if name == "podman" else "{{.ID}}",
                ]
                if not subprocess.run(
                    words, capture_output=True, check=False, timeout=20
                ).returncode:
                    return found
    return None

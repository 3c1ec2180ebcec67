"""The stage before the command: makes the walls, then runs the command behind them.

Started as a program of its own, single-threaded and without the package, since namespaces cannot
be entered safely from a process with threads. What to do comes through ORDER_FD; if a wall cannot
be made, the reason goes to STATUS_FD and the command is not run.
"""

# pathlib would double the time that a bare interpreter takes to start:
# ruff: noqa: PTH123

import os

from . import kernel, landlock
from .order import Order, read_order
from .root import build_root

_FAILED = 125


def main(order_fd: int, status_fd: int) -> int:
    """Run the command and return its exit code."""
    order = read_order(order_fd)
    os.set_inheritable(status_fd, False)  # noqa: FBT003
    kernel.die_with_parent()
    try:
        return _isolated(order, status_fd) if order.isolate else _plain(order, status_fd)
    except OSError as error:
        os.write(status_fd, f"{error.strerror or error}".encode())
        return _FAILED


# ── behind namespaces ─────────────────────────────────────────────────────────────────────────


def _isolated(order: Order, status_fd: int) -> int:
    uid, gid = os.getuid(), os.getgid()
    flags = kernel.NEWUSER | kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC | kernel.NEWUTS
    kernel.unshare(flags | kernel.NEWCGROUP | (0 if order.network else kernel.NEWNET))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    first = os.fork()
    if first:
        os.close(status_fd)
        os.closerange(0, 3)
        return _code(os.waitpid(first, 0)[1])
    try:
        os._exit(_as_first_process(order, status_fd))
    except OSError as error:
        os.write(status_fd, f"{error.strerror or error}".encode())
    finally:
        os._exit(_FAILED)


def _as_first_process(order: Order, status_fd: int) -> int:
    """As process 1 of the new world: when this ends, the kernel ends everything in it."""
    kernel.die_with_parent()
    if not order.network:
        _loopback_up()
    build_root(order)
    command = os.fork()
    if not command:
        _become(order, status_fd)
    os.close(status_fd)
    os.closerange(0, 3)
    return _wait_for(command)


def _become(order: Order, status_fd: int) -> None:
    """Turn this process into the command, without any right that it does not need."""
    try:
        os.setsid()
        os.chdir(order.folder)
        _limit(order)
        kernel.no_new_privileges()
        if order.isolate:
            landlock.restrict(order.writable)
            kernel.drop_capabilities()
            kernel.install_filter(order.filter)
        os.execvpe(order.argv[0], order.argv, order.environment)  # noqa: S606
    except OSError as error:
        os.write(status_fd, f"{order.argv[0]}: {error.strerror or error}".encode())
    finally:
        os._exit(_FAILED)


def _limit(order: Order) -> None:
    import resource

    for name, value in order.limits:
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most if name != "RLIMIT_CPU" else hard))


def _loopback_up() -> None:
    """Servers on 127.0.0.1 work inside; nothing else does."""
    import _socket
    import fcntl
    import struct

    with_flags = struct.pack("16sH14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
    handle = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    fcntl.ioctl(handle.fileno(), 0x8914, with_flags)  # SIOCSIFFLAGS
    handle.close()


def _write(path: str, text: str) -> None:
    target = os.open(path, os.O_WRONLY)
    os.write(target, text.encode())
    os.close(target)


def _code(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


# ── without walls ─────────────────────────────────────────────────────────────────────────────


def _plain(order: Order, status_fd: int) -> int:
    """Run the command with limits alone, and end whatever it leaves behind."""
    import signal

    kernel.adopt_orphans()
    signal.signal(signal.SIGTERM, lambda *_: _end_all())
    command = os.fork()
    if not command:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _become(order, status_fd)
    os.close(status_fd)
    code = _wait_for(command)
    _end_all()
    return code


def _wait_for(command: int) -> int:
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            return 128 + 15  # the signal handler has ended it
        if pid == command:
            return _code(status)


def _end_all() -> None:
    """Kill every descendant, also those born meanwhile: orphans come to us, so none is missed."""
    while True:
        for pid in _descendants():
            try:  # noqa: SIM105 - contextlib takes longer to import than this to run
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def _descendants() -> list[int]:
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        pid = todo.pop()
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                todo += (children := [int(word) for word in file.read().split()])
                found += children
        except OSError:
            pass  # it has ended
    return found

"""The file system of the new world, built on an empty one in memory."""

# pathlib would double the time that a bare interpreter takes to start:
# ruff: noqa: PTH102, PTH103, PTH110, PTH112, PTH120, PTH123, PTH211

import os

from . import kernel
from .order import Order

_BASE = "/tmp"  # noqa: S108 - only a place to mount on, in our own mount namespace
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_READ_ONLY_IN_PROC = ("sys", "sysrq-trigger", "irq", "bus", "fs")
_HIDDEN_IN_PROC = ("kcore", "keys", "timer_list", "sched_debug", "kallsyms", "kmsg")


def build_root(order: Order) -> None:
    """Mount everything that the order names and make it the root."""
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", _BASE, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755")
    os.mkdir(f"{_BASE}/new")
    os.mkdir(f"{_BASE}/old")
    kernel.mount(f"{_BASE}/new", f"{_BASE}/new", flags=kernel.MS_BIND)
    kernel.pivot_root(_BASE, f"{_BASE}/old")
    for step, source, target in order.mounts:
        _STEPS[step](source, f"/new{target}")
    kernel.restrict("/new", read_only=True, below=False)
    os.chdir("/new")
    kernel.pivot_root(".", ".")
    kernel.detach(".")
    os.chdir("/")


def _writable(source: str, target: str) -> None:
    source = f"/old{source}"
    _make_place(target, folder=os.path.isdir(source))
    kernel.mount(source, target, flags=kernel.MS_BIND | kernel.MS_REC)
    kernel.restrict(target, read_only=False)


def _readable(source: str, target: str) -> None:
    _writable(source, target)
    kernel.restrict(target, read_only=True)


def _tmpfs(size: str, target: str) -> None:
    _make_place(target, folder=True)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", target, "tmpfs", flags, f"mode=1777,size={size}")


def _proc(_: str, target: str) -> None:
    _make_place(target, folder=True)
    kernel.mount("proc", target, "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    for name in _READ_ONLY_IN_PROC:
        if os.path.exists(f"{target}/{name}"):
            kernel.mount(f"{target}/{name}", f"{target}/{name}", flags=kernel.MS_BIND)
            kernel.restrict(f"{target}/{name}", read_only=True)
    for name in _HIDDEN_IN_PROC:
        if os.path.exists(f"{target}/{name}"):
            kernel.mount("/old/dev/null", f"{target}/{name}", flags=kernel.MS_BIND)


def _dev(_: str, target: str) -> None:
    _make_place(target, folder=True)
    kernel.mount("tmpfs", target, "tmpfs", kernel.MS_NOSUID, "mode=0755")
    for name in _DEVICES:
        _make_place(f"{target}/{name}", folder=False)
        kernel.mount(f"/old/dev/{name}", f"{target}/{name}", flags=kernel.MS_BIND)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{target}/{name}")
    os.symlink("/proc/self/fd", f"{target}/fd")


def _link(source: str, target: str) -> None:
    _make_folders(target)
    os.symlink(source, target)


def _file(text: str, target: str) -> None:
    _make_folders(target)
    with open(target, "w") as file:
        file.write(text)


def _make_place(target: str, *, folder: bool) -> None:
    """Make what a mount is put on, as a folder or a file."""
    if folder:
        os.makedirs(target, exist_ok=True)
        return
    _make_folders(target)
    if not os.path.lexists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))


def _make_folders(target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)


_STEPS = {
    "ro": _readable,
    "rw": _writable,
    "tmpfs": _tmpfs,
    "proc": _proc,
    "dev": _dev,
    "link": _link,
    "file": _file,
}

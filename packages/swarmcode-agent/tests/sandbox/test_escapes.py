"""Named attempts to get out of a sandbox. On every rung that works here, none may succeed.

Each attempt is a Python program that runs inside. It calls `escaped()` when it got what it wanted;
what it may have done outside is looked at afterwards as well. Attempts that do no harm are also run
without walls, where they must succeed: an attempt that cannot work proves nothing.
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarmcode_agent.sandbox import Limits, Policy, Rung, Sandbox, ladder

IMAGE = os.environ.get("SWARMCODE_TEST_IMAGE")  # one with python3, for the container rung
WORKING = {status.rung: status for status in ladder(image=IMAGE)}
MISSING = {
    Rung.BUBBLEWRAP: "needs the system package bubblewrap: apt-get install bubblewrap",
    Rung.NAMESPACES: f"this kernel does not allow it: {WORKING[Rung.NAMESPACES].why}",
    Rung.CONTAINER: f"SWARMCODE_TEST_IMAGE: {WORKING[Rung.CONTAINER].why}",
}
RUNGS = [
    pytest.param(
        rung,
        id=rung.value,
        marks=pytest.mark.skipif(not WORKING[rung].works, reason=reason),
    )
    for rung, reason in MISSING.items()
    if rung is not Rung.CONTAINER or IMAGE  # without an image, one skip below says so
]

PRELUDE = """
import ctypes, glob, os, platform, shutil, signal, socket, stat, struct, subprocess, sys, time
E = os.environ
OUT, SECRET, VICTIM = E["T_OUT"], E["T_OUT"] + "/secret.txt", int(E["T_VICTIM"])
libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
def escaped(): print("ESCAPED", flush=True)
def call(x86, arm, *arguments):
    result = libc.syscall(arm if ARM else x86, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def reads(path):
    if "top secret" in open(path, errors="replace").read(): escaped()
"""

# name: program. Those in HARMLESS succeed without walls, and are tried there too.
HARMLESS = {
    # reading what is outside
    "read-an-absolute-path": "reads(SECRET)",
    "read-through-dots": "reads('../' * 30 + SECRET)",
    "read-through-a-new-symlink": "os.symlink(SECRET, 'link'); reads('link')",
    "read-through-a-planted-symlink": "reads('planted-link')",
    "read-through-a-planted-folder-link": "reads('planted-folder/secret.txt')",
    "hard-link-to-the-outside": "os.link(SECRET, 'hard'); reads('hard')",
    "read-through-proc-self-root": "reads('/proc/self/root' + SECRET)",
    "read-through-the-root-of-another-process": "reads(f'/proc/{VICTIM}/root{SECRET}')",
    "read-through-the-folder-of-another-process": "reads(f'/proc/{VICTIM}/cwd/secret.txt')",
    "read-the-environment-of-another-process":
        "b'VICTIM_TOKEN' in open(f'/proc/{VICTIM}/environ', 'rb').read() and escaped()",
    "read-the-memory-of-another-process": "open(f'/proc/{VICTIM}/mem', 'rb'); escaped()",
    "read-inherited-variables": "'T_HOST_TOKEN' in E and escaped()",
    "read-password-hashes": "open('/etc/shadow').read(); escaped()",
    "list-the-folder-outside": "'secret.txt' in os.listdir(OUT) and escaped()",
    "list-the-homes": "os.path.exists(E['T_HOME']) and escaped()",
    "see-other-processes": "os.kill(VICTIM, 0); escaped()",
    "see-the-kernel-tree": "os.listdir('/sys/kernel') and escaped()",
    "see-runtime-sockets": "os.listdir('/run') and escaped()",
    "see-logs": "os.listdir('/var/log'); escaped()",
    # writing what is outside
    "write-an-absolute-path": "open(OUT + '/new', 'w').write('x'); escaped()",
    "write-through-dots": "open('../' * 30 + OUT + '/new', 'w').write('x'); escaped()",
    "write-through-a-symlink": "os.symlink(OUT, 'l'); open('l/new', 'w').write('x'); escaped()",
    "write-through-a-planted-hard-link": "open('planted-hard', 'a').write('x'); escaped()",
    "truncate-a-planted-hard-link": "os.truncate('planted-hard', 5); escaped()",
    "change-the-mode-of-a-planted-hard-link": "os.chmod('planted-hard', 0o777); escaped()",
    "rename-to-the-outside":
        "open('f', 'w').close(); os.rename('f', OUT + '/moved'); escaped()",
    "remove-what-is-outside": "os.unlink(OUT + '/removable'); escaped()",
    "write-git-config": "open('.git/config', 'a').write('[core]'); escaped()",
    "make-a-git-hook": "open('.git/hooks-new', 'w').close(); escaped()",
    "make-git-writable-first":
        "os.chmod('.git', 0o777); os.chmod('.git/config', 0o777); "
        "open('.git/config', 'a').close(); escaped()",
    "rename-git-away": "os.rename('.git', 'was-git'); os.rename('was-git', '.git'); escaped()",
    "write-a-nested-git": "open('vendored/.git/config', 'a').write('x'); escaped()",
    "leave-a-file-in-tmp": "open('/tmp/' + E['T_NAME'], 'w').close(); time.sleep(0.01)",
    "leave-a-file-in-shared-memory": "open('/dev/shm/' + E['T_NAME'], 'w').close()",
    "leave-a-set-user-id-file":
        "open('s', 'w').close(); os.chmod('s', 0o4755); "
        "os.stat('s').st_mode & 0o4000 and escaped()",
    "leave-a-set-group-id-file":
        "f = os.open('s', os.O_CREAT | os.O_WRONLY); os.fchmod(f, 0o2755); "
        "os.stat('s').st_mode & 0o2000 and escaped()",
    "leave-a-git-repository": "os.mkdir('made'); os.mkdir('made/.git')",
    # other processes
    "lower-the-priority-of-another-process":
        "os.setpriority(os.PRIO_PROCESS, VICTIM, 5); escaped()",
    "limit-another-process":
        "import resource; resource.prlimit(VICTIM, resource.RLIMIT_CORE); escaped()",
    "hold-another-process": "os.pidfd_open(VICTIM); escaped()",
    "stop-and-continue-another-process":
        "os.kill(VICTIM, signal.SIGCONT); escaped()",
    "outlive-as-a-daemon":
        "if os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  os.closerange(0, 3)\n"
        "  time.sleep(1.2)\n  open(OUT + '/alive', 'w').close()\n os._exit(0)",
    # the network
    "connect-to-a-local-server":
        "socket.create_connection(('127.0.0.1', int(E['T_PORT'])), 2); escaped()",
    "connect-to-an-abstract-socket":
        "s = socket.socket(socket.AF_UNIX); s.connect('\\0' + E['T_NAME']); escaped()",
    "connect-to-a-socket-file":
        "s = socket.socket(socket.AF_UNIX); s.connect(OUT + '/socket'); escaped()",
    "send-a-datagram":
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
        "s.connect(('192.0.2.1', 53)); s.send(b'x'); escaped()",
    "open-a-hypervisor-socket": "socket.socket(40, socket.SOCK_STREAM); escaped()",
    "open-a-crypto-socket": "socket.socket(38, socket.SOCK_SEQPACKET); escaped()",
}  # fmt: skip

HARMFUL = {
    "read-physical-memory": "open('/dev/mem', 'rb').read(1); escaped()",
    "read-kernel-memory": "len(open('/proc/kcore', 'rb').read(64)) and escaped()",
    "make-a-device": "os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(254, 0)); escaped()",
    "read-the-kernel-log": "call(103, 116, 3, ctypes.create_string_buffer(99), 99); escaped()",
    "open-a-file-by-handle":
        "h = ctypes.create_string_buffer(struct.pack('Ii', 8, 1) + bytes(120)); "
        "call(304, 265, -100, h, 0); escaped()",
    "ask-for-a-file-handle":
        "h = ctypes.create_string_buffer(struct.pack('Ii', 120, 0) + bytes(120)); "
        "call(303, 264, -100, b'.', h, ctypes.byref(ctypes.c_int()), 0); escaped()",
    "use-a-leaked-descriptor":
        "leaked = [f for f in os.listdir('/proc/self/fd') if int(f) > 3]\n"
        "for f in leaked:\n"
        " if os.path.exists(f'/proc/self/fd/{f}/secret.txt'): escaped()",
    "write-system-programs": "open('/usr/bin/env', 'r+b'); escaped()",
    "add-a-system-program": "open('/usr/local/bin/evil', 'w'); escaped()",
    "write-system-settings": "open('/etc/ld.so.preload', 'w'); escaped()",
    "write-the-running-python": "open(sys.prefix + '/evil.pth', 'w'); escaped()",
    "write-its-base-python": "open(sys.base_prefix + '/evil.pth', 'w'); escaped()",
    "replace-the-interpreter": "open(os.path.realpath(sys.executable), 'r+b'); escaped()",
    "make-the-system-writable":
        "call(165, 40, b'', b'/usr', b'', ctypes.c_ulong(32 | 4096), b''); escaped()",
    "make-the-system-writable-the-new-way":
        "call(442, 442, -100, b'/usr', 0, (ctypes.c_uint64 * 4)(0, 1, 0, 0), 32); escaped()",
    "unmount-git": "call(166, 39, b'.git', 2); escaped()",
    "mount-over-git": "call(165, 40, b't', b'.git', b'tmpfs', ctypes.c_ulong(0), b''); escaped()",
    "mount-through-a-new-context": "call(430, 430, b'tmpfs', 0); escaped()",
    "clone-a-mount": "call(428, 428, -100, b'/', 1); escaped()",
    "exchange-git-for-another":
        "os.mkdir('mine'); call(316, 276, -100, b'.git', -100, b'mine', 2); escaped()",
    "remove-git": "shutil.rmtree('.git', ignore_errors=False); escaped()",
    "set-the-core-pattern":
        "p = '/proc/sys/kernel/core_pattern'; v = open(p).read(); open(p, 'w').write(v); escaped()",
    "set-a-memory-setting":
        "p = '/proc/sys/vm/swappiness'; v = open(p).read(); open(p, 'w').write(v); escaped()",
    "press-sysrq": "open('/proc/sysrq-trigger', 'w'); escaped()",
    "leave-a-set-user-id-file-at-birth":
        "os.close(os.open('s', os.O_CREAT | os.O_WRONLY, 0o4755)); "
        "os.stat('s').st_mode & 0o4000 and escaped()",
    "leave-a-set-user-id-file-by-openat2":
        "how = struct.pack('QQQ', 0o101, 0o4755, 0); call(437, 437, -100, b's', how, 24); "
        "os.stat('s').st_mode & 0o4000 and escaped()",
    "leave-a-set-user-id-file-by-fchmodat2":
        "open('s', 'w').close(); call(452, 452, -100, b's', 0o4755, 0); "
        "os.stat('s').st_mode & 0o4000 and escaped()",
    "change-the-root": "os.chroot('.'); escaped()",
    "turn-the-root": "call(155, 41, b'.', b'.'); escaped()",
    "a-new-user-namespace": "call(272, 97, 0x10000000); escaped()",
    "a-new-mount-namespace": "call(272, 97, 0x00020000); escaped()",
    "a-child-in-a-new-user-namespace":
        "pid = call(56, 220, 0x10000000 | 17, 0, 0, 0, 0)\nif pid == 0: os._exit(0)\nescaped()",
    "a-child-by-clone3":
        "a = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17, 0, 0, 0)\n"
        "pid = call(435, 435, a, 64)\nif pid == 0: os._exit(0)\nescaped()",
    "join-the-namespace-of-process-1":
        "f = os.open('/proc/1/ns/user', os.O_RDONLY); call(308, 268, f, 0); escaped()",
    "trace-process-1": "call(101, 117, 0x4206, 1, 0, 0); escaped()",
    "trace-another-process": "call(101, 117, 0x4206, VICTIM, 0, 0); escaped()",
    "read-foreign-memory":
        "b = ctypes.create_string_buffer(8); v = (ctypes.c_void_p * 2)(ctypes.addressof(b), 8); "
        "call(310, 270, VICTIM, v, 1, v, 1, 0); escaped()",
    "write-the-memory-of-process-1": "open('/proc/1/mem', 'r+b').read(1); escaped()",
    "kill-another-process": "os.kill(VICTIM, 9); escaped()",
    "kill-everything": "os.kill(-1, 9)",
    "kill-the-parent-group": "os.killpg(1, 9) or os.kill(1, 9)",
    "end-process-1": "os.kill(1, 9); time.sleep(0.2); os.kill(1, 15)",
    "take-the-descriptors-of-process-1":
        "call(438, 438, os.pidfd_open(1), 1, 0); escaped()",
    "sniff-packets": "socket.socket(17, socket.SOCK_RAW, 0x0300); escaped()",
    "raw-packets": "socket.socket(2, socket.SOCK_RAW, 1); escaped()",
    "connect-to-the-world":
        "socket.create_connection(('1.1.1.1', 53), 1); escaped()",
    "connect-to-the-metadata-service":
        "socket.create_connection(('169.254.169.254', 80), 1); escaped()",
    "connect-over-ipv6": "socket.create_connection(('::1', int(E['T_PORT'])), 1); escaped()",
    "resolve-a-name": "socket.getaddrinfo('example.org', 80); escaped()",
    "load-a-program-into-the-kernel": "call(321, 280, 0, bytes(120), 120); escaped()",
    "load-a-module": "call(313, 273, 0, b'', 0); escaped()",
    "load-another-kernel": "call(246, 104, 0, 0, 0, 0); escaped()",
    "restart-the-machine": "call(169, 142, 0xfee1dead, 672274793, 0, 0); escaped()",
    "watch-the-processor": "call(298, 241, bytes(128), 0, -1, -1, 0); escaped()",
    "handle-page-faults": "call(323, 282, 0); escaped()",
    "use-io-uring":
        "call(425, 425, 4, ctypes.create_string_buffer(120)); escaped()",
    "set-the-clock": "call(227, 112, 0, (ctypes.c_long * 2)(0, 0)); escaped()",
    "set-the-host-name": "call(170, 161, b'evil', 4); escaped()",
    "swap-to-a-file": "open('swap', 'w').close(); call(167, 224, b'swap', 0); escaped()",
    "add-a-kernel-key": "call(248, 217, b'user', b'x', b'y', 1, -3); escaped()",
    "read-the-session-keys": "call(250, 219, 0, -3, 0); escaped()",
    "talk-to-the-hardware": "call(172, 10**6, 3); escaped()",
    "take-back-capabilities":
        "every = (ctypes.c_uint32 * 6)(*[2**32 - 1] * 6); "
        "call(126, 91, (ctypes.c_uint32 * 2)(0x20080522, 0), every); escaped()",
    "have-any-capability":
        "caps = [l.split()[1] for l in open('/proc/self/status') if l.startswith('Cap')]\n"
        "any(int(c, 16) for c in caps) and escaped()",
    "gain-privileges-by-running":
        "[l for l in open('/proc/self/status') if l.split() == ['NoNewPrivs:', '0']] and escaped()",
    "become-another-user": "os.setuid(12345); escaped()",
    "type-into-the-terminal":
        "import fcntl, pty; m, s = pty.openpty(); fcntl.ioctl(s, 0x5412, b'x'); escaped()",
    "have-a-terminal": "open('/dev/tty'); escaped()",
    "shared-memory-of-the-host": "call(29, 194, int(E['T_SHM']), 4096, 0); escaped()",
    "change-the-control-group":
        "g = glob.glob('/sys/fs/cgroup/**/cgroup.procs', recursive=True)\n"
        "g and open(g[0], 'w').write(str(os.getpid())) and escaped()",
    "trace-the-file-system": "call(300, 262, 0, 0); escaped()",
    "set-a-quota": "call(179, 60, 0, 0, 0, 0); escaped()",
}  # fmt: skip
ATTEMPTS = {**HARMLESS, **HARMFUL}


@dataclass
class Outside:
    """What must be as it was after every attempt."""

    root: Path
    workspace: Path
    victim: subprocess.Popen[bytes]
    variables: dict[str, str]
    connections: list[str]

    def snapshot(self) -> dict[str, object]:
        seen: dict[str, object] = {}
        for top in (self.root, self.workspace / ".git", self.workspace / "vendored" / ".git"):
            for path in sorted(top.rglob("*")):
                if path.is_file():
                    seen[str(path)] = (path.read_bytes(), path.stat().st_mode, path.stat().st_nlink)
        name = self.variables["T_NAME"]
        seen["tmp"] = [p.exists() for p in (Path("/tmp", name), Path("/dev/shm", name))]
        seen["victim"] = self.victim.poll()
        seen["core pattern"] = Path("/proc/sys/kernel/core_pattern").read_text()
        special = [p for p in self.workspace.rglob("*") if p.is_file() and not p.is_symlink()]
        seen["set-id files"] = [str(p) for p in special if p.stat().st_mode & 0o6000]
        repositories = {str(p) for p in self.workspace.rglob(".git")}
        seen["repositories"] = repositories
        return seen


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    root, workspace = tmp_path / "outside", tmp_path / "workspace"
    for folder in (root, workspace / ".git" / "hooks", workspace / "vendored" / ".git"):
        folder.mkdir(parents=True)
    (root / "secret.txt").write_text("top secret")
    (root / "removable").write_text("x")
    (root / "linked.txt").write_text("belongs to somebody else")
    (workspace / ".git" / "config").write_text("[core]\n")
    (workspace / "vendored" / ".git" / "config").write_text("[core]\n")
    (workspace / "planted-link").symlink_to(root / "secret.txt")
    (workspace / "planted-folder").symlink_to(root)
    (workspace / "planted-hard").hardlink_to(root / "linked.txt")
    name = f"swarmcode-test-{os.getpid()}-{time.monotonic_ns()}"
    connections: list[str] = []
    tcp = socket.create_server(("127.0.0.1", 0))
    files = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    files[0].bind("\0" + name)
    monkeypatch.chdir(root)  # a socket's path may have only 107 bytes
    files[1].bind("socket")
    for server in files:
        server.listen()
    for server in (tcp, *files):
        threading.Thread(target=_accept, args=(server, connections), daemon=True).start()
    victim = subprocess.Popen(["sleep", "300"], cwd=root, env={"VICTIM_TOKEN": "x"})
    home_fd, at_home = tempfile.mkstemp(dir=Path.home())
    os.close(home_fd)
    monkeypatch.setenv("T_HOST_TOKEN", "x")
    variables = {
        "T_OUT": str(root), "T_VICTIM": str(victim.pid), "T_NAME": name, "T_HOME": at_home,
        "T_PORT": str(tcp.getsockname()[1]), "T_SHM": "305419896",
    }  # fmt: skip
    try:
        yield Outside(root, workspace, victim, variables, connections)
    finally:
        victim.kill()
        victim.wait()
        Path(at_home).unlink()
        for server in (tcp, *files):
            server.shutdown(socket.SHUT_RDWR)
            server.close()


def _accept(server: socket.socket, connections: list[str]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        connections.append("connected")
        connection.close()


def attempt(outside: Outside, name: str, sandbox: Sandbox) -> str:
    """Run one attempt; return what it printed."""
    python = "python3" if sandbox.rung is Rung.CONTAINER else sys.executable
    result = sandbox.run([python, "-I", "-c", PRELUDE + ATTEMPTS[name]])
    return result.output


# An image has files of its own under these names, and an engine shows /sys read-only.
OWN_IN_CONTAINERS = {
    "read-password-hashes",
    "see-the-kernel-tree",
    "see-logs",
    "see-runtime-sockets",
}


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", ATTEMPTS)
def test_no_attempt_succeeds(outside: Outside, name: str, rung: Rung) -> None:
    """Nothing was reached, nothing outside changed, and nothing runs on."""
    if rung is Rung.CONTAINER and name in OWN_IN_CONTAINERS:
        pytest.skip("what is seen there is the image's own")
    before = outside.snapshot()
    policy = Policy(
        outside.workspace,
        limits=Limits(wall_s=10.0, processes=64),
        environment=tuple(outside.variables.items()),
        image=IMAGE,
    )
    printed = attempt(outside, name, Sandbox(policy, rung=rung))
    if name == "outlive-as-a-daemon":
        time.sleep(1.4)
    assert "ESCAPED" not in printed
    assert "SyntaxError" not in printed
    assert "NameError" not in printed
    assert outside.connections == []
    assert outside.snapshot() == before


NEEDS = {
    "read-password-hashes": Path("/etc/shadow"),
    "see-runtime-sockets": Path("/run"),
    "see-the-kernel-tree": Path("/sys/kernel"),
    "see-logs": Path("/var/log"),
}
# Ended by the limits that every rung keeps, also the one without walls.
KEPT_WITHOUT_WALLS = {"outlive-as-a-daemon", "leave-a-git-repository"}
NOT_EVERYWHERE = {
    "open-a-crypto-socket",
    "open-a-hypervisor-socket",
    "read-the-memory-of-another-process",
    "send-a-datagram",
}


@pytest.mark.parametrize("name", sorted(HARMLESS.keys() - KEPT_WITHOUT_WALLS - NOT_EVERYWHERE))
def test_the_same_attempt_succeeds_without_walls(outside: Outside, name: str) -> None:
    """Otherwise its failure inside would prove nothing."""
    if name in NEEDS and not os.access(NEEDS[name], os.R_OK):
        pytest.skip(f"{NEEDS[name]} cannot be read here at all")
    before = outside.snapshot()
    policy = Policy(outside.workspace, environment=tuple(outside.variables.items()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sandbox = Sandbox(policy, unisolated=True)
    printed = attempt(outside, name, sandbox)
    changed = outside.snapshot() != before
    for left in (Path("/tmp"), Path("/dev/shm")):
        (left / outside.variables["T_NAME"]).unlink(missing_ok=True)
    assert "ESCAPED" in printed or changed or outside.connections, printed


def test_containers_are_tried_where_there_is_an_image() -> None:
    """An image is named, and the container rung stands the probe."""
    if not IMAGE:
        pytest.skip("SWARMCODE_TEST_IMAGE names no image with python3: containers are not tried")
    assert WORKING[Rung.CONTAINER].works, WORKING[Rung.CONTAINER].why


def test_there_are_at_least_sixty() -> None:
    """The number that the package promises."""
    assert len(ATTEMPTS) >= 60

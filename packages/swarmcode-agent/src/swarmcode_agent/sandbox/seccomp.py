"""A filter of system calls for the kernel, as the program that bubblewrap and prctl take.

Everything is allowed except what reaches past namespaces: mounting and new namespaces, tracing,
kernel keys and modules, io_uring, foreign address families (AF_VSOCK speaks to the hypervisor from
inside any network namespace), typing into the terminal, and set-user-id bits, which would outlive
the sandbox in a file of the workspace. The calls fail with EPERM, or ENOSYS where programs have
another way.
"""

from __future__ import annotations

import errno
import platform
import struct

_LOAD, _JEQ, _JGE, _JSET, _AND, _RET = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCH = 0, 4  # offsets in struct seccomp_data
_SETID_BITS = 0o6000
_CLONE_NEW = (
    0x7E020080  # CLONE_NEWTIME | NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
)
_FAMILIES = (1, 2, 10, 16)  # UNIX, INET, INET6, NETLINK
_TYPING = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

# name: (x86_64, aarch64); None where the architecture does not have it.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280),
    "chroot": (161, 51), "clock_adjtime": (305, 266), "clock_settime": (227, 112),
    "delete_module": (176, 106), "fanotify_init": (300, 262), "finit_module": (313, 273),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fsopen": (430, 430), "fspick": (433, 433),
    "init_module": (175, 105), "ioperm": (173, None), "iopl": (172, None),
    "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104),
    "keyctl": (250, 219), "lookup_dcookie": (212, 18), "mount": (165, 40),
    "mount_setattr": (442, 442), "move_mount": (429, 429), "move_pages": (279, 239),
    "name_to_handle_at": (303, 264), "nfsservctl": (180, 42), "open_by_handle_at": (304, 265),
    "open_tree": (428, 428), "perf_event_open": (298, 241), "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41), "process_madvise": (440, 440), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "reboot": (169, 142), "request_key": (249, 218),
    "setdomainname": (171, 162), "sethostname": (170, 161), "setns": (308, 268),
    "settimeofday": (164, 170), "swapoff": (168, 225), "swapon": (167, 224),
    "syslog": (103, 116), "umount2": (166, 39), "unshare": (272, 97),
    "userfaultfd": (323, 282), "vhangup": (153, 58),
}  # fmt: skip
_ABSENT: dict[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425), "openat2": (437, 437),
}  # fmt: skip
# Calls that take file permissions: numbers, and which argument.
_WITH_MODE: dict[str, tuple[tuple[int | None, int | None], int]] = {
    "chmod": ((90, None), 1),
    "fchmod": ((91, 52), 1),
    "fchmodat": ((268, 53), 2),
    "fchmodat2": ((452, 452), 2),
    "open": ((2, None), 2),
    "openat": ((257, 56), 3),
    "creat": ((85, None), 1),
    "mknod": ((133, None), 1),
    "mknodat": ((259, 33), 2),
}
_CLONE, _SOCKET, _SOCKETPAIR, _IOCTL = (56, 220), (41, 198), (53, 199), (16, 29)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def supported() -> bool:
    """Whether this architecture's system calls are known here."""
    return platform.machine() in _ARCHITECTURES


def program() -> bytes:
    """Return the filter, as an array of `struct sock_filter`."""
    column, architecture = _ARCHITECTURES[platform.machine()]
    code = [
        _op(_LOAD, _ARCH), _op(_JEQ, architecture, 1, 0), _op(_RET, _KILL), _op(_LOAD, _NUMBER),
    ]  # fmt: skip
    if column == 0:  # the x32 calls, which have other numbers
        code += [_op(_JGE, 0x40000000, 0, 1), _op(_RET, _refuse(errno.ENOSYS))]
    for table, code_of in ((_DENIED, errno.EPERM), (_ABSENT, errno.ENOSYS)):
        for numbers in table.values():
            code += _always(numbers[column], code_of)
    for numbers, argument in _WITH_MODE.values():
        code += _when_bits(numbers[column], argument, _SETID_BITS)
    code += _when_bits(_CLONE[column], 0, _CLONE_NEW)
    code += _unless_one_of(_SOCKET[column], 0, _FAMILIES)
    code += _unless_one_of(_SOCKETPAIR[column], 0, _FAMILIES)
    code += _when_one_of(_IOCTL[column], 1, _TYPING)
    return b"".join([*code, _op(_RET, _ALLOW)])


def profile() -> dict[str, object]:
    """Return the same filter as container engines take it, with the calls by their names."""
    rules = [
        _rule([*_DENIED], errno.EPERM),
        _rule([*_ABSENT], errno.ENOSYS),
        *(_rule(["clone"], errno.EPERM, (0, bit, bit)) for bit in _bits(_CLONE_NEW)),
        *(_rule(["ioctl"], errno.EPERM, (1, 0xFFFFFFFF, request)) for request in _TYPING),
    ]
    for name, (_, argument) in _WITH_MODE.items():
        rules += [_rule([name], errno.EPERM, (argument, b, b)) for b in _bits(_SETID_BITS)]
    refused = [family for family in range(64) if family not in _FAMILIES]
    for family in refused:
        rules.append(_rule(["socket", "socketpair"], errno.EPERM, (0, 0xFFFFFFFF, family)))
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}


def _rule(names: list[str], code: int, *arguments: tuple[int, int, int]) -> dict[str, object]:
    """Refuse calls, where (argument, mask, value) are given only those with that value."""
    args = [
        {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
        for index, mask, value in arguments
    ]
    return {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": code, "args": args}


def _bits(mask: int) -> list[int]:
    return [1 << place for place in range(32) if mask >> place & 1]


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(code: int) -> int:
    return _ERRNO | code


def _argument(index: int) -> int:
    return 16 + 8 * index  # its lower half: every value looked at here fits in it


def _always(number: int | None, code: int) -> list[bytes]:
    if number is None:
        return []
    return [_op(_JEQ, number, 0, 1), _op(_RET, _refuse(code))]


def _block(number: int | None, body: list[bytes]) -> list[bytes]:
    """Run `body` for one call; it ends with the accumulator anywhere, so the number is reloaded."""
    if number is None:
        return []
    return [_op(_JEQ, number, 0, len(body) + 1), *body, _op(_LOAD, _NUMBER)]


def _when_bits(number: int | None, argument: int, bits: int) -> list[bytes]:
    body = [
        _op(_LOAD, _argument(argument)),
        _op(_JSET, bits, 0, 1),
        _op(_RET, _refuse(errno.EPERM)),
    ]
    return _block(number, body)


def _when_one_of(number: int, argument: int, values: tuple[int, ...]) -> list[bytes]:
    body = [_op(_LOAD, _argument(argument))]
    for value in values:
        body += [_op(_JEQ, value, 0, 1), _op(_RET, _refuse(errno.EPERM))]
    return _block(number, body)


def _unless_one_of(number: int, argument: int, values: tuple[int, ...]) -> list[bytes]:
    body = [_op(_LOAD, _argument(argument))]
    for index, value in enumerate(values):
        body.append(_op(_JEQ, value, len(values) - index, 0))
    return _block(number, [*body, _op(_RET, _refuse(errno.EPERM))])

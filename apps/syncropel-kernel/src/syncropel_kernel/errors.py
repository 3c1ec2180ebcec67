"""The errors of syncropel-kernel, drawn as a tree.

KernelError              everything that syncropel-kernel raises on purpose
├── KeyArgumentError     a key that cannot be made as it was asked for (also a ValueError)
├── ServeError           a server that cannot be started as it was asked for
├── MissingExtraError    an optional dependency is not installed (also an ImportError)
├── LineError            a line of a file that is no record
└── RemoteError          a server that cannot be reached, or does not answer as a kernel does
"""


class KernelError(Exception):
    """Catch this to catch whatever syncropel-kernel raises on purpose."""


class KeyArgumentError(KernelError, ValueError):
    """A DID, a scope or a namespace that is none."""


class ServeError(KernelError):
    """What was asked for is not safe, or the address is not free."""


class MissingExtraError(KernelError, ImportError):
    """An optional dependency is missing; the message is the command that installs it."""

    def __init__(self, extra: str, *, purpose: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'syncropel-kernel[{extra}]'")
        self.extra = extra


class LineError(KernelError):
    """Line `line` of an import is no record; everything before it was taken."""

    def __init__(self, message: str, *, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class RemoteError(KernelError):
    """A server at `endpoint` that did not answer as was hoped; `code` is its own word for it."""

    def __init__(self, message: str, *, endpoint: str, code: str = "") -> None:
        super().__init__(f"{endpoint}: {message}")
        self.endpoint = endpoint
        self.code = code

"""The errors of syncropel-sdk, drawn as a tree.

SyncropelError                 everything that syncropel-sdk raises on purpose
├── InvalidArgumentError       a call that no retry can make right (also a ValueError)
│   ├── SyncropelKindError     a body.kind or scope outside the grammar
│   ├── RefError               a reference without a usable identifier
│   └── FilterError            a query filter that no kernel understands
├── ArgumentTypeError          a value of the wrong type (also a TypeError)
├── CanonicalValueError        a value without canonical JSON (also a ValueError)
│   └── InteropError           a value that other languages would encode differently
├── CanonicalTypeError         a type without canonical JSON (also a TypeError)
├── IdentityError              a key, a DID or a delegation that cannot be used
│   └── ResolutionError        a DID whose document could not be fetched
├── MissingExtraError          an optional dependency is not installed (also an ImportError)
├── ReadFailedError            a read that failed, raised only by `Client(strict=True)`
├── SpoolError                 the spool cannot keep what it was given
│   ├── SpoolFullError         a size limit was reached and the policy is to refuse
│   └── SpoolCorruptError      the spool's file is no spool
├── StoreError                 a kernel's store cannot do what was asked; nothing accepted is lost
│   ├── StoreCeilingError      there is no room
│   ├── StoreCorruptError      the store's file is damaged, or is none
│   └── StoreUnavailableError  the file or the database server cannot be reached now
├── InferRejectedError         the server did not take the question (also a RuntimeError)
├── InferTimeoutError          no answer arrived in time (also a TimeoutError)
└── SubscribeError             why a subscription disconnected; handed to `on_error`
"""

from pathlib import Path


class SyncropelError(Exception):
    """Catch this to catch whatever syncropel-sdk raises on purpose."""


class InvalidArgumentError(SyncropelError, ValueError):
    """A programmer's error: the argument `field` can never be right, whatever the network does."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class SyncropelKindError(InvalidArgumentError):
    """A kind or a scope outside the grammar; `kind` is what was given."""

    def __init__(self, message: str, *, kind: object = "") -> None:
        super().__init__(message, field="kind")
        self.kind = kind


class RefError(InvalidArgumentError):
    """A canonical reference was asked for without anything to identify the thing by."""


class FilterError(InvalidArgumentError):
    """A filter of a rich query that has no meaning; `path` says where in it."""

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(f"filter{path}: {message}", field="filter")
        self.path = path


class ArgumentTypeError(SyncropelError, TypeError):
    """The argument `field` has the wrong type."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class CanonicalValueError(SyncropelError, ValueError):
    """A value that has no canonical JSON; `path` says where it sits."""

    def __init__(self, message: str, *, path: str = "$") -> None:
        super().__init__(f"{message} (at {path})" if path != "$" else message)
        self.path = path


class InteropError(CanonicalValueError):
    """A value that another language would encode, and therefore hash, differently."""


class CanonicalTypeError(SyncropelError, TypeError):
    """A type that JSON does not have; `path` says where it sits."""

    def __init__(self, message: str, *, path: str = "$") -> None:
        super().__init__(f"{message} (at {path})" if path != "$" else message)
        self.path = path


class IdentityError(SyncropelError, ValueError):
    """A key, a DID, a signature or a delegation that cannot be used."""


class ResolutionError(IdentityError):
    """The document of `did` could not be fetched or does not fit; `reason` says why."""

    def __init__(self, did: str, reason: str) -> None:
        super().__init__(f"{did} cannot be resolved: {reason}")
        self.did = did
        self.reason = reason


class MissingExtraError(SyncropelError, ImportError):
    """An optional dependency is missing; the message is the command that installs it."""

    def __init__(self, extra: str, *, purpose: str) -> None:
        super().__init__(f"{purpose} needs an extra: pip install 'syncropel-sdk[{extra}]'")
        self.extra = extra


class ReadFailedError(SyncropelError):
    """A read failed; raised by `Client(strict=True)` alone. `status` is None without an answer."""

    def __init__(self, message: str, *, operation: str, status: int | None = None) -> None:
        super().__init__(f"{operation}: {message}")
        self.operation = operation
        self.status = status


class SpoolError(SyncropelError):
    """The spool at `path` cannot keep or give back records."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class SpoolFullError(SpoolError):
    """The spool reached its limit and refuses new records rather than drop accepted ones."""


class SpoolCorruptError(SpoolError):
    """The file is not a spool, or is damaged; nothing was changed in it."""


class StoreError(SyncropelError):
    """A kernel's store, named by `where`, cannot do what it was asked; it keeps what it has."""

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class StoreCeilingError(StoreError):
    """There is no room; nothing of what was being appended was kept."""


class StoreCorruptError(StoreError):
    """The file is damaged or is no store; nothing was changed in it."""


class StoreUnavailableError(StoreError):
    """The file or the database server cannot be used now; asking again later may help."""


class InferRejectedError(SyncropelError, RuntimeError):
    """The server did not accept the question of `Client.infer`; nobody will answer it."""

    def __init__(self, message: str, *, correlation_id: str, thread_id: str) -> None:
        super().__init__(message)
        self.correlation_id = correlation_id
        self.thread_id = thread_id


class InferTimeoutError(SyncropelError, TimeoutError):
    """No answer arrived in time; ask again later with the two ids."""

    def __init__(self, message: str, *, correlation_id: str, thread_id: str) -> None:
        super().__init__(message)
        self.correlation_id = correlation_id
        self.thread_id = thread_id


class SubscribeError(SyncropelError):
    """One disconnection: its reason, the attempt it ends and the wait before the next.

    `next_retry_s` is None where there will be no next attempt. It is handed to `on_error`
    and raised by `Client.stream` when a subscription ends for good.
    """

    def __init__(
        self, reason: str, message: str, *, attempt: int = 0, next_retry_s: float | None = None
    ) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.attempt = attempt
        self.next_retry_s = next_retry_s

"""Find the contracts of a code base, write them down, and never let one break silently.

Names are imported when they are first asked for: `from swop import command` in a service
loads the decorators and nothing else.
"""

from importlib import import_module as _import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .config import (
        BoundedContextConfig,
        BusConfig,
        ReadModelConfig,
        ResolveConfig,
        SwopConfig,
        load_config,
    )
    from .contract import (
        EnumType,
        EnumValue,
        FieldDef,
        MessageType,
        Response,
    )
    from .contract.described import (
        Artifact,
        Field,
        Message,
        Remark,
        describe,
    )
    from .contract.reading import Reading, read_type
    from .cqrs import (
        CqrsRecord,
        CqrsRegistry,
        command,
        event,
        get_registry,
        handler,
        query,
        reset_registry,
    )
    from .errors import (
        AcceptError,
        BaselineError,
        HookError,
        LockError,
        ManifestError,
        MissingToolError,
        ProtoError,
        StateWriteError,
        SwopConfigError,
        SwopError,
    )
    from .lock import Lock, Rename, read_lock
    from .manifests import (
        Manifest,
        ManifestEntry,
        ManifestFile,
        ManifestGenerationResult,
        generate_manifests,
        read_manifest,
        read_manifests,
    )
    from .proto import ProtoFile, ProtoGenerationResult, generate_proto_from_manifests
    from .proto.grpc_python import CompilationResult, compile_proto_python
    from .proto.grpc_typescript import compile_proto_typescript
    from .resolve import (
        Change,
        ChangeKind,
        ResolutionReport,
        apply_resolution,
        resolve_schema_drift,
    )
    from .scan import (
        ContextSummary,
        Detection,
        FingerprintCache,
        HandlerRef,
        ScanReport,
        scan_project,
    )
    from .services import ServiceFile, ServiceGenerationResult, generate_services
    from .tools import (
        HookResult,
        InitResult,
        hook_status,
        init_project,
        install_hook,
        uninstall_hook,
    )
    from .tools.doctor import (
        DeepCheck,
        DeepIssue,
        DeepReport,
        run_deep_doctor,
        run_doctor,
    )
    from .watch import WatchEngine, WatchRebuild, rebuild_once

del TYPE_CHECKING  # only for type checkers; importing `typing` for it would cost more than this

_HOMES = {
    "config": (
        "BoundedContextConfig",
        "BusConfig",
        "ReadModelConfig",
        "ResolveConfig",
        "SwopConfig",
        "load_config",
    ),
    "contract": (
        "EnumType",
        "EnumValue",
        "FieldDef",
        "MessageType",
        "Response",
    ),
    "contract.described": (
        "Artifact",
        "Field",
        "Message",
        "Remark",
        "describe",
    ),
    "contract.reading": (
        "Reading",
        "read_type",
    ),
    "cqrs": (
        "CqrsRecord",
        "CqrsRegistry",
        "command",
        "event",
        "get_registry",
        "handler",
        "query",
        "reset_registry",
    ),
    "errors": (
        "AcceptError",
        "BaselineError",
        "HookError",
        "LockError",
        "ManifestError",
        "MissingToolError",
        "ProtoError",
        "StateWriteError",
        "SwopConfigError",
        "SwopError",
    ),
    "lock": (
        "Lock",
        "Rename",
        "read_lock",
    ),
    "manifests": (
        "Manifest",
        "ManifestEntry",
        "ManifestFile",
        "ManifestGenerationResult",
        "generate_manifests",
        "read_manifest",
        "read_manifests",
    ),
    "proto": (
        "ProtoFile",
        "ProtoGenerationResult",
        "generate_proto_from_manifests",
    ),
    "proto.grpc_python": (
        "CompilationResult",
        "compile_proto_python",
    ),
    "proto.grpc_typescript": ("compile_proto_typescript",),
    "resolve": (
        "Change",
        "ChangeKind",
        "ResolutionReport",
        "apply_resolution",
        "resolve_schema_drift",
    ),
    "scan": (
        "ContextSummary",
        "Detection",
        "FingerprintCache",
        "HandlerRef",
        "ScanReport",
        "scan_project",
    ),
    "services": (
        "ServiceFile",
        "ServiceGenerationResult",
        "generate_services",
    ),
    "tools": (
        "HookResult",
        "InitResult",
        "hook_status",
        "init_project",
        "install_hook",
        "uninstall_hook",
    ),
    "tools.doctor": (
        "DeepCheck",
        "DeepIssue",
        "DeepReport",
        "run_deep_doctor",
        "run_doctor",
    ),
    "watch": (
        "WatchEngine",
        "WatchRebuild",
        "rebuild_once",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AcceptError",
    "Artifact",
    "BaselineError",
    "BoundedContextConfig",
    "BusConfig",
    "Change",
    "ChangeKind",
    "CompilationResult",
    "ContextSummary",
    "CqrsRecord",
    "CqrsRegistry",
    "DeepCheck",
    "DeepIssue",
    "DeepReport",
    "Detection",
    "EnumType",
    "EnumValue",
    "Field",
    "FieldDef",
    "FingerprintCache",
    "HandlerRef",
    "HookError",
    "HookResult",
    "InitResult",
    "Lock",
    "LockError",
    "Manifest",
    "ManifestEntry",
    "ManifestError",
    "ManifestFile",
    "ManifestGenerationResult",
    "Message",
    "MessageType",
    "MissingToolError",
    "ProtoError",
    "ProtoFile",
    "ProtoGenerationResult",
    "ReadModelConfig",
    "Reading",
    "Remark",
    "Rename",
    "ResolutionReport",
    "ResolveConfig",
    "Response",
    "ScanReport",
    "ServiceFile",
    "ServiceGenerationResult",
    "StateWriteError",
    "SwopConfig",
    "SwopConfigError",
    "SwopError",
    "WatchEngine",
    "WatchRebuild",
    "apply_resolution",
    "command",
    "compile_proto_python",
    "compile_proto_typescript",
    "describe",
    "event",
    "generate_manifests",
    "generate_proto_from_manifests",
    "generate_services",
    "get_registry",
    "handler",
    "hook_status",
    "init_project",
    "install_hook",
    "load_config",
    "query",
    "read_lock",
    "read_manifest",
    "read_manifests",
    "read_type",
    "rebuild_once",
    "reset_registry",
    "resolve_schema_drift",
    "run_deep_doctor",
    "run_doctor",
    "scan_project",
    "uninstall_hook",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

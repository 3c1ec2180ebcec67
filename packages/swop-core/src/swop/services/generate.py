"""`swop gen services`: for each context a gRPC server, a worker, and their container files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from ..config import BusConfig
from ..config.model import CONFIG_NAME
from ..errors import LockError, ManifestError, ProtoError
from ..files import write_if_changed
from ..lock.read import read_lock
from ..manifests import Manifest, ManifestEntry, read_manifests
from ..manifests.entries import bus_entry
from ..proto.generate import ProtoPlan, default_lock_path, plan_protos
from ..proto.grpc_python import compile_proto_python
from ..proto.model import ProtoDraft
from . import texts

_RUNTIME = ("codec.py", "dispatch.py", "publisher.py", "serving.py")
DEFAULT_IMAGE = "python:3.12-slim"
DEFAULT_PORT = 50051


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """One generated file; `context` is None for what belongs to all."""

    path: Path
    kind: str
    context: str | None = None


@dataclass(slots=True)
class ServiceGenerationResult:
    """What was generated, and for which bus."""

    files: list[ServiceFile] = field(default_factory=list)
    out_dir: Path | None = None
    bus: str = "memory"
    compose_path: Path | None = None

    def format(self) -> str:
        """The outcome as lines for a terminal."""
        contexts = {item.context for item in self.files if item.context is not None}
        head = f"[SERVICES] {len(contexts)} service(s) on {self.bus} -> {self.out_dir}"
        lines = [
            f"  {context}: {sum(f.context == context for f in self.files)} file(s)"
            for context in sorted(contexts)
        ]
        return "\n".join([head, *lines])


def generate_services(
    manifests_dir: Path,
    out_dir: Path,
    *,
    bus: str = "rabbitmq",
    base_image: str = DEFAULT_IMAGE,
    grpc_port: int = DEFAULT_PORT,
    proto_python_dir: Path | None = None,
    lock: Path | None = None,
) -> ServiceGenerationResult:
    """Write a service for every context, with the numbers of the lock as it is.

    `proto_python_dir` is where `swop gen grpc-python` wrote; without it the protobuf code is
    compiled here.

    Raises:
        ValueError: there is no such bus.
        ManifestError, LockError: what was committed is damaged, or the lock is stale.
        ProtoError, MissingToolError: the protobuf code cannot be made.
        StateWriteError: a file cannot be written.
    """
    manifests_dir = Path(manifests_dir)
    result = ServiceGenerationResult(out_dir=Path(out_dir), bus=bus)
    for path, kind, context, data in service_texts(
        manifests_dir,
        Path(out_dir),
        bus=bus,
        base_image=base_image,
        grpc_port=grpc_port,
        proto_python_dir=proto_python_dir,
        lock=lock,
    ):
        write_if_changed(path, data.encode())
        result.files.append(ServiceFile(path, kind, context))
        if kind == "compose":
            result.compose_path = path
    return result


def service_texts(
    manifests_dir: Path,
    out_dir: Path,
    *,
    bus: str,
    base_image: str = DEFAULT_IMAGE,
    grpc_port: int = DEFAULT_PORT,
    proto_python_dir: Path | None = None,
    lock: Path | None = None,
) -> Iterator[tuple[Path, str, str | None, str]]:
    """Every file that a generation would write: path, kind, context and text."""
    if bus not in texts.BUSES:
        raise ValueError(f"the bus must be one of {', '.join(texts.BUSES)}, not {bus!r}")
    manifests = read_manifests(manifests_dir)
    plan = _plan(manifests, lock or default_lock_path(manifests_dir))
    compiled = _compiled(plan, proto_python_dir)
    root = _project_root(manifests_dir)
    rows: list[tuple[str, str, int]] = []
    for number, draft in enumerate(plan.drafts):
        own = [item for item in manifests if item.context == draft.context]
        port = grpc_port + number
        folder = out_dir / draft.ident
        below = Path(os.path.relpath(folder.absolute(), root)).as_posix()
        rows.append((draft.ident, below, port))
        source, artifacts = _artifacts(draft, own, bus)
        made = {
            "__init__.py": ("package", f'"""{texts.NOTE}"""\n'),
            "contract.py": (
                "contract",
                texts.contract_text(draft, artifacts, bus=bus, grpc_port=port),
            ),
            "server.py": ("server", texts.server_text(draft)),
            "worker.py": ("worker", texts.worker_text(draft)),
            "requirements.txt": ("requirements", texts.requirements_text(bus, _versions())),
            "Dockerfile": (
                "dockerfile",
                texts.dockerfile_text(draft.ident, source, base_image, port),
            ),
            ".env.example": ("environment", texts.environment_text(bus, port)),
            **{name: ("runtime", text) for name, text in _runtime()},
            **{name: ("proto", text) for name, text in compiled[draft.ident].items()},
        }
        for name, (kind, text) in made.items():
            yield folder / name, kind, draft.context, text
    relative = Path(os.path.relpath(root, out_dir.absolute())).as_posix()
    compose = texts.compose_text(rows, bus=bus, root=relative)
    yield out_dir / "docker-compose.cqrs.yml", "compose", None, compose
    yield out_dir / "README.md", "readme", None, texts.readme_text(rows, bus=bus)


def _plan(manifests: list[Manifest], lock_path: Path) -> ProtoPlan:
    lock = read_lock(lock_path)
    plan = plan_protos(manifests, lock, renames="new")
    if plan.lock != lock:
        raise LockError("is stale: run `swop gen proto` first", path=lock_path)
    return plan


def _compiled(plan: ProtoPlan, ready: Path | None) -> Mapping[str, dict[str, str]]:
    """The protobuf modules of each context, by their file names."""
    if ready is not None:
        return {draft.ident: _modules(ready, draft) for draft in plan.drafts}
    with tempfile.TemporaryDirectory(prefix="swop-services-") as scratch:
        protos, out = Path(scratch) / "proto", Path(scratch) / "python"
        for name, text in plan.texts().items():
            path = protos / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        result = compile_proto_python(protos, out)
        if not result.ok:
            raise ProtoError("protobuf does not compile", problems=tuple(result.errors))
        return {draft.ident: _modules(out, draft) for draft in plan.drafts}


def _modules(folder: Path, draft: ProtoDraft) -> dict[str, str]:
    names = [f"{draft.ident}_pb2.py", f"{draft.ident}_pb2_grpc.py"]
    try:
        return {
            name: (folder / draft.ident / "v1" / name).read_text(encoding="utf-8") for name in names
        }
    except OSError as error:
        message = f"cannot be read ({error.strerror}): run `swop gen grpc-python`"
        raise ManifestError(message, path=folder / draft.ident / "v1") from None


def _artifacts(
    draft: ProtoDraft, manifests: list[Manifest], bus: str
) -> tuple[str, dict[str, Any]]:
    """The source folder of a context's code, and its artifacts as plain data."""
    names = {rpc.key: (s.kind, rpc) for s in draft.services for rpc in s.rpcs}
    bindings = {message.name: message.bindings for message in draft.messages}
    found: dict[str, Any] = {}
    sources = [""]
    for manifest in manifests:
        for key, entry in manifest.entries.items():
            source = _source_root(entry)
            sources.append(source)
            item: dict[str, Any] = {
                "kind": manifest.kind,
                "class": [entry.module, entry.class_name or entry.name],
                "handlers": [_handler(handler, source) for handler in entry.handlers],
                "route": _route(manifest, entry, bus),
                "listens": manifest.kind != "query" and bool(entry.handlers),
            }
            if manifest.kind == "event":
                item["request"] = draft.events[key]
            else:
                rpc = names[key][1]
                item["request"], item["response"] = rpc.request, rpc.response
                answer = bindings[rpc.response] if manifest.kind == "query" else ()
                item["answer"] = answer[0].shape if answer else None
            found[key] = item
    return max(sources, key=len) or ".", found


def _route(manifest: Manifest, entry: ManifestEntry, bus: str) -> dict[str, str]:
    kind = "redis" if bus == "memory" else bus
    route = bus_entry(manifest.context, entry.name, BusConfig(kind))
    if "exchange" in route:
        route["exchange"] = f"{manifest.context}.{manifest.kind}s"
    return route


def _source_root(entry: ManifestEntry) -> str:
    """The folder from which a module is imported: `src` of `src/billing/ops.py`."""
    path = PurePosixPath(entry.source_file).with_suffix("")
    parts = entry.module.split(".") if entry.module else []
    names = list(path.parts[:-1]) if path.name == "__init__" else list(path.parts)
    return "/".join(names[: len(names) - len(parts)])


def _handler(handler: Mapping[str, str], source: str) -> list[str]:
    """A handler as (module, class, method); its module is imported from the same folder."""
    path = PurePosixPath(handler["file"]).with_suffix("")
    below = path.relative_to(source) if source and path.is_relative_to(source) else path
    names = below.parts[:-1] if below.name == "__init__" else below.parts
    return [".".join(names), handler["class"], handler.get("method", "handle")]


def _runtime() -> Iterator[tuple[str, str]]:
    folder = files(__package__) / "runtime"
    for name in _RUNTIME:
        yield name, (folder / name).read_text(encoding="utf-8")


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("grpcio", "protobuf")}


def _project_root(manifests_dir: Path) -> Path:
    folder = manifests_dir.absolute()
    found = (parent for parent in folder.parents if (parent / CONFIG_NAME).is_file())
    return next(found, folder.parent)

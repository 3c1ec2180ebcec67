"""The layers of a project, each made anew in memory and held against what is on disk.

scan ↔ manifests ↔ proto ↔ generated Python ↔ services: a layer is checked when it was ever
generated; one that was not is no fault.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..config import SwopConfig
from ..lock.read import read_lock
from ..lock.write import lock_bytes
from ..manifests import read_manifests
from ..proto.generate import ProtoPlan, plan_protos
from ..proto.grpc_python import compile_proto_python
from ..resolve import resolve_schema_drift
from ..scan import scan_project
from ..services.generate import service_texts
from .doctor import DeepCheck, DeepIssue

Check = Callable[[DeepCheck], None]


def layers(config: SwopConfig) -> Iterator[tuple[str, Check]]:
    """Every layer with the one below it, from the sources up."""
    yield "scan ↔ manifests", lambda check: _manifests(config, check)
    yield "manifests ↔ lock", lambda check: _lock(config, check)
    yield "manifests ↔ proto", lambda check: _protos(config, check)
    yield "proto ↔ grpc-python", lambda check: _python(config, check)
    yield "manifests ↔ services", lambda check: _services(config, check)


def _manifests(config: SwopConfig, check: DeepCheck) -> None:
    report = resolve_schema_drift(scan_project(config), config)
    for change in report.changes:
        severity = "fail" if change.breaking else "warn"
        check.mark(DeepIssue(change.context, change.format(), severity))  # type: ignore[arg-type]


def _lock(config: SwopConfig, check: DeepCheck) -> None:
    if not config.lock_path.exists():
        check.summary = "no swop.lock.yml: `swop gen proto` was never run"
        return
    plan = _plan(config)
    if lock_bytes(plan.lock) != config.lock_path.read_bytes():
        check.mark(DeepIssue(None, "swop.lock.yml is stale: run `swop gen proto`", "fail"))


def _protos(config: SwopConfig, check: DeepCheck) -> None:
    folder = config.generated_path / "proto"
    if not folder.is_dir():
        check.summary = "not generated"
        return
    expected = {folder / name: text for name, text in _plan(config).texts().items()}
    _compare(expected, set(folder.rglob("*.proto")), check, "swop gen proto")


def _python(config: SwopConfig, check: DeepCheck) -> None:
    folder, protos = config.generated_path / "python", config.generated_path / "proto"
    if not folder.is_dir():
        check.summary = "not generated"
        return
    with tempfile.TemporaryDirectory(prefix="swop-doctor-") as scratch:
        result = compile_proto_python(protos, Path(scratch))
        for line in result.errors:
            check.mark(DeepIssue(None, line, "fail"))
        expected = {
            folder / path.relative_to(scratch): path.read_text(encoding="utf-8")
            for path in result.outputs
        }
    _compare(expected, set(folder.rglob("*.py")), check, "swop gen grpc-python")


def _services(config: SwopConfig, check: DeepCheck) -> None:
    folder = config.generated_path / "services"
    if not folder.is_dir():
        check.summary = "not generated"
        return
    bus, port = _generated_for(folder)
    made = service_texts(
        config.manifests_path, folder, bus=bus, grpc_port=port, lock=config.lock_path
    )
    # A Dockerfile depends on the base image, which is the user's to choose.
    expected = {path: text for path, kind, _, text in made if kind != "dockerfile"}
    _compare(expected, set(folder.rglob("*.py")), check, "swop gen services")


def _generated_for(folder: Path) -> tuple[str, int]:
    """The bus and the first port that services were generated for."""
    found: list[tuple[int, str]] = []
    for path in folder.glob("*/contract.py"):
        values: dict[str, object] = {}
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                    values[name] = value
        port, bus = values.get("GRPC_PORT"), values.get("BUS")
        if isinstance(port, int) and isinstance(bus, str):
            found.append((port, bus))
    port, bus = min(found, default=(50051, "rabbitmq"))
    return bus, port


def _plan(config: SwopConfig) -> ProtoPlan:
    lock = read_lock(config.lock_path)
    return plan_protos(read_manifests(config.manifests_path), lock, renames="new")


def _compare(
    expected: Mapping[Path, str], present: set[Path], check: DeepCheck, command: str
) -> None:
    for path, text in sorted(expected.items()):
        try:
            found = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            check.mark(DeepIssue(None, f"{path} is missing: run `{command}`", "fail"))
            continue
        if found != text:
            check.mark(DeepIssue(None, f"{path} differs: run `{command}`", "fail"))
    for path in sorted(present - expected.keys()):
        check.mark(DeepIssue(None, f"{path} belongs to nothing: remove it"))
    if not check.issues:
        check.summary = f"{len(expected)} file(s) agree"

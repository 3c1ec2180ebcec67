"""What `swop gen proto` and its like do, once their options are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import exits
from .actions import Action
from .output import remark, show


@dataclass(frozen=True, slots=True)
class GenProto(Action):
    """`swop gen proto`."""

    manifests: Path | None = None
    out: Path | None = None
    renames: Literal["ask", "take", "new"] = "ask"

    def run(self) -> int:
        """Write what compiles; exit code 1 when it does not, or when a person must decide."""
        from swop import ProtoError, generate_proto_from_manifests

        settings = self.settings()
        try:
            result = generate_proto_from_manifests(
                self.manifests or settings.manifests_path,
                self.out or settings.generated_path / "proto",
                lock=settings.lock_path,
                renames=self.renames,
                dry_run=not self.mode.may_write,
            )
        except ProtoError as error:
            remark([f"[ERROR] {error}", *error.problems])
            return exits.FINDINGS
        show(result.format())
        remark(result.warnings, prefix="warning: ")
        if not self.mode.may_write:
            remark(["[PROTO] nothing was written"])
        return exits.FINDINGS if result.undecided else exits.OK


@dataclass(frozen=True, slots=True)
class GenGrpc(Action):
    """`swop gen grpc-python` and `swop gen grpc-ts`."""

    target: Literal["python", "typescript"] = "python"
    proto: Path | None = None
    out: Path | None = None
    grpc: bool = True
    plugin: str | None = None

    def run(self) -> int:
        """Compile; exit code 1 when the compiler refuses."""
        from swop import compile_proto_python, compile_proto_typescript

        settings = self.settings()
        protos = self.proto or settings.generated_path / "proto"
        out = self.out or settings.generated_path / self.target
        if not self.mode.may_write:
            remark(["[ERROR] --mode OBSERVE writes nothing, and a compiler only writes"])
            return exits.FAILED
        if self.target == "python":
            result = compile_proto_python(protos, out, grpc=self.grpc)
        else:
            result = compile_proto_typescript(protos, out, ts_plugin=self.plugin)
        (show if result.ok else _remark_all)(result.format())
        return exits.OK if result.ok else exits.FINDINGS


@dataclass(frozen=True, slots=True)
class GenServices(Action):
    """`swop gen services`."""

    manifests: Path | None = None
    proto_python: Path | None = None
    out: Path | None = None
    bus: str | None = None
    base_image: str = "python:3.12-slim"
    grpc_port: int = 50051

    def run(self) -> int:
        """Write the services of every context."""
        from swop import generate_services

        settings = self.settings()
        if not self.mode.may_write:
            remark(["[ERROR] --mode OBSERVE writes nothing, and services are only written"])
            return exits.FAILED
        configured = settings.bus.type if settings.bus else "rabbitmq"
        try:
            result = generate_services(
                self.manifests or settings.manifests_path,
                self.out or settings.generated_path / "services",
                bus=self.bus or {"redis-streams": "redis"}.get(configured, configured),
                base_image=self.base_image,
                grpc_port=self.grpc_port,
                proto_python_dir=self.proto_python,
                lock=settings.lock_path,
            )
        except ValueError as error:
            remark([f"[ERROR] {error}"])
            return exits.FAILED
        show(result.format())
        return exits.OK


@dataclass(frozen=True, slots=True)
class Doctor(Action):
    """`swop doctor`."""

    deep: bool = False

    def run(self) -> int:
        """Look, and tell; exit code 1 when something failed."""
        from swop import run_deep_doctor, run_doctor

        report = run_deep_doctor(self.settings()) if self.deep else run_doctor(self.root)
        show(report.format())
        return exits.OK if report.ok else exits.FINDINGS


def _remark_all(text: str) -> None:
    remark(text.splitlines())

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

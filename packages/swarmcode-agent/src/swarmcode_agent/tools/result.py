"""What a tool answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer of one tool call: its output, or the sentence that says why there is none."""

    success: bool
    output: str = ""
    error: str | None = None

    @property
    def text(self) -> str:
        """What a model is shown: the output, and the error where there is one."""
        if self.error is None:
            return self.output
        return f"{self.output}\n{self.error}".lstrip("\n")


def failed(error: str, *, output: str = "") -> ToolResult:
    """Return an unsuccessful answer."""
    return ToolResult(success=False, output=output, error=error)

"""`swop gen grpc-python`: Python code for the `.proto` files, importable where it is put.

The compiler writes imports from the top (`from billing.v1 import billing_pb2`), which hold
only when the folder is on the path. They are made relative to the package.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import MissingToolError, ProtoError
from ..files import write_if_changed
from .compiling import run_protoc

_FROM_TOP = re.compile(r"^from ([\w.]+) import (\w+_pb2)( as \w+)?$", re.MULTILINE)


@dataclass(slots=True)
class CompilationResult:
    """What a compiler made of which files. Without `ok`, `errors` says why."""

    target: str
    proto_files: list[Path] = field(default_factory=list)
    output_dir: Path | None = None
    outputs: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    tool_invocation: str | None = None
    ok: bool = True

    def format(self) -> str:
        """The outcome as lines for a terminal."""
        head = f"[GRPC-{self.target.upper()}] {len(self.outputs)} file(s) -> {self.output_dir}"
        if not self.ok:
            head = f"[GRPC-{self.target.upper()}] failed"
        return "\n".join([head, *(f"  error: {line}" for line in self.errors)])


def compile_proto_python(proto_dir: Path, out_dir: Path, *, grpc: bool = True) -> CompilationResult:
    """Compile every `.proto` file below a folder into an importable package.

    Raises:
        MissingToolError: the extra `proto` is not installed.
        StateWriteError: a file cannot be written.
    """
    result = CompilationResult("python", output_dir=out_dir)
    if not find_protos(proto_dir, result):
        return result
    with tempfile.TemporaryDirectory(prefix="swop-python-") as scratch:
        options = [f"--python_out={scratch}", f"--pyi_out={scratch}"]
        options += [f"--grpc_python_out={scratch}"] if grpc else []
        result.tool_invocation = "grpc_tools.protoc " + " ".join(options)
        names = [path.relative_to(proto_dir).as_posix() for path in result.proto_files]
        try:
            run_protoc(proto_dir, options, names)
        except ProtoError as error:
            result.ok, result.errors = False, list(error.problems)
            return result
        take_over(Path(scratch), result)
    return result


def find_protos(proto_dir: Path, result: CompilationResult) -> bool:
    """Note the `.proto` files below a folder; say whether there are any."""
    result.proto_files = sorted(proto_dir.rglob("*.proto")) if proto_dir.is_dir() else []
    if not result.proto_files:
        result.ok = False
        result.errors = [f"{proto_dir} holds no .proto file: run `swop gen proto`"]
    return result.ok


def take_over(scratch: Path, result: CompilationResult) -> None:
    """Bring what was made into the output folder, with imports that hold there."""
    folders = {scratch}
    for path in sorted(scratch.rglob("*.py*")):
        folders.update(parent for parent in path.parents if parent.is_relative_to(scratch))
        text = path.read_text(encoding="utf-8")
        write(path.relative_to(scratch), relative_imports(text, path.relative_to(scratch)), result)
    for folder in sorted(folders):
        write((folder / "__init__.py").relative_to(scratch), "", result)


def write(name: Path, text: str, result: CompilationResult) -> None:
    """Write one output."""
    if result.output_dir is not None:
        path = result.output_dir / name
        write_if_changed(path, text.encode())
        result.outputs.append(path)


def relative_imports(text: str, name: Path) -> str:
    """The text of a module of the output with imports relative to its package."""
    depth = len(name.parts)

    def relative(match: re.Match[str]) -> str:
        package, module, alias = match[1], match[2], match[3] or ""
        if package.startswith("google."):
            return match[0]
        if package == ".".join(name.parts[:-1]):
            return f"from . import {module}{alias}"
        return f"from {'.' * depth}{package} import {module}{alias}"

    return _FROM_TOP.sub(relative, text)


def program(name: str, *, near: Path, install: str, given: str | None = None) -> str:
    """Where a program is: as given, in a `node_modules` near a folder, or on the path.

    Raises:
        MissingToolError: it is nowhere.
    """
    folders = [near.absolute(), *near.absolute().parents]
    places = [str(folder / "node_modules/.bin" / name) for folder in folders]
    for place in [given] if given else [*places, name]:
        found = shutil.which(place)
        if found is not None:
            return found
    raise MissingToolError(given or name, install=install)

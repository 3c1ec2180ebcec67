"""`swop gen grpc-ts`: TypeScript for the `.proto` files, by a generator of the npm registry.

The compiler is the one of the extra `proto`; the generator is its plugin: protobuf-es
(`protoc-gen-es`) or ts-proto (`protoc-gen-ts_proto`), from the project's `node_modules`, from
the path, or as given. Nothing is downloaded.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ..errors import MissingToolError, ProtoError
from .compiling import run_protoc
from .grpc_python import CompilationResult, find_protos, program, write

_PLUGINS = {
    "es": "target=ts",
    "ts_proto": "outputServices=generic-definitions,esModuleInterop=true",
}
_INSTALL = "npm install --save-dev @bufbuild/protoc-gen-es @bufbuild/protobuf"


def compile_proto_typescript(
    proto_dir: Path, out_dir: Path, *, ts_plugin: str | None = None
) -> CompilationResult:
    """Compile every `.proto` file below a folder to TypeScript.

    `ts_plugin` is the path of `protoc-gen-es` or `protoc-gen-ts_proto`; by default the first
    of them that is installed near the files.

    Raises:
        MissingToolError: Node.js, the plugin or the extra `proto` is not installed.
        StateWriteError: a file cannot be written.
    """
    result = CompilationResult("typescript", output_dir=out_dir)
    if not find_protos(proto_dir, result):
        return result
    if shutil.which("node") is None:
        raise MissingToolError("Node.js", install="apt-get install nodejs npm, or nodejs.org")
    plugin = _plugin(proto_dir, ts_plugin)
    kind = "ts_proto" if Path(plugin).name.startswith("protoc-gen-ts_proto") else "es"
    with tempfile.TemporaryDirectory(prefix="swop-typescript-") as scratch:
        options = [
            f"--plugin=protoc-gen-{kind}={plugin}",
            f"--{kind}_out={scratch}",
            f"--{kind}_opt={_PLUGINS[kind]}",
        ]
        result.tool_invocation = "grpc_tools.protoc " + " ".join(options)
        names = [path.relative_to(proto_dir).as_posix() for path in result.proto_files]
        try:
            run_protoc(proto_dir, options, names)
        except ProtoError as error:
            result.ok, result.errors = False, list(error.problems)
            return result
        for path in sorted(Path(scratch).rglob("*.ts")):
            write(path.relative_to(scratch), path.read_text(encoding="utf-8"), result)
    return result


def _plugin(proto_dir: Path, given: str | None) -> str:
    if given is not None:
        return program(given, near=proto_dir, install=_INSTALL, given=given)
    try:
        return program("protoc-gen-es", near=proto_dir, install=_INSTALL)
    except MissingToolError as error:
        try:
            return program("protoc-gen-ts_proto", near=proto_dir, install=_INSTALL)
        except MissingToolError:
            raise error from None

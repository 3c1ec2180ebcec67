"""`swop gen`: everything that is generated from what a scan finds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .actions import GenManifests
from .contracts import GenGrpc, GenProto, GenServices
from .settings import ConfigOption, IncrementalOption, JsonOption, RootOption, run_of

gen = typer.Typer(no_args_is_help=True, help="Generate files from what a scan finds.")


@gen.command("manifests")
def manifests(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write.", show_default="<state_dir>/manifests"),
    ] = None,
    incremental: IncrementalOption = True,
    skip_heuristics: Annotated[
        bool, typer.Option("--skip-heuristics", help="Leave out what was only guessed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the manifests of every context; files whose bytes would not change stay untouched.

    With --mode OBSERVE nothing is written. With --mode STRICT nothing is written when a file
    could not be read.
    """
    action = GenManifests(
        mode=run_of(context).mode,
        root=root,
        config=config,
        incremental=incremental,
        out=out,
        skip_heuristics=skip_heuristics,
        as_json=as_json,
    )
    raise typer.Exit(action.run())


ManifestsOption = Annotated[
    Path | None,
    typer.Option(
        "--manifests", help="Where the manifests are.", show_default="<state_dir>/manifests"
    ),
]

ProtoOption = Annotated[
    Path | None,
    typer.Option(
        "--proto", help="Where the .proto files are.", show_default="<state_dir>/generated/proto"
    ),
]


@gen.command("proto")
def proto(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    manifests_dir: ManifestsOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write.", show_default="<state_dir>/generated/proto"),
    ] = None,
    renames: Annotated[
        bool | None,
        typer.Option(
            "--take-renames/--no-renames",
            help="Whether a field that looks renamed keeps its number.",
            show_default="stop and ask",
        ),
    ] = None,
) -> None:
    """Write a .proto file for every context, with the numbers of swop.lock.yml.

    The files are compiled before they are kept. What looks like a renamed field is shown first:
    nothing is written until --take-renames or --no-renames decides.
    """
    action = GenProto(
        mode=run_of(context).mode,
        root=root,
        config=config,
        manifests=manifests_dir,
        out=out,
        renames="ask" if renames is None else "take" if renames else "new",
    )
    raise typer.Exit(action.run())


@gen.command("grpc-python")
def grpc_python(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    proto: ProtoOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write.", show_default="<state_dir>/generated/python"),
    ] = None,
    no_grpc: Annotated[
        bool, typer.Option("--no-grpc", help="Messages only, without services.")
    ] = False,
) -> None:
    """Compile the .proto files to an importable Python package."""
    mode = run_of(context).mode
    action = GenGrpc(mode=mode, root=root, config=config, proto=proto, out=out, grpc=not no_grpc)
    raise typer.Exit(action.run())


@gen.command("grpc-ts")
def grpc_ts(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    proto: ProtoOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Where to write.", show_default="<state_dir>/generated/typescript"
        ),
    ] = None,
    plugin: Annotated[
        str | None,
        typer.Option(
            "--plugin",
            help="protoc-gen-es or protoc-gen-ts_proto.",
            show_default="from node_modules or PATH",
        ),
    ] = None,
) -> None:
    """Compile the .proto files to TypeScript, by protobuf-es or ts-proto."""
    action = GenGrpc(
        mode=run_of(context).mode,
        root=root,
        config=config,
        target="typescript",
        proto=proto,
        out=out,
        plugin=plugin,
    )
    raise typer.Exit(action.run())


@gen.command("services")
def services(
    context: typer.Context,
    *,
    root: RootOption = Path(),
    config: ConfigOption = None,
    manifests_dir: ManifestsOption = None,
    proto_python: Annotated[
        Path | None,
        typer.Option(
            "--proto-python",
            help="What `gen grpc-python` wrote.",
            show_default="compiled on the way",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Where to write.", show_default="<state_dir>/generated/services"
        ),
    ] = None,
    bus: Annotated[
        str | None,
        typer.Option(
            "--bus", help="memory, redis, rabbitmq or kafka.", show_default="bus.type of swop.yaml"
        ),
    ] = None,
    base_image: Annotated[
        str, typer.Option("--base-image", help="What the images are built on.")
    ] = "python:3.12-slim",
    grpc_port: Annotated[
        int, typer.Option("--grpc-port", min=1, max=65_000, help="The first context's port.")
    ] = 50051,
) -> None:
    """Write a gRPC server, a worker and container files for every context."""
    action = GenServices(
        mode=run_of(context).mode,
        root=root,
        config=config,
        manifests=manifests_dir,
        proto_python=proto_python,
        out=out,
        bus=bus,
        base_image=base_image,
        grpc_port=grpc_port,
    )
    raise typer.Exit(action.run())

"""The texts of generated files that are not copied as they are."""

from __future__ import annotations

import pprint
from collections.abc import Mapping, Sequence
from typing import Any

from ..proto.model import ProtoDraft

NOTE = "Written by `swop gen services`: change the code, not this file."
BUSES: dict[str, tuple[str, str, str]] = {
    # client to install, image to run, address inside of the composition
    "memory": ("", "", ""),
    "redis": ("redis>=5", "redis:7", "redis://bus:6379/0"),
    "rabbitmq": ("pika>=1.3", "rabbitmq:3", "amqp://guest:guest@bus:5672/%2F"),
    "kafka": ("kafka-python>=2.0.6", "apache/kafka:3.9.0", "bus:9092"),
}


def contract_text(
    draft: ProtoDraft, artifacts: Mapping[str, Any], *, bus: str, grpc_port: int
) -> str:
    """`contract.py`: what the context has, as plain data."""
    messages = {
        message.name: [
            [b.name, b.proto_name, b.shape, b.alias, b.nullable, b.has_default]
            for b in message.bindings
        ]
        for message in draft.messages
        if message.bindings or message.origin
    }
    parts = [
        f'"""What the context {draft.context} has. {NOTE}"""',
        f"CONTEXT = {draft.context!r}\nBUS = {bus!r}\nGRPC_PORT = {grpc_port}",
        f"ARTIFACTS = {_data(artifacts)}",
        f"MESSAGES = {_data(messages)}",
    ]
    return "\n\n".join(parts) + "\n"


def server_text(draft: ProtoDraft) -> str:
    """`server.py`: a servicer for each service, with a method for each artifact."""
    parts = [
        f'"""The gRPC server of the context {draft.context}. {NOTE}"""',
        "from typing import Any",
        f"from . import contract\nfrom . import {draft.ident}_pb2 as pb2\n"
        f"from . import {draft.ident}_pb2_grpc as pb2_grpc\n"
        "from .dispatch import Dispatcher\nfrom .serving import answered, serve",
    ]
    added = []
    for service in draft.services:
        name = service.name.replace("Service", "Servicer")
        lines = [
            f"\nclass {name}(pb2_grpc.{service.name}Servicer):",
            "    def __init__(self, dispatcher: Dispatcher) -> None:",
            "        self.dispatcher = dispatcher",
        ]
        for rpc in service.rpcs:
            call = f"self.dispatcher.{service.kind}"
            lines += [
                f"\n    def {rpc.name}(self, request: Any, context: Any) -> Any:",
                f"        return answered({call}, {rpc.key!r}, request, context)",
            ]
        parts.append("\n".join(lines))
        added.append(f"    pb2_grpc.add_{service.name}Servicer_to_server({name}(it), server)")
    body = "\n".join(added) or "    pass"
    parts.append(f"\ndef add_servicers(server: Any, it: Dispatcher) -> None:\n{body}")
    parts.append('\nif __name__ == "__main__":\n    serve(pb2, contract, add_servicers)')
    return "\n\n".join(parts) + "\n"


def worker_text(draft: ProtoDraft) -> str:
    """`worker.py`: what listens to the bus."""
    return (
        f'"""The worker of the context {draft.context}. {NOTE}"""\n\n'
        f"from . import contract\nfrom . import {draft.ident}_pb2 as pb2\n"
        "from .serving import work\n\n"
        'if __name__ == "__main__":\n    work(pb2, contract)\n'
    )


def requirements_text(bus: str, versions: Mapping[str, str]) -> str:
    """`requirements.txt`: at least what the code was generated with."""
    lines = [f"{name}>={version}" for name, version in sorted(versions.items())]
    client = BUSES[bus][0]
    return "\n".join([*lines, *([client] if client else [])]) + "\n"


def dockerfile_text(ident: str, source: str, base_image: str, grpc_port: int) -> str:
    """`Dockerfile`, to be built from the project's folder."""
    return f"""\
# {NOTE}
FROM {base_image}
WORKDIR /app
ARG SERVICE
COPY ${{SERVICE}}/requirements.txt /app/requirements.txt
RUN pip install --no-cache-dir -r requirements.txt
COPY {source} /app/source
COPY ${{SERVICE}} /app/{ident}_service
RUN useradd --system swop
USER swop
ENV PYTHONPATH=/app:/app/source SWOP_GRPC_HOST=0.0.0.0
EXPOSE {grpc_port}
CMD ["python", "-m", "{ident}_service.server"]
"""


def environment_text(bus: str, grpc_port: int) -> str:
    """`.env.example`."""
    url = BUSES[bus][2]
    return (
        f"# {NOTE}\nSWOP_BUS={bus}\nSWOP_BUS_URL={url}\nSWOP_GRPC_PORT={grpc_port}\n"
        "# A function that makes handlers from their classes, where they need arguments:\n"
        "# SWOP_HANDLERS=shop.wiring:make\n"
    )


def compose_text(services: Sequence[tuple[str, str, int]], *, bus: str, root: str) -> str:
    """`docker-compose.cqrs.yml`: (ident, folder below the project, port) of each context."""
    lines = [f"# {NOTE}", "services:"]
    image, url = BUSES[bus][1], BUSES[bus][2]
    if image:
        lines += ["  bus:", f"    image: {image}"]
    for ident, folder, port in services:
        for role in ("server", "worker"):
            if role == "worker" and bus == "memory":
                continue
            lines += [
                f"  {ident.replace('_', '-')}-{role}:",
                "    build:",
                f"      context: {root}",
                f"      dockerfile: {folder}/Dockerfile",
                "      args:",
                f"        SERVICE: {folder}",
                f'    command: ["python", "-m", "{ident}_service.{role}"]',
                "    environment:",
                f"      SWOP_BUS: {bus}",
                f'      SWOP_BUS_URL: "{url}"',
                f'      SWOP_GRPC_PORT: "{port}"',
            ]
            lines += ["    depends_on: [bus]"] if image else []
            if role == "server":
                lines += ["    ports:", f'      - "127.0.0.1:{port}:{port}"']
    return "\n".join(lines) + "\n"


def readme_text(services: Sequence[tuple[str, str, int]], *, bus: str) -> str:
    """`README.md` of the generated services."""
    rows = "\n".join(f"| {ident} | {port} |" for ident, _, port in services)
    return f"""\
# Services

{NOTE}

| context | gRPC port |
|---|---|
{rows}

Each folder is a package: `python -m CONTEXT.server` answers gRPC calls on loopback, and
`python -m CONTEXT.worker` takes messages from the bus ({bus}). The project's own code must be
on `PYTHONPATH`, and `requirements.txt` installed. `docker compose -f docker-compose.cqrs.yml up`
runs everything in containers.

Handlers are made without arguments; `SWOP_HANDLERS=module:function` names a function that makes
them from their classes. A handler that returns events has them published.
"""


def _data(value: Any) -> str:
    return pprint.pformat(value, width=98, sort_dicts=False)

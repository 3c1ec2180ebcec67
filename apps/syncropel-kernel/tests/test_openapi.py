"""The OpenAPI document, and a fuzzer that believes it."""

import json

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from syncropel.kernel import KernelLimits
from syncropel.kernel.doors import READS, WRITES
from syncropel_kernel.server.openapi import document

from .serving import Server

SCHEMA = schemathesis.openapi.from_dict(document(KernelLimits()))
OURS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)


def test_every_door_is_documented() -> None:
    """The doors that answer JSON are the paths of the document, with the same methods."""
    documented = {
        (path.replace("{thread}", "*").replace("{id}", "*"), method.upper())
        for path, methods in document(KernelLimits())["paths"].items()
        for method in methods
    }
    doors = {(path, method) for path, methods in READS.items() for method in methods}
    doors |= {(path, "POST") for path in WRITES}
    assert documented == doors - {("/v1/threads/*/watch", "GET")}


def test_the_document_is_served(server: Server) -> None:
    """Programs find it where they look for it."""
    with server.http() as http:
        assert http.get("/openapi.json").json() == json.loads(json.dumps(document(KernelLimits())))


@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_it_can_think_of_is_a_fault(case: schemathesis.Case, server: Server) -> None:
    """Whatever is sent, valid or not, the answer is a documented one, and never a 5xx."""
    case.call_and_validate(base_url=server.url, checks=list(OURS))

"""The OpenAPI document: whole, with examples, and nothing that it allows is a fault of ours."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from swarmcode_server import add_key

FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TOKEN: dict[str, str] = {}


@pytest.fixture(scope="module")
def documented(
    recorded_server: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    TOKEN["key"] = add_key(keys, "all", tools=True, admin=True)
    with recorded_server(keys_file=keys, workspace_dir=Path("/nowhere")) as server:
        yield server


def test_nothing_that_is_allowed_or_not_is_a_fault_of_ours(documented: Any) -> None:
    """Whatever is made from the document: no 5xx, and every error is an error object."""
    document = schemathesis.openapi.from_url(f"{documented.url}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    for operation in operations:

        @FEW
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            response = case.call(headers={"authorization": f"Bearer {TOKEN['key']}"}, timeout=20)
            assert response.status_code < 500, response.text
            if response.status_code >= 400:
                error = json.loads(response.text)["error"]
                assert set(error) == {"message", "type", "param", "code"}

        check()
    assert len(operations) >= 10


def test_every_request_has_an_example(http: httpx.Client) -> None:
    """And every route says what it does, and which errors it has."""
    document = http.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert told["description"], path
            if method == "post":
                reference = told["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                assert schemas[reference.rpartition("/")[2]]["examples"], path
                assert {"400", "401", "413", "429", "503"} <= set(told["responses"]), path

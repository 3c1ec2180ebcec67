"""The conformance vectors: what every implementation of the protocol has to agree on.

JSON files beside this module, so that the client, the mock, a kernel in another package and a
checker in another language all read the same ones. Values are kept as JSON *text* where the
spelling of a number matters.
"""

import json
from importlib.resources import files
from typing import Any, Final

FILES: Final = (
    "kinds", "canonical", "ids", "envelopes", "refs", "dids", "signatures", "interop",
)  # fmt: skip


def load(name: str) -> list[dict[str, Any]]:
    """Return the vectors of one file; each has a `name` of its own."""
    vectors: list[dict[str, Any]] = json.loads(
        files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    )
    return vectors

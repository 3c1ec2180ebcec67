"""One document, one form: typed, frozen, canonical, versioned by a JSON Schema."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarmcode_registry import (
    AgentFile,
    AgentManifest,
    ManifestError,
    RegistryError,
    UnknownSchemaError,
    json_schema,
)
from swarmcode_registry.canonical import canonical, read_json
from swarmcode_registry.manifest import tree_hash

SCHEMA = json.loads(
    (files("swarmcode_registry") / "agent-manifest-1.schema.json").read_text("utf-8")
)


@pytest.fixture
def manifest(agent: Path) -> AgentManifest:
    return AgentManifest.from_bytes((agent / "manifest.json").read_bytes())


VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_committed_schema_is_the_models() -> None:
    """Other languages read the committed file; it must say what the code does."""
    assert json_schema() == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_published_manifest_satisfies_the_schema(manifest: AgentManifest) -> None:
    """As an independent validator reads it."""
    VALIDATOR.validate(manifest.to_dict())


def test_bytes_go_round(manifest: AgentManifest) -> None:
    """Read and written again, a manifest is the same bytes; its digest is theirs."""
    data = manifest.to_bytes()
    assert AgentManifest.from_bytes(data) == manifest
    assert manifest.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert rfc8785.dumps(json.loads(data)) == data


def test_a_manifest_is_frozen(manifest: AgentManifest) -> None:
    """What was read cannot be changed."""
    with pytest.raises(ValueError, match="frozen"):
        manifest.name = "other"  # type: ignore[misc]


def test_names_are_part_of_the_hash() -> None:
    """Two files that change places are another agent."""
    one, two = "11" * 32, "22" * 32
    straight = [AgentFile(path="a", size=1, sha256=one), AgentFile(path="b", size=1, sha256=two)]
    crossed = [AgentFile(path="a", size=1, sha256=two), AgentFile(path="b", size=1, sha256=one)]
    renamed = [AgentFile(path="a", size=1, sha256=one), AgentFile(path="c", size=1, sha256=two)]
    assert len({tree_hash(straight), tree_hash(crossed), tree_hash(renamed)}) == 3
    assert tree_hash(reversed(straight)) == tree_hash(straight)


def test_the_hash_can_be_computed_by_hand() -> None:
    """The documented recipe: a prefix, and the canonical list of path, sha256 and size."""
    entry = AgentFile(path="a", size=3, sha256="11" * 32)
    listing = '[{"path":"a","sha256":"' + "11" * 32 + '","size":3}]'
    expected = hashlib.sha256(b"swarmcode-files/1" + listing.encode()).hexdigest()
    assert tree_hash([entry]) == f"sha256:{expected}"


def edited(manifest: AgentManifest, **fields: Any) -> bytes:
    document = {**manifest.to_dict(), **fields}
    return rfc8785.dumps({key: value for key, value in document.items() if value != "ABSENT"})


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"name": "Alice"}, "name", id="name"),
        pytest.param({"version": "1"}, "version", id="version"),
        pytest.param({"name": 7}, "name", id="type"),
        pytest.param({"surprise": 1}, "surprise", id="extra-field"),
        pytest.param({"files": []}, "files", id="no-files"),
        pytest.param({"files": "ABSENT"}, "files", id="field-missing"),
        pytest.param({"license": None}, "canonical", id="explicit-null"),
        pytest.param({"created_at": "yesterday"}, "created_at", id="moment"),
        pytest.param({"signature": "0x12"}, "signature", id="short-signature"),
        pytest.param({"signature": "0x" + "AB" * 65}, "signature", id="upper-case-signature"),
        pytest.param({"signing": "ABSENT"}, "by whom", id="signature-by-nobody"),
        pytest.param({"capabilities": ["x"] * 2 + [1]}, "capabilities.2", id="nested-type"),
        pytest.param({"evaluation": {"examples": 3, "pass_rate": 1.5}}, "pass_rate", id="rate"),
        pytest.param({"evaluation": {"examples": 3.5}}, "examples", id="fraction"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(
    manifest: AgentManifest, fields: dict[str, Any], says: str
) -> None:
    """One line that says where."""
    with pytest.raises(ManifestError) as caught:
        AgentManifest.from_bytes(edited(manifest, **fields))
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_files_must_be_sorted_apart_and_summed_up(manifest: AgentManifest) -> None:
    """The list of files has one order, and the numbers about it are true."""
    listed = manifest.to_dict()["files"]
    adapter = manifest.to_dict()["adapter"]
    for wrong in (listed[::-1], listed + listed[-1:], listed[1:]):
        with pytest.raises(ManifestError):
            AgentManifest.from_bytes(edited(manifest, files=wrong))
    for field, value in (("size", 1), ("hash", "sha256:" + "0" * 64)):
        with pytest.raises(ManifestError, match=rf"adapter\.{field}"):
            AgentManifest.from_bytes(edited(manifest, adapter={**adapter, field: value}))


@pytest.mark.parametrize(
    "schema", ["swarmcode-agent/2", "swarmcode-agent/0", "", None, 1, "ABSENT"]
)
def test_an_unknown_version_is_named(manifest: AgentManifest, schema: Any) -> None:
    """Of a later version nothing is guessed."""
    with pytest.raises(UnknownSchemaError, match="this package reads 'swarmcode-agent/1'"):
        AgentManifest.from_bytes(edited(manifest, schema=schema))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda b: b + b"\n", id="newline-after"),
        pytest.param(lambda b: b" " + b, id="space-before"),
        pytest.param(lambda b: b.replace(b'":', b'": ', 1), id="space-inside"),
        pytest.param(lambda b: b"\xef\xbb\xbf" + b, id="byte-order-mark"),
        pytest.param(lambda b: b.replace(b"Qwen/", b"Qwen\\/", 1), id="escaped-slash"),
        pytest.param(lambda b: b.replace(b"Qwen/", b"\\u0051wen/", 1), id="escaped-letter"),
        pytest.param(lambda b: b.replace(b'"author":"",', b"", 1), id="default-left-out"),
        pytest.param(lambda b: json.dumps(json.loads(b)).encode(), id="plain-json"),
        pytest.param(lambda b: json.dumps(json.loads(b), indent=2).encode(), id="indented"),
        pytest.param(lambda b: b'{"author":"",' + b[1:], id="key-twice"),
        pytest.param(lambda b: b[:-1] + b',"version":"1.0.0"}', id="key-twice-at-the-end"),
        pytest.param(lambda b: b.decode().encode("utf-16"), id="utf-16"),
        pytest.param(lambda b: b[: len(b) // 2], id="half"),
        pytest.param(lambda b: b"[" * 100_000, id="deep"),
        pytest.param(lambda b: b'{"schema":' + b"9" * 5000 + b"}", id="long-number"),
        pytest.param(lambda b: b'{"schema":NaN}', id="nan"),
        pytest.param(lambda b: b'{"a":"' + b"x" * (4 << 20) + b'"}', id="huge"),
    ],
)
def test_any_other_way_of_writing_it_is_refused(manifest: AgentManifest, change: Any) -> None:
    """There is one byte sequence for each manifest."""
    with pytest.raises(ManifestError):
        AgentManifest.from_bytes(change(manifest.to_bytes()))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not 2**53 <= abs(x) < 1e21)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(extensions=st.dictionaries(st.text("abc.", min_size=1, max_size=8), JSON, max_size=4))
def test_extensions_hold_any_json(extensions: dict[str, Any]) -> None:
    """There is room for what this version does not know, nulls and all; it goes round."""
    entry = AgentFile(path="a", size=1, sha256="11" * 32)
    made = AgentManifest.build(
        name="a",
        version="1.0.0",
        created_at="2026-01-01T00:00:00Z",
        base_model="b",
        files=[entry],
        adapter={
            "hash": tree_hash([entry]), "size": 1, "tensors": 1, "parameters": 1, "dtypes": ["F32"],
        },
        extensions=extensions,
    )  # fmt: skip
    data = made.to_bytes()
    assert AgentManifest.from_bytes(data).to_bytes() == data
    assert json.loads(data)["extensions"] == extensions
    VALIDATOR.validate(json.loads(data))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_our_error(data: bytes) -> None:
    """A parser of untrusted bytes has one kind of failure."""
    with pytest.raises(ManifestError):
        AgentManifest.from_bytes(data)


@given(JSON)
def test_the_strict_reader_reads_what_was_written(value: Any) -> None:
    """Canonical bytes read back to the same value, and canonicalise to themselves."""
    data = canonical(value)
    assert canonical(read_json(data)) == data


def test_build_names_the_field(manifest: AgentManifest) -> None:
    """A wrong Python value is one line too."""
    with pytest.raises(RegistryError, match=r"^manifest, version: "):
        AgentManifest.build(**{**manifest.to_dict(), "version": "one"})

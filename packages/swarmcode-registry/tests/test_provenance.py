"""Provenance in the form that supply-chain tools read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1.statement import Statement

from swarmcode_registry import (
    Material,
    ProvenanceLink,
    Release,
    SigningKey,
    TrainingRun,
    VerificationError,
    check_provenance,
    verify,
    write_provenance,
)

Releasing = Callable[..., Release]

RUN = TrainingRun(
    builder="https://example.org/trainers/alice",
    materials=(
        Material("https://example.org/models/qwen", {"gitCommit": "ab" * 20}),
        Material("file:data/training.jsonl", {"sha256": "cd" * 32}),
    ),
    parameters={"lora_r": 64, "seed": 42},
    invocation="run-7",
    started=datetime(2026, 1, 1, tzinfo=UTC),
    finished=datetime(2026, 1, 2, tzinfo=UTC),
)


@pytest.fixture
def proven(adapter: Path, release: Releasing) -> Path:
    link = write_provenance(adapter, RUN)
    made = release(provenance=(link,))
    (adapter / "manifest.json").write_bytes(made.manifest.to_bytes())
    return adapter


def test_the_in_toto_library_accepts_the_statement(proven: Path) -> None:
    """The project's own types read it and find it valid."""
    document = json.loads((proven / "provenance.intoto.json").read_text())
    statement = Statement.copy_from_pb(json_format.ParseDict(document, Statement([], "", {}).pb))
    statement.validate()
    assert {subject.name for subject in statement.pb.subject} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "tokenizer/vocab.txt",
    }
    predicate = json_format.ParseDict(document["predicate"], provenance_pb2.Provenance())
    assert predicate.build_definition.build_type
    assert predicate.run_details.builder.id == "https://example.org/trainers/alice"
    assert [m.uri for m in predicate.build_definition.resolved_dependencies][1].startswith("file:")


def test_the_manifest_links_to_it_and_it_verifies(proven: Path, key: SigningKey) -> None:
    """Covered by the manifest's signature, and about this agent's files."""
    manifest = verify(proven, expect=key.address).manifest
    statement = check_provenance(proven, manifest)
    assert statement is not None
    assert statement["predicate"]["runDetails"]["metadata"]["invocationId"] == "run-7"


def test_a_manifest_without_one_has_none(agent: Path, key: SigningKey) -> None:
    """It is not asked for."""
    assert check_provenance(agent, verify(agent, expect=key.address).manifest) is None


def test_writing_it_again_is_the_same(adapter: Path) -> None:
    """It does not name itself, and its bytes are canonical."""
    assert write_provenance(adapter, RUN) == write_provenance(adapter, RUN)


def test_a_statement_about_other_files_is_refused(
    adapter: Path, release: Releasing, key: SigningKey
) -> None:
    """A provenance that was made before the weights changed."""
    link = write_provenance(adapter, RUN)
    (adapter / "README.md").write_text("# changed after it")
    made = release(provenance=(link,))
    (adapter / "manifest.json").write_bytes(made.manifest.to_bytes())
    with pytest.raises(VerificationError, match="about other files"):
        verify(adapter, expect=key.address)


@pytest.mark.parametrize("content", ["{}", "[]", "x", '{"subject": 1}'])
def test_what_is_no_statement_is_refused(
    adapter: Path, release: Releasing, key: SigningKey, content: str
) -> None:
    """A link to something else."""
    import hashlib

    (adapter / "provenance.intoto.json").write_text(content)
    digest = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    link = ProvenanceLink(kind="slsa-provenance", uri="provenance.intoto.json", digest=digest)
    made = release(provenance=(link,))
    (adapter / "manifest.json").write_bytes(made.manifest.to_bytes())
    with pytest.raises(VerificationError, match="is not an in-toto statement"):
        verify(adapter, expect=key.address)


def test_a_link_that_leads_nowhere_is_refused(
    release: Releasing, adapter: Path, key: SigningKey
) -> None:
    """The file must be one of the agent's."""
    link = ProvenanceLink(kind="slsa-provenance", uri="nowhere.json")
    made = release(provenance=(link,))
    (adapter / "manifest.json").write_bytes(made.manifest.to_bytes())
    with pytest.raises(VerificationError, match="not one of its files"):
        verify(adapter, expect=key.address)

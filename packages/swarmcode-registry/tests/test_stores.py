"""Every store keeps the same promises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from swarmcode_registry import (
    AgentManifest,
    NotFoundError,
    Progress,
    Reference,
    Release,
    SigningKey,
    Store,
    StoreError,
    VersionExistsError,
    YankedError,
    list_agents,
    pull,
    show,
)

Releasing = Callable[..., Release]


@pytest.fixture(params=["local", "oci", "ipfs", "s3", "hub"])
def anywhere(request: pytest.FixtureRequest) -> Store:
    """Each store, empty, and the real thing behind it."""
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_pushed_is_pulled_byte_for_byte(
    anywhere: Store, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """Every file, at its path, and the manifest beside them."""
    made = release()
    pushed = anywhere.push(made)
    assert pushed.reference == "alice/fixer:1.0.0"
    assert pushed.digest == made.manifest.digest
    target = tmp_path / "pulled"
    verified = pull("alice/fixer", store=anywhere, into=target, expect=key.address)
    assert verified.folder == target
    expected = contents(made.folder) | {"manifest.json": made.manifest.to_bytes()}
    assert contents(target) == expected


def test_only_missing_blobs_travel(anywhere: Store, release: Releasing, adapter: Path) -> None:
    """The next version sends what changed, and its manifest."""
    first = anywhere.push(release("1.0.0"))
    assert len(first.sent) == 5
    (adapter / "README.md").write_text("# changed\n")
    events: list[Progress] = []
    second = anywhere.push(release("1.1.0"), on_progress=events.append)
    assert set(second.sent) == {"README.md", "manifest.json"}
    assert len(second.skipped) == 3
    assert {event.path for event in events if event.step == "skip"} == set(second.skipped)


def test_a_version_is_published_once(anywhere: Store, release: Releasing, adapter: Path) -> None:
    """The same again is no error; other content under the same version is."""
    made = release()
    anywhere.push(made)
    assert anywhere.push(made).sent == ()
    (adapter / "README.md").write_text("# other\n")
    with pytest.raises(VersionExistsError, match="choose another version"):
        anywhere.push(release())
    entry = anywhere.index("alice/fixer").entry("1.0.0")
    assert anywhere.manifest("alice/fixer", entry) == made.manifest.to_bytes()


def test_versions_tags_latest_and_yank(anywhere: Store, release: Releasing) -> None:
    """`latest` is the highest final version that was not yanked; a tag is moved by hand."""
    for version in ("1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"):
        anywhere.push(release(version))
    index = anywhere.index("alice/fixer")
    assert [entry.version for entry in index.versions] == ["1.0.0", "1.9.0", "1.10.0", "2.0.0-rc.1"]
    assert index.latest is not None
    assert index.latest.version == "1.10.0"
    anywhere.tag("alice/fixer", "stable", "1.9.0")
    anywhere.yank("alice/fixer", "1.10.0", reason="overfitted")
    index = anywhere.index("alice/fixer")
    assert index.latest is not None
    assert index.latest.version == "1.9.0"
    assert index.resolve(Reference.parse("alice/fixer:stable")).version == "1.9.0"
    with pytest.raises(YankedError, match="overfitted") as caught:
        index.resolve(Reference.parse("alice/fixer:1.10.0"))
    assert caught.value.reason == "overfitted"
    pinned = index.entry("1.10.0").digest
    assert index.resolve(Reference.parse(f"alice/fixer@{pinned}")).version == "1.10.0"
    anywhere.tag("alice/fixer", "stable", "1.0.0")
    shown = show("alice/fixer:stable", store=anywhere)
    assert (shown.manifest.version, shown.tags) == ("1.0.0", ("stable",))


def test_agents_are_listed(anywhere: Store, release: Releasing) -> None:
    """Names with and without a namespace, sorted."""
    assert anywhere.agents() == []
    for name in ("zeta", "alice/fixer", "alice/fixer-2"):
        anywhere.push(release(name=name))
    assert anywhere.agents() == ["alice/fixer", "alice/fixer-2", "zeta"]
    assert [index.name for index in list_agents(anywhere)] == anywhere.agents()


def test_what_is_not_there_is_said(anywhere: Store, release: Releasing) -> None:
    """An agent, a version, a tag, a digest."""
    with pytest.raises(NotFoundError):
        anywhere.index("nobody")
    anywhere.push(release())
    index = anywhere.index("alice/fixer")
    for text in ("alice/fixer:9.9.9", "alice/fixer:nightly", f"alice/fixer@sha256:{'0' * 64}"):
        with pytest.raises(NotFoundError):
            index.resolve(Reference.parse(text))
    with pytest.raises(NotFoundError):
        anywhere.tag("alice/fixer", "stable", "9.9.9")
    with pytest.raises(NotFoundError):
        anywhere.yank("alice/fixer", "9.9.9")


def test_a_file_that_changes_while_it_is_pushed_publishes_nothing(
    anywhere: Store, release: Releasing, adapter: Path
) -> None:
    """A release is what was signed, or it is not there."""
    made = release()
    weights = adapter / "adapter_model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    with pytest.raises((StoreError, ValueError, RuntimeError)):
        anywhere.push(made)
    with pytest.raises(NotFoundError):
        anywhere.index("alice/fixer").entry("1.0.0")
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(Exception, match=r"changed|is not the one"):
        anywhere.push(made)
    with pytest.raises(NotFoundError):
        anywhere.index("alice/fixer").entry("1.0.0")


def test_a_manifest_comes_back_as_it_was(anywhere: Store, release: Releasing) -> None:
    """Signed bytes are not touched on the way."""
    made = release(description="naïve – ✓")
    anywhere.push(made)
    data = anywhere.manifest("alice/fixer", anywhere.index("alice/fixer").versions[0])
    assert AgentManifest.from_bytes(data) == made.manifest

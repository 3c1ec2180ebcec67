"""The Hub's cache layout, read by the Hub's own library, without a network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import scan_cache_dir, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import LocalEntryNotFoundError

from swarmcode_registry import BadReferenceError, Release, Store

Releasing = Callable[..., Release]


def cache(store: Store) -> Path:
    return Path(store.address.removeprefix("hub:"))


def test_the_hubs_library_finds_every_version(
    hub_store: Store, release: Releasing, adapter: Path
) -> None:
    """By version, by tag, and by `main`, which is the latest; file by file and as a whole."""
    hub_store.push(release("1.0.0"))
    (adapter / "README.md").write_text("# the second\n")
    hub_store.push(release("1.1.0"))
    hub_store.tag("alice/fixer", "stable", "1.0.0")

    def downloaded(revision: str | None) -> str:
        return snapshot_download(
            "alice/fixer", revision=revision, cache_dir=cache(hub_store), local_files_only=True
        )

    assert downloaded(None) == downloaded("1.1.0") != downloaded("1.0.0") == downloaded("stable")
    assert (Path(downloaded("1.1.0")) / "README.md").read_text() == "# the second\n"
    found = try_to_load_from_cache(
        "alice/fixer", "tokenizer/vocab.txt", cache_dir=cache(hub_store), revision="1.0.0"
    )
    assert isinstance(found, str)
    assert Path(found).read_text() == "def\nclass\nreturn\n"
    hub_store.yank("alice/fixer", "1.1.0")
    assert downloaded(None) == downloaded("1.0.0")
    with pytest.raises(LocalEntryNotFoundError):
        downloaded("9.9.9")


def test_the_hubs_library_finds_nothing_amiss(hub_store: Store, release: Releasing) -> None:
    """Its own inventory lists the agent, its revisions and its files, and warns of nothing."""
    hub_store.push(release("1.0.0"))
    hub_store.push(release("1.1.0"))
    inventory = scan_cache_dir(cache(hub_store))
    assert inventory.warnings == []
    [repository] = inventory.repos
    assert (repository.repo_id, repository.repo_type) == ("alice/fixer", "model")
    assert len(repository.revisions) == 2
    assert {ref for revision in repository.revisions for ref in revision.refs} == {
        "1.0.0",
        "1.1.0",
        "main",
    }


@pytest.mark.parametrize("name", ["a/b/c", "alice/fix--er"])
def test_names_that_the_hub_cannot_hold(hub_store: Store, release: Releasing, name: str) -> None:
    """Refused before anything is written."""
    with pytest.raises(BadReferenceError, match="cannot be a name on the Hub"):
        hub_store.push(release(name=name))
    assert not cache(hub_store).exists()

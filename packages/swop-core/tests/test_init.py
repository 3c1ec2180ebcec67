"""`init_project`: a start that can be committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from swop import StateWriteError, init_project, load_config


def test_a_fresh_project(tmp_path: Path) -> None:
    """The configuration loads, and git will see the manifests."""
    result = init_project(tmp_path, name="my: shop")
    config = load_config(tmp_path / "swop.yaml")
    assert (config.project, config.source_roots, config.warnings) == ("my: shop", ["."], [])
    ignored = (tmp_path / ".gitignore").read_text().splitlines()
    assert ".swop/cache/" in ignored
    assert ".swop/" not in ignored
    assert "manifests" not in (tmp_path / ".swop/.gitignore").read_text().replace("Manifests", "")
    assert len(result.created) == 3


def test_again_changes_nothing(tmp_path: Path) -> None:
    """What exists stays; `force` writes the configuration anew."""
    init_project(tmp_path)
    (tmp_path / "swop.yaml").write_text("version: 1\nproject: mine\n")
    again = init_project(tmp_path)
    assert (again.created, again.updated, len(again.unchanged)) == ([], [], 3)
    assert load_config(tmp_path).project == "mine"
    assert init_project(tmp_path, force=True).updated == [tmp_path / "swop.yaml"]


def test_gitignore_is_added_to(tmp_path: Path) -> None:
    """Lines of others stay; with `gitignore=False` the file is left alone."""
    (tmp_path / ".gitignore").write_text("build/")
    init_project(tmp_path, gitignore=False)
    assert (tmp_path / ".gitignore").read_text() == "build/"
    init_project(tmp_path)
    assert (tmp_path / ".gitignore").read_text().startswith("build/\n\n# swop\n.swop/cache/\n")


def test_no_such_folder(tmp_path: Path) -> None:
    """One line says what is missing."""
    with pytest.raises(StateWriteError, match="no such folder"):
        init_project(tmp_path / "none")

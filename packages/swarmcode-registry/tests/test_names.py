"""Names that every store can hold, and paths that stay where they belong."""

import itertools
import os
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_registry import BadReferenceError, Reference, UnsafeFileError, Version
from swarmcode_registry.names import agent_name, apart, confined, tag_name

# The example list of Semantic Versioning 2, in its order.
ASCENDING = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "2.0.0",
    "2.1.0",
    "2.1.1",
    "10.0.0",
]


def test_versions_are_ordered_as_semantic_versioning_says() -> None:
    """Every pair of the specification's own list."""
    for lower, higher in itertools.combinations(ASCENDING, 2):
        assert Version(lower) < Version(higher)
        assert not Version(higher) < Version(lower)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "01.0.0",
        "1.0.0-",
        "1.0.0-01",
        "1.0.0+build",
        "v1.0.0",
        "1.0.0\n",
        "\u0661.0.0",
    ],
)
def test_what_is_no_version_is_refused(text: str) -> None:
    """One way of writing each version."""
    with pytest.raises(BadReferenceError, match="is not a version"):
        Version(text)


@pytest.mark.parametrize(
    ("text", "name", "label", "digest"),
    [
        pytest.param("fixer", "fixer", "latest", None, id="name"),
        pytest.param("alice/fixer:1.2.3", "alice/fixer", "1.2.3", None, id="version"),
        pytest.param("alice/fixer:stable", "alice/fixer", "stable", None, id="tag"),
        pytest.param(
            f"fixer@sha256:{'a' * 64}", "fixer", "latest", f"sha256:{'a' * 64}", id="digest"
        ),
    ],
)
def test_references(text: str, name: str, label: str, digest: str | None) -> None:
    """NAME, NAME:VERSION, NAME:TAG, NAME@digest."""
    assert Reference.parse(text) == Reference(name, label, digest)


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "@", "Fixer", "a//b", "/a", "a/", "../a", "a b", "a:1.0", "a:", "a@", "a\n"),
        *("a@sha256:abc", f"a@sha256:{'A' * 64}", f"a@md5:{'a' * 32}", "a" * 129, "a:b:c", "a..b"),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    """One line that quotes what was wrong."""
    with pytest.raises(BadReferenceError) as caught:
        Reference.parse(text)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("tag", ["latest", "1.0.0", "", "-a", "a b", "sha256-abc", "yanked.1.0.0"])
def test_tags_that_the_registry_keeps_or_cannot_keep(tag: str) -> None:
    """A tag is not a version, and none of the registry's own."""
    with pytest.raises(BadReferenceError):
        tag_name(tag)


ESCAPES = [
    *("", ".", "..", "/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a/", "~/../x/.."),
    *("C:/x", "C:x", "a\\b", "..\\x", "\\\\host\\share", "a:stream", "nul", "COM1.txt", "a/aux.c"),
    *("a\x00b", "a\nb", "a\u202eb", "a\u200b", "a ", "a.", " a", "e\u0301", "a*", "a?", "\ud800"),
    *(
        "manifest.json",
        "Manifest.JSON",
        "manifest.json/x",
        "model.sig",
        "x" * 256,
        "x/" * 600 + "x",
    ),
]


@pytest.mark.parametrize("path", ESCAPES, ids=range(len(ESCAPES)))
def test_a_path_that_could_leave_or_deceive_is_refused(path: str) -> None:
    """Whatever operating system reads it."""
    with pytest.raises(UnsafeFileError) as caught:
        confined(path)
    assert str(caught.value).isascii()
    assert len(str(caught.value).splitlines()) == 1


@given(st.text(max_size=40))
def test_a_path_that_is_let_through_stays_inside(path: str) -> None:
    """On POSIX and on Windows, as their own rules see it."""
    try:
        confined(path)
    except UnsafeFileError:
        return
    assert not PurePosixPath(path).is_absolute()
    windows = PureWindowsPath(path)
    assert not windows.drive
    assert not windows.root
    assert ".." not in windows.parts
    assert os.path.normpath(path) == path
    assert Path("/folder", path).resolve().is_relative_to("/folder")


@given(st.lists(st.sampled_from("abz019.-_/+:@ AÉ"), max_size=20).map("".join))
def test_an_agents_name_is_an_oci_repository_name(name: str) -> None:
    """Checked against the grammar of the distribution specification."""
    import re

    grammar = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
    try:
        accepted = agent_name(name) == name
    except BadReferenceError:
        accepted = False
    assert accepted == bool(re.fullmatch(grammar, name))


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(["README.md", "readme.md"], id="case"),
        pytest.param(["a/b", "A"], id="file-and-folder"),
        pytest.param(["straße", "STRASSE"], id="sharp-s"),
        pytest.param(["\ufb01", "fi"], id="ligature"),
        pytest.param(["a", "a"], id="twice"),
    ],
)
def test_paths_that_fall_together_somewhere_are_refused(paths: list[str]) -> None:
    """Two files on Linux and one on a Mac are not the same agent."""
    with pytest.raises(UnsafeFileError):
        apart(paths)

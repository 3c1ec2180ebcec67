"""What `.ci/release_check.py` lets through, and what it refuses, on real trees with real tags."""

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / ".ci" / "release_check.py"

CHANGELOG = """# Changelog

## [Unreleased]

## [0.3.0] - 2026-11-20

### Added

- What people asked for.

## [0.2.0] - 2026-01-05

### Added

- The beginning.
"""


@pytest.fixture(scope="module")
def satisfies() -> Callable[[str, str], bool]:
    """The script's own reading of a range, without starting a process for each."""
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        return runpy.run_path(str(SCRIPT))["satisfies"]
    finally:
        sys.path.remove(str(SCRIPT.parent))


def write_member(
    root: Path,
    folder: str,
    name: str,
    *,
    dependencies: str = "",
    extra: str = "",
    version: str = "0.3.0",
    changelog: str = CHANGELOG,
) -> None:
    home = root / folder
    package = home / "src" / name.replace("-", "_")
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (home / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    (home / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
        f"dependencies = [{dependencies}]\n"
        f"[project.optional-dependencies]\nmore = [{extra}]\n",
        encoding="utf-8",
    )


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=T", "-c", "user.email=t@example.invalid", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
        timeout=30,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A workspace of a leaf, a library on it, and a program on both, in a git repository."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.uv.workspace]\nmembers = ["packages/*", "apps/*"]\n', encoding="utf-8"
    )
    write_member(tmp_path, "packages/leaf", "leaf", dependencies='"httpx>=0.27"')
    write_member(
        tmp_path, "packages/tree-top", "tree-top", dependencies='"leaf[more]>=0.3,<0.4; 1 == 1"'
    )
    write_member(
        tmp_path,
        "apps/a-program",
        "a-program",
        dependencies='"leaf~=0.3.0"',
        extra='"tree-top>=0.3"',
    )
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "state")


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, "--root", root, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


def refusals(root: Path, tag: str) -> list[str]:
    checked = run(root, tag)
    assert checked.returncode == 1, checked.stderr
    assert checked.stdout == ""
    return checked.stderr.splitlines()


# ── what passes ───────────────────────────────────────────────────────────────────────────────


def test_a_leaf_whose_three_places_agree_is_released(house: Path) -> None:
    """What the workflow builds is told in the lines that it reads."""
    checked = run(house, "leaf-v0.3.0")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.splitlines() == [
        "distribution=leaf",
        "folder=packages/leaf",
        "module=leaf",
        "version=0.3.0",
    ]


def test_a_chain_is_released_leaves_first(house: Path) -> None:
    """Each release is refused until those below it are tagged, and passes from then on."""
    order = run(house, "--order").stdout.split()
    assert order == ["leaf", "tree-top", "a-program"]
    for name, below in zip(order[1:], order, strict=False):
        assert f"release {below} first" in "\n".join(refusals(house, f"{name}-v0.3.0"))
        git(house, "tag", f"{below}-v0.3.0")
        assert run(house, f"{name}-v0.3.0").returncode == 0


def test_the_order_of_this_workspace_has_every_member_after_its_siblings() -> None:
    """The real workspace has an order, and the order is true."""
    members = runpy.run_path(str(ROOT / ".ci" / "members.py"))["read_members"]()
    order = run(ROOT, "--order").stdout.split()
    assert sorted(order) == sorted(members)
    for name, member in members.items():
        assert all(order.index(sibling) < order.index(name) for sibling in member.siblings)


# ── what is refused ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        pytest.param("leaf-0.3.0", "'leaf-0.3.0' is no release tag", id="without-v"),
        pytest.param("leaf-v0.3", "'leaf-v0.3' is no release tag", id="two-numbers"),
        pytest.param("leaf-v0.03.0", "'leaf-v0.03.0' is no release tag", id="leading-zero"),
        pytest.param("leaf-v0.3.0rc1", "'leaf-v0.3.0rc1' is no release tag", id="candidate"),
        pytest.param("leaf-v0.3.0\nfolder=/", "is no release tag", id="a-second-line"),
        pytest.param("v0.3.0", "'v0.3.0' is no release tag", id="whose"),
        pytest.param(
            "bark-v0.3.0", "'bark' is no member; there are leaf, tree-top, a-program", id="stranger"
        ),
    ],
)
def test_a_tag_that_names_no_release_is_refused(house: Path, tag: str, line: str) -> None:
    """One line says what a tag looks like, or which members there are."""
    [refusal] = refusals(house, tag)
    assert refusal.startswith("release refused: ")
    assert line in refusal


def test_a_tag_of_another_version_than_pyproject_is_refused(house: Path) -> None:
    """A tag on the wrong commit would publish an old version under a new name."""
    lines = refusals(house, "leaf-v0.2.0")
    assert "packages/leaf/pyproject.toml: says version 0.3.0, the tag says 0.2.0" in lines[0]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(
            lambda text: text.replace("## [0.3.0] - 2026-11-20\n", ""),
            "no section `## [0.3.0] - YYYY-MM-DD`; move the entries of [Unreleased] under one",
            id="no-section",
        ),
        pytest.param(
            lambda text: text.replace(" - 2026-11-20", ""), "[0.3.0] bears no date", id="no-date"
        ),
        pytest.param(
            lambda text: text.replace("2026-11-20", "2026-02-30"),
            "[0.3.0] bears no date",
            id="a-day-that-never-was",
        ),
        pytest.param(
            lambda text: text.replace("2026-11-20", "20 November 2026"),
            "[0.3.0] bears no date",
            id="a-date-in-words",
        ),
        pytest.param(
            lambda text: text.replace("- What people asked for.\n", ""),
            "[0.3.0] lists nothing",
            id="nothing-to-tell",
        ),
        pytest.param(
            lambda text: text.replace("[Unreleased]\n", "[Unreleased]\n\n- And this.\n"),
            "entries stand under [Unreleased]; move them to [0.3.0]",
            id="left-behind",
        ),
        pytest.param(
            lambda text: text.replace(
                "## [0.3.0]", "## [0.4.0] - 2026-11-21\n\n- N.\n\n## [0.3.0]"
            ),
            "opens with [0.4.0]; put [0.3.0] above it",
            id="not-the-newest",
        ),
        pytest.param(lambda _: "", "no section `## [0.3.0] - YYYY-MM-DD`", id="empty"),
    ],
)
def test_a_changelog_that_does_not_tell_of_the_release_is_refused(
    house: Path, change: Callable[[str], str], line: str
) -> None:
    """Users read of a version what it changes for them, or there is no such version."""
    changed = change(CHANGELOG)
    assert changed != CHANGELOG
    (house / "packages/leaf/CHANGELOG.md").write_text(changed, encoding="utf-8")
    [refusal] = refusals(house, "leaf-v0.3.0")
    assert refusal.startswith("release refused: packages/leaf/CHANGELOG.md: ")
    assert line in refusal


def test_a_missing_changelog_is_refused(house: Path) -> None:
    """It is one line, as any other."""
    (house / "packages/leaf/CHANGELOG.md").unlink()
    [refusal] = refusals(house, "leaf-v0.3.0")
    assert "packages/leaf/CHANGELOG.md: is missing" in refusal


def test_a_sibling_released_outside_the_range_does_not_count(house: Path) -> None:
    """The line says what is asked for, and what there is."""
    for tag in ("leaf-v0.2.9", "leaf-v0.4.0", "leaf-v0.10.0", "leaf-vnext", "tree-top-v0.3.0"):
        git(house, "tag", tag)
    [refusal] = refusals(house, "tree-top-v0.3.0")
    assert "asks for leaf>=0.3,<0.4, of which no release is tagged" in refusal
    assert "(there: 0.2.9, 0.4.0, 0.10.0); release leaf first" in refusal


@pytest.mark.parametrize(
    ("requirement", "line"),
    [
        pytest.param("leaf", "asks for any leaf; give a range", id="no-range"),
        pytest.param(
            "leaf>=0.3.0rc1", "'>=0.3.0rc1' is no range of plain versions", id="candidate"
        ),
        pytest.param("leaf>=0.3,", "'' is no range of plain versions", id="trailing-comma"),
        pytest.param("leaf~=1", "'~=1' means nothing", id="compatible-with-what"),
        pytest.param("leaf>=0.3.*", "'>=0.3.*' means nothing", id="at-least-a-series"),
    ],
)
def test_a_range_that_says_nothing_is_refused(house: Path, requirement: str, line: str) -> None:
    """Whoever installs the release must get a sibling that it was tested with."""
    git(house, "tag", "leaf-v0.3.0")
    write_member(house, "packages/twig", "twig", dependencies=f'"{requirement}"')
    [refusal] = refusals(house, "twig-v0.3.0")
    assert refusal.startswith("release refused: packages/twig/pyproject.toml: asks for ")
    assert line in refusal


def test_what_extras_and_other_spellings_ask_for_counts_too(house: Path) -> None:
    """An extra is installed from the same index as the rest, whatever way its name is written."""
    git(house, "tag", "leaf-v0.3.0")
    write_member(
        house,
        "packages/twig",
        "twig",
        dependencies='"Leaf>=0.3"',
        extra='"leaf<0.3", "Tree_Top>=0"',
    )
    lines = refusals(house, "twig-v0.3.0")
    assert "asks for leaf>=0.3,<0.3, of which no release is tagged (there: 0.3.0)" in lines[0]
    assert "asks for tree-top>=0, of which no release is tagged (there: none)" in lines[1]


def test_everything_in_the_way_is_said_at_once(house: Path) -> None:
    """Nobody should have to tag four times to learn of four things."""
    (house / "packages/tree-top/CHANGELOG.md").write_text("## [Unreleased]\n", encoding="utf-8")
    lines = refusals(house, "tree-top-v0.4.0")
    assert [line.split(":")[1].strip() for line in lines] == [
        "packages/tree-top/pyproject.toml",
        "packages/tree-top/CHANGELOG.md",
        "packages/tree-top/pyproject.toml",
    ]


def test_members_in_a_circle_have_no_order(house: Path) -> None:
    """There is no leaf to begin with, and the line names the circle."""
    write_member(house, "packages/egg", "egg", dependencies='"hen>=0.3"')
    write_member(house, "packages/hen", "hen", dependencies='"egg>=0.3"')
    [refusal] = refusals(house, "--order")
    assert "in a circle: " in refusal
    assert "egg" in refusal
    assert "hen" in refusal


def test_a_tree_without_git_is_refused(
    house: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where tags cannot be read, nobody can know what is released."""
    bare = tmp_path_factory.mktemp("exported") / "house"
    subprocess.run(["git", "checkout-index", "--all", f"--prefix={bare}/"], cwd=house, check=True)
    [refusal] = refusals(bare, "leaf-v0.3.0")
    assert "git cannot list the tags" in refusal


# ── ranges ────────────────────────────────────────────────────────────────────────────────────

numbers = st.lists(st.integers(0, 4), min_size=1, max_size=4)


@st.composite
def clauses(draw: st.DrawFn) -> str:
    sign = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "~="]))
    bound = draw(numbers.filter(lambda found: sign != "~=" or len(found) > 1))
    series = sign in {"==", "!="} and draw(st.booleans())
    return f"{sign}{'.'.join(map(str, bound))}{'.*' if series else ''}"


@given(
    version=st.tuples(*[st.integers(0, 4)] * 3).map(lambda found: ".".join(map(str, found))),
    wanted=st.lists(clauses(), min_size=1, max_size=3).map(", ".join),
)
def test_ranges_mean_what_installers_take_them_to_mean(
    satisfies: Callable[[str, str], bool], version: str, wanted: str
) -> None:
    """A sibling that we call released is one that an installer (through `packaging`) takes."""
    assert satisfies(version, wanted) is SpecifierSet(wanted).contains(version)

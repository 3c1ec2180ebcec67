"""The arrows of the house: who may know whom, and that the check would notice.

`lint-imports` holds the arrows. These tests keep it honest: that it looks at every member, that
what a member declares is what it imports, and that a violation planted anywhere makes it fail.
"""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

# Who may depend on whom, by module. Only direct arrows: what lies behind one is its own matter.
LIBRARIES = {
    "swarmcode_agent",
    "swarmcode_registry",
    "swarmcode_trainer",
    "swop",
    "syncropel",
    "worktree",
}
ARROWS: dict[str, set[str]] = {
    "swop": set(),
    "worktree": set(),
    "syncropel": set(),
    "swarmcode_agent": {"worktree"},
    "swarmcode_trainer": {"swarmcode_agent"},
    "swarmcode_registry": {"worktree"},
    "swop_cli": {"swop"},
    "syncropel_kernel": {"syncropel"},
    "swarmcode_server": LIBRARIES,
    "swarmcode_cli": LIBRARIES | {"swarmcode_server"},
}


def members() -> Iterator[tuple[Path, dict[str, object], str]]:
    """Yield (folder, project table, module) for each member."""
    for pattern in configuration()["uv"]["workspace"]["members"]:
        for path in sorted(ROOT.glob(f"{pattern}/pyproject.toml")):
            project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
            [init] = path.parent.glob("src/*/__init__.py")
            yield path.parent, project, init.parent.name


def configuration() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]


def imported(folder: Path) -> set[str]:
    """Return the first names of every absolute import under a folder's src, wherever it stands."""
    found = set()
    for path in (folder / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                found.add(node.module.split(".")[0])
    return found


def test_every_member_is_a_root_package_of_the_contracts() -> None:
    """A member that the contracts do not name would not be looked at."""
    modules = sorted(module for _, _, module in members())
    assert configuration()["importlinter"]["root_packages"] == modules
    assert sorted(ARROWS) == modules


def test_every_member_is_measured_and_type_checked() -> None:
    """Coverage and mypy name the members one by one; none may be forgotten."""
    tools = configuration()
    assert tools["coverage"]["run"]["source_pkgs"] == sorted(m for _, _, m in members())
    assert set(tools["mypy"]["mypy_path"]) - {".ci"} == {
        f"{folder.relative_to(ROOT).as_posix()}/src" for folder, _, _ in members()
    }


def test_the_root_depends_on_every_member() -> None:
    """`uv run <command>` works from a clone only for what the root depends on."""
    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = sorted(str(project["name"]) for _, project, _ in members())
    assert root["project"]["dependencies"] == names
    assert sorted(root["tool"]["uv"]["sources"]) == names
    assert root["tool"]["uv"]["package"] is False


@pytest.mark.parametrize(
    ("folder", "project", "module"), list(members()), ids=lambda value: getattr(value, "name", "")
)
def test_declared_dependencies_are_the_arrows(folder: Path, project: dict, module: str) -> None:
    """A member declares the siblings that it imports, no more and no fewer, along the arrows."""
    modules = {str(sibling["name"]): name for _, sibling, name in members()}
    declared = {modules[name] for name in map(name_of, project["dependencies"]) if name in modules}
    assert declared <= ARROWS[module], "an arrow that the house does not have"
    assert declared == imported(folder) & (set(ARROWS) - {module})


def test_members_share_one_test_group_with_the_root() -> None:
    """What a member's tests need alone is what they find in the shared environment too."""
    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = {name_of(r) for r in root["dependency-groups"]["dev"] if isinstance(r, str)}
    own = {
        name_of(requirement)
        for folder, project, _ in members()
        for requirement in tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))[
            "dependency-groups"
        ]["test"]
    }
    assert own - {str(project["name"]) for _, project, _ in members()} <= shared


def name_of(requirement: str) -> str:
    for index, letter in enumerate(requirement):
        if letter in "<>=!~[; ":
            return requirement[:index]
    return requirement


# ── the check notices ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def copy_of_the_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of every member's sources, to plant violations in."""
    house = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", house)
    for folder, _, module in members():
        shutil.copytree(
            folder / "src" / module,
            house / module,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    return house


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
    )


def test_the_house_as_it_stands_passes(copy_of_the_house: Path) -> None:
    """Otherwise the planted violations below would prove nothing."""
    run = lint(copy_of_the_house)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        pytest.param("swop", "import worktree", id="a-leaf-knows-a-leaf"),
        pytest.param("worktree", "from syncropel import errors", id="a-leaf-knows-another"),
        pytest.param("syncropel", "import swarmcode_agent", id="a-leaf-looks-up"),
        pytest.param("swarmcode_agent", "import swop", id="the-agent-knows-swop"),
        pytest.param("swarmcode_agent", "import swarmcode_trainer", id="the-agent-looks-up"),
        pytest.param("swarmcode_trainer", "import swarmcode_registry", id="trainer-to-registry"),
        pytest.param("swarmcode_trainer", "import worktree", id="trainer-past-the-agent"),
        pytest.param("swarmcode_registry", "import swarmcode_agent", id="registry-to-agent"),
        pytest.param("swarmcode_registry", "import syncropel", id="registry-to-syncropel"),
        pytest.param("swop_cli", "import syncropel", id="an-app-composes-a-stranger"),
        pytest.param("swop_cli", "import syncropel_kernel", id="an-app-knows-an-app"),
        pytest.param("syncropel_kernel", "import worktree", id="the-kernel-knows-the-worktree"),
        pytest.param("swarmcode_cli", "import swop_cli", id="the-command-knows-another"),
        pytest.param("swarmcode_server", "import swarmcode_cli", id="the-server-looks-up"),
        pytest.param("worktree", "import rich", id="a-library-prints"),
        pytest.param("syncropel", "import fastapi", id="a-library-serves"),
        pytest.param("swop", "import typer", id="a-library-parses-flags"),
        pytest.param("swarmcode_registry", "import torch", id="a-library-needs-tensors"),
        pytest.param("worktree", "def f() -> None:\n    import swop", id="hidden-in-a-function"),
    ],
)
def test_a_planted_violation_fails(copy_of_the_house: Path, module: str, statement: str) -> None:
    """The check is worth something only if an illegal import anywhere makes it fail."""
    planted = copy_of_the_house / module / "planted.py"
    planted.write_text(f"{statement}\n", encoding="utf-8")
    try:
        run = lint(copy_of_the_house)
    finally:
        planted.unlink()
    assert run.returncode == 1
    assert "BROKEN" in run.stdout
    assert f"{module}.planted" in run.stdout

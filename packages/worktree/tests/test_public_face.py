"""What `import worktree` promises."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import worktree
from worktree import errors

PACKAGE = Path(__file__).parent.parent


def test_every_exported_name_is_there() -> None:
    """A name in `__all__` is a name that works."""
    for name in worktree.__all__:
        assert getattr(worktree, name) is not None


def test_nothing_public_is_left_out_of_all() -> None:
    """What people can see is what `__all__` says."""
    visible = {
        name
        for name, value in vars(worktree).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert visible <= set(worktree.__all__)


def test_the_front_door_is_small() -> None:
    """At most twelve names."""
    assert len(worktree.__all__) <= 12
    assert worktree.__all__ == sorted(worktree.__all__)


def test_errors_have_one_base() -> None:
    """One `except` catches everything the package raises on purpose."""
    raised = [
        value
        for value in vars(errors).values()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == errors.__name__
    ]
    assert raised
    assert all(issubclass(error, worktree.WorktreeError) for error in raised)


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    """Every error stands in the drawing at the top of its file, below its base."""
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines()[2:]:
        found = re.match(r"([│├└─ ]*)(\w+)", line)
        assert found is not None
        depth = len(found[1])
        above = [(d, name) for d, name in above if d < depth]
        drawn[found[2]] = above[-1][1] if above else "Exception"
        above.append((depth, found[2]))
    real = {
        name: value.__bases__[0].__name__
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert drawn == real


def test_importing_is_light() -> None:
    """No extra, and no server, is imported before it is used."""
    program = (
        "import sys, worktree, worktree.storage.locate, worktree.migrations, worktree.watching\n"
        "heavy = {'yaml', 'tomli_w', 'obstore', 'watchfiles', 'sqlite3', 'http.client'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("module", "needs"),
    [
        pytest.param("yaml", "from worktree.artifacts import Yaml as K", id="yaml"),
        pytest.param("tomli_w", "from worktree.artifacts import Toml as K", id="toml"),
    ],
)
def test_a_missing_extra_names_the_command(module: str, needs: str) -> None:
    """As a worktree error, when the thing is used."""
    program = (
        f"import sys; sys.modules[{module!r}] = None\n"
        f"from worktree import Worktree, mount; {needs}\n"
        "class C(K):\n    x: int = 1\n"
        "class T(Worktree):\n    c: C\n"
        "try:\n    mount(T, 'memory:')\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.startswith("MissingExtraError ")
    assert "pip install 'worktree[" in done.stdout


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def test_the_readme_example_prints_what_it_says(tmp_path: Path) -> None:
    """The first program of the README, run twice, prints its output block."""
    readme = PACKAGE / "README.md"
    program, wanted = blocks(readme, "python")[0], blocks(readme, "text")[0]
    said = ""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.stderr == ""
        said += done.stdout
    assert said == wanted


def test_the_readme_is_short_and_shows_its_example_early() -> None:
    """60 to 100 lines; the example and its output within the first 30."""
    lines = (PACKAGE / "README.md").read_text().splitlines()
    assert 60 <= len(lines) <= 100
    assert "```text" in lines[:30]


GUIDE = PACKAGE.parent.parent / "docs" / "guides" / "worktree.md"


@pytest.mark.skipif(not GUIDE.is_file(), reason="a source distribution has no guide")
@pytest.mark.parametrize("number", range(5))
def test_the_programs_of_the_guide_run(number: int, tmp_path: Path) -> None:
    """Each python block of the guide is a program, and the text after it is its output."""
    found = re.findall(
        r"```python\n(.*?)```\n+(?:```text\n(.*?)```)?", GUIDE.read_text(), re.DOTALL
    )
    assert len(found) == 5
    program, wanted = found[number]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.stderr == ""
    assert done.stdout == wanted

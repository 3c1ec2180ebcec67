"""What may stand in the files that the project commits."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written in halves, so that this file does not name what it forbids.
REGISTRY_HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "yarn" + "pkg.com",
    "deb." + "debian.org",
    "crates" + ".io",
    "proxy.golang" + ".org",
]


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout: there are no tracked files to look at")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_package_registry() -> None:
    """A clone behind another index must work: no address of one may be committed."""
    pattern = re.compile("|".join(re.escape(host) for host in REGISTRY_HOSTS), re.IGNORECASE)
    guilty = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in tracked()
        if (found := pattern.search(path.read_text(encoding="utf-8", errors="ignore")))
    ]
    assert guilty == []


def test_the_lock_of_uv_is_not_tracked() -> None:
    """It records addresses; requirements.lock stands in its place."""
    names = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert "uv.lock" not in names
    assert "requirements.lock" in names


def test_every_pin_of_the_lock_has_a_hash_and_no_address() -> None:
    """`--require-hashes` holds only if every line brings one."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [index for index, line in enumerate(lines) if line and line[0].isalnum()]
    assert len(pins) > 50
    assert all("--hash=sha256:" in lines[index + 1] for index in pins)
    assert not [line for line in lines if "://" in line]


def test_the_top_level_holds_the_house_and_nothing_else() -> None:
    """A stranger sees the whole plan in one listing."""
    folders = {path.relative_to(ROOT).parts[0] for path in tracked() if path.parent != ROOT}
    assert folders == {".ci", ".github", "apps", "docs", "packages", "tests-e2e"}


@pytest.mark.parametrize(
    "folder",
    sorted(path.parent for path in ROOT.glob("*/*/pyproject.toml")),
    ids=lambda path: path.name,
)
def test_a_member_has_everything_that_a_member_has(folder: Path) -> None:
    """README, changelog, licence, types, errors and tests: the same in every member."""
    [package] = folder.glob("src/*")
    for path in ("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"):
        assert (folder / path).is_file(), path
    assert list((folder / "tests").glob("test_*.py"))
    assert (package / "py.typed").is_file()
    assert (package / "errors.py").is_file()
    assert "## [Unreleased]" in (folder / "CHANGELOG.md").read_text(encoding="utf-8")

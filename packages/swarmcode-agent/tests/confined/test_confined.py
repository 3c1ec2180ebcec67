"""Nothing read or written through a confined folder is outside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarmcode_agent.confined import ConfinedFolder, _beneath, is_git
from swarmcode_agent.errors import PathError


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    secret = tmp_path / "outside" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text("secret")
    return secret


@pytest.fixture(params=["kernel", "walked"])
def folder(
    tmp_path: Path, outside: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> ConfinedFolder:
    """The same folder with the kernel's `openat2` and without it."""
    if request.param == "walked":
        monkeypatch.setattr(_beneath, "_kernel_can", lambda: False)
    root = tmp_path / "work"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.txt").write_text("a")
    (root / "out-file").symlink_to(outside)
    (root / "out-folder").symlink_to(outside.parent)
    (root / "up").symlink_to("../outside")
    (root / "in").symlink_to("sub/../sub")
    (root / "loop").symlink_to("loop")
    (root / "chain").symlink_to("in/../up")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("[core]")
    (root / "alias").symlink_to(".git")
    return ConfinedFolder(root)


ESCAPES = [
    "../outside/secret.txt",
    "sub/../../outside/secret.txt",
    "out-file",
    "out-folder/secret.txt",
    "up/secret.txt",
    "chain/secret.txt",
    "in/../../outside/secret.txt",
    "/etc/passwd",
    "/proc/self/root/etc/passwd",
    "//etc/passwd",
    "sub/../../../../../../../etc/passwd",
    "loop",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_reads_outside(folder: ConfinedFolder, path: str) -> None:
    """Dots, absolute paths, links to files, to folders, in chains and in circles: refused."""
    with pytest.raises(PathError):
        folder.read(path)


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_writes_outside(folder: ConfinedFolder, outside: Path, path: str) -> None:
    """The same paths, written: refused, and what is outside is as it was."""
    with pytest.raises(PathError):
        folder.write(path, b"overwritten")
    assert outside.read_text() == "secret"
    assert sorted(p.name for p in outside.parent.iterdir()) == ["secret.txt"]


@pytest.mark.parametrize(
    "path",
    [".git/config", "alias/config", ".GIT/config", "alias/hooks/pre-commit", "sub/.git", ".git"],
)
def test_git_is_not_written(folder: ConfinedFolder, path: str) -> None:
    """Not under its name, not under another, not a new one."""
    with pytest.raises(PathError, match=r"\.git|used"):
        folder.write(path, b"[core]\n\tfsmonitor = evil\n")
    assert (folder.root / ".git/config").read_text() == "[core]"
    assert not (folder.root / "sub/.git").exists()


def test_what_is_inside_works(folder: ConfinedFolder) -> None:
    """Relative, absolute, through links that stay: read and written."""
    assert folder.read("in/a.txt") == b"a"
    assert folder.read(str(folder.root / "sub" / "a.txt")) == b"a"
    folder.write("new/deep/b.txt", b"b", mode=0o755)
    assert (folder.root / "new/deep/b.txt").stat().st_mode & 0o777 == 0o755
    folder.write("in/a.txt", b"changed")
    assert (folder.root / "sub/a.txt").read_text() == "changed"
    folder.remove("new/deep/b.txt")
    assert not (folder.root / "new").exists()
    assert folder.read("none") is None
    assert {entry.path for entry in folder.walk("sub")} == {"sub/a.txt"}


def test_a_hard_link_is_neither_read_nor_written_through(
    folder: ConfinedFolder, outside: Path
) -> None:
    """Its content may belong to somebody else; a write gives the name a file of its own."""
    os.link(outside, folder.root / "hard")
    with pytest.raises(PathError, match="hard link"):
        folder.read("hard")
    folder.write("hard", b"mine")
    assert outside.read_text() == "secret"
    assert folder.read("hard") == b"mine"


def test_what_is_no_file_is_refused_at_once(folder: ConfinedFolder) -> None:
    """A pipe without a writer does not make the reader wait; a folder is not a file."""
    os.mkfifo(folder.root / "pipe")
    with pytest.raises(PathError, match="not a regular file"):
        folder.read("pipe")
    with pytest.raises(PathError, match="is a folder"):
        folder.read("sub")
    with pytest.raises(PathError, match="NUL"):
        folder.read("a\0b")


FLIP = """
import os, sys
inside, outside, link = sys.argv[1:]
print("ready", flush=True)
while os.getppid() == int(os.environ["PARENT"]):
    for target in (inside, outside):
        os.symlink(target, link + ".new")
        os.rename(link + ".new", link)
"""


def test_a_race_between_check_and_use_never_wins(folder: ConfinedFolder, outside: Path) -> None:
    """A folder's name that flips between inside and outside while files in it are used."""
    (folder.root / "sub" / "secret.txt").write_text("inside")
    (folder.root / "racing").symlink_to("sub")
    arguments = [
        sys.executable,
        "-c",
        FLIP,
        "sub",
        str(outside.parent),
        str(folder.root / "racing"),
    ]
    environment = {**os.environ, "PARENT": str(os.getpid())}
    flipper = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE)
    assert flipper.stdout
    flipper.stdout.readline()
    seen = set()
    try:
        for _ in range(600):
            for use in (
                lambda: folder.read("racing/secret.txt"),
                lambda: folder.write("racing/written.txt", b"x"),
            ):
                try:
                    seen.add(use())
                except PathError:
                    seen.add(b"refused")
    finally:
        flipper.kill()
        flipper.communicate()
    assert {b"inside", b"refused"} <= seen
    assert b"secret" not in seen
    assert sorted(path.name for path in outside.parent.iterdir()) == ["secret.txt"]


@pytest.mark.parametrize("name", [".git", ".GIT", ".Git ", ".git.", "git~1", ".g\u200cit"])
def test_aliases_of_git_are_known(name: str) -> None:
    """Names that some file system takes for .git."""
    assert is_git(name)
    assert not is_git(".gitignore")

"""Whatever lies in a project: one clear line each, and the rest is scanned all the same."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from swop import generate_manifests, scan_project

from .projects import project, scan

GOOD = "from swop import command\n@command('billing')\nclass Issue:\n    number: int\n"


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        pytest.param(b"def broken(:\n", 1, "not valid Python", id="syntax"),
        pytest.param(b"x = 1\nclass A(:\n", 2, "not valid Python", id="second-line"),
        pytest.param(b"x = '\xe9'\n", 1, "UTF-8", id="latin-1"),
        pytest.param(b"# \n\nx = '\xe9'\n", 3, "UTF-8", id="latin-1-later"),
        pytest.param(b"# coding: nonsense\n", 1, "unknown encoding 'nonsense'", id="encoding"),
        pytest.param(b"x = 1\ny = \0\n", 2, "null bytes", id="nul"),
        pytest.param(b"a = 1\nx = " + b"-" * 20_000 + b"1\n", 2, "too deeply", id="20000-minus"),
        pytest.param(b"x = " + b"lambda: " * 5_000 + b"1\n", 1, "too deeply", id="5000-lambda"),
        pytest.param(
            b"x = " + b"(" * 5_000 + b")" * 5_000, 1, "too many nested", id="5000-brackets"
        ),
        pytest.param(b"x = " + b"9" * 6_000 + b"\n", 1, "", id="6000-digits"),
        pytest.param(b"if x:\nfoo()\n", 2, "not valid Python", id="indent"),
        pytest.param(b"match = case of\n", 1, "not valid Python", id="nonsense"),
    ],
)
def test_a_file_that_does_not_parse(tmp_path: Path, data: bytes, line: int, says: str) -> None:
    """`path:line: what is wrong`, with or without a word of ours in the file."""
    for extra in (b"", b"\nimport swop\n"):
        report = scan(tmp_path, {"good.py": GOOD, "pkg/bad.py": data + extra})
        assert [item.name for item in report.detections] == ["Issue"]
        [error] = report.errors
        assert error.startswith(f"pkg/bad.py:{line}: "), error
        assert says in error
        assert "\n" not in error
        assert report.files_skipped == 1


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param("x = a" + ".b" * 5_000, id="attributes"),
        pytest.param("x = a" + "()" * 5_000, id="calls"),
        pytest.param("x = " + " + ".join(["a"] * 5_000), id="sum"),
        pytest.param("if a: pass\n" + "elif b: pass\n" * 5_000, id="elif"),
        pytest.param("class A(" + "a." * 5_000 + "Command): pass", id="base"),
        pytest.param("@" + "a." * 5_000 + "command('x')\nclass A: pass", id="decorator"),
    ],
)
def test_chains_of_five_thousand(tmp_path: Path, chain: str) -> None:
    """What this Python can parse is scanned, what it cannot is one line; never a traceback."""
    report = scan(tmp_path, {"good.py": GOOD, "bad.py": "import swop\n" + chain + "\n"})
    assert "Issue" in {item.name for item in report.detections}
    assert all(error.startswith("bad.py:") and "deeply" in error for error in report.errors)
    if sys.version_info < (3, 13):
        assert len(report.errors) == 1


def test_a_chain_of_five_thousand_names(tmp_path: Path) -> None:
    """A name that leads through thousands of others is given up with one line."""
    lines = ["from swop import command", "c0 = command"]
    lines += [f"c{number} = c{number - 1}" for number in range(1, 5_000)]
    lines += ["@c10('x')", "class Near: pass", "@c4999('x')", "class Far: pass"]
    report = scan(tmp_path, {"bad.py": "\n".join(lines)})
    assert [item.name for item in report.detections] == ["Near"]
    assert report.errors == ["bad.py:5005: a name that Far uses leads through too many others"]


def test_a_chain_of_five_thousand_ancestors(tmp_path: Path) -> None:
    """Ancestors past the limit are left out with one line; those before it count."""
    lines = ["from mediator import Command", "class C0(Command): pass"]
    lines += [f"class C{number}(C{number - 1}): pass" for number in range(1, 5_000)]
    report = scan(tmp_path, {"deep.py": "\n".join(lines)})
    assert {"C0", "C150"} <= {item.name for item in report.detections}
    assert len(report.errors) == 1
    assert "more than 200 ancestors" in report.errors[0]


def test_circles_end(tmp_path: Path) -> None:
    """Imports, assignments, stars and classes that lead to themselves are nothing special."""
    report = scan(
        tmp_path,
        {
            "a.py": "from b import *\nfrom b import x as y\nclass A(B): pass\nz = z\n",
            "b.py": "from a import *\nfrom a import y as x\nclass B(A): pass\n",
            "c.py": GOOD + "from c import Issue as Command\nfrom a import A\nT = list['T']\n"
            "class D(A, Command):\n    t: T\n    d: 'D'\n",
        },
    )
    assert report.errors == []
    assert {item.name for item in report.detections} == {"Issue", "D"}


def test_newer_syntax_names_the_running_python(tmp_path: Path) -> None:
    """A person learns that it is the interpreter that is too old."""
    report = scan(tmp_path, {"new.py": "import swop\nx = 1 ?? 2\n"})
    version = ".".join(map(str, sys.version_info[:2]))
    assert report.errors == [f"new.py:2: not valid Python {version}: invalid syntax"]


def test_a_byte_order_mark_and_a_coding_line_are_fine(tmp_path: Path) -> None:
    """Both are Python."""
    report = scan(
        tmp_path,
        {
            "bom.py": b"\xef\xbb\xbf" + GOOD.encode(),
            "latin.py": b"# coding: latin-1\n# \xe9\n" + GOOD.replace("Issue", "Pay").encode(),
        },
    )
    assert (len(report.detections), report.errors) == (2, [])


@pytest.mark.parametrize("context", ["..", ".", "a/b", "a\\b", "con", "x.", "a:b", "", " "])
def test_a_context_that_cannot_be_a_folder(tmp_path: Path, context: str) -> None:
    """Such an artifact is refused with a line; nothing is written outside the state folder."""
    text = f"from swop import command\n@command({context!r})\nclass Bad: pass\n"
    inside = tmp_path / "project"
    config = project(inside, {"good.py": GOOD, "bad.py": text})
    before = set(tmp_path.rglob("*"))
    report = scan_project(config)
    generate_manifests(report, config)
    assert [item.name for item in report.detections] == ["Issue"]
    [error] = report.errors
    assert error.startswith("bad.py:2: the context")
    new = set(tmp_path.rglob("*")) - before
    assert all(path.is_relative_to(inside / ".swop") for path in new)


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    """It is one line; what is beside it is scanned."""
    if os.geteuid() == 0:
        pytest.skip("the superuser can read every folder")
    config = project(tmp_path, {"good.py": GOOD, "shut/x.py": GOOD})
    (tmp_path / "shut").chmod(0)
    try:
        report = scan_project(config)
    finally:
        (tmp_path / "shut").chmod(0o755)
    assert [item.name for item in report.detections] == ["Issue"]
    assert report.errors == ["shut:1: folder cannot be read: Permission denied"]


def test_a_source_root_that_is_not_there(tmp_path: Path) -> None:
    """It is one line that names the key to correct."""
    report = scan(tmp_path, {"good.py": GOOD}, "source_roots: [src]\n")
    assert report.files_total == 0
    assert report.errors == [
        "src:1: source root is not a folder: correct source_roots in swop.yaml"
    ]


def test_symbolic_links(tmp_path: Path) -> None:
    """Loops are lines, links out of the project are not followed, others are."""
    inside = tmp_path / "p"
    config = project(
        inside,
        {"src/good.py": GOOD, "lib/more.py": GOOD.replace("Issue", "Pay")},
        "source_roots: [src]\n",
    )
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "x.py").write_text(GOOD.replace("Issue", "Steal"))
    (inside / "src" / "loop").symlink_to(inside / "src")
    (inside / "src" / "self").symlink_to(inside / "src" / "self")
    (inside / "src" / "gone.py").symlink_to(inside / "nothing.py")
    (inside / "src" / "out").symlink_to(tmp_path / "secret")
    (inside / "src" / "lib").symlink_to(inside / "lib")
    report = scan_project(config)
    assert sorted(item.name for item in report.detections) == ["Issue", "Pay"]
    assert [error.partition(":")[0] for error in report.errors] == [
        "src/gone.py",
        "src/loop",
        "src/self",
    ]
    assert report.warnings == ["src/out:1: symbolic link leaves the project: not followed"]


def test_a_name_that_cannot_be_shown(tmp_path: Path) -> None:
    """A file with a line feed in its name cannot break the form of a line."""
    config = project(tmp_path, {"good.py": GOOD})
    (tmp_path / "a\nb.py").write_text(GOOD)
    [error] = scan_project(config).errors
    assert error == "a\\nb.py:1: the file's name holds invisible characters: rename it"

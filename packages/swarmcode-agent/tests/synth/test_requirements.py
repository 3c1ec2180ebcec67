"""What a tree's files say it needs, read without running them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.synth.prove.interpreters import admits
from swarmcode_agent.synth.prove.requirements import READ, needs_of

PYPROJECT = """
[project]
name = "thing"
requires-python = ">=3.9"
dependencies = ["attrs>=22", "evil @ https://x.y/z.whl"]
[project.optional-dependencies]
tests = ["freezegun>=0.2.8", "thing[typing]"]
[project.scripts]
thing = "thing.cli:main"
[dependency-groups]
dev = ["ruff", {include-group = "tests"}]
[tool.setuptools_scm]
write_to = "src/thing/_version.py"
"""
SETUP = """
import os
from setuptools import setup
INSTALL = ["six", "click>=7; python_version < '3.9'"]
EXTRAS = {"tests": ["coverage", "-e ."], "docs": ["sphinx"]}
os.system("touch /tmp/never")
setup(name="old", install_requires=INSTALL, extras_require=EXTRAS, python_requires=">=3.6",
      use_scm_version={"write_to": "../outside.py"})
"""


def test_pyproject() -> None:
    """Names with ranges are taken; what points somewhere is not."""
    needs = needs_of({"pyproject.toml": PYPROJECT})
    assert needs.name == "thing"
    assert needs.requires_python == ">=3.9"
    assert needs.runtime == ("attrs>=22",)
    assert needs.tests == ("freezegun>=0.2.8", "thing[typing]")
    assert needs.generated == ("src/thing/_version.py",)
    assert needs.scripts == (("console_scripts", "thing = thing.cli:main"),)


def test_setup_py_is_read_and_not_run() -> None:
    """Literals and module constants are found; a path that leaves the tree is not written."""
    needs = needs_of({"setup.py": SETUP})
    assert needs.name == "old"
    assert needs.runtime == ("six", "click>=7; python_version < '3.9'")
    assert needs.tests == ("coverage",)
    assert needs.generated == ()


def test_groups_that_include_each_other_end() -> None:
    """A circle of groups is read once."""
    text = '[dependency-groups]\ntests = ["a", {include-group = "more"}]\n'
    text += 'more = ["b", {include-group = "tests"}]\n'
    assert needs_of({"pyproject.toml": text}).tests == ("a", "b")


def test_requirement_files_and_ini() -> None:
    """Test requirements also stand in files of their own, in setup.cfg and in tox.ini."""
    needs = needs_of(
        {
            "requirements/tests.txt": "pytest==8.2 \\\n    --hash=sha256:00\n-r base.txt\n# no\n",
            "setup.cfg": "[metadata]\nname = ini\n[options]\ninstall_requires =\n    six\n",
            "tox.ini": "[testenv]\ndeps =\n    pretend\n    py39: old\n    {toxinidir}/x\n",
        }
    )
    assert needs.name == "ini"
    assert needs.runtime == ("six",)
    assert needs.tests == ("pretend", "pytest==8.2")


@given(st.dictionaries(st.sampled_from(sorted(READ)), st.text(max_size=120)))
def test_no_text_breaks_the_reading(texts: dict[str, str]) -> None:
    """Whatever the files hold, only plain requirements come out."""
    needs = needs_of(texts)
    assert all("@" not in line and not line.startswith("-") for line in needs.tests)


@pytest.mark.parametrize(
    ("wanted", "version", "admitted"),
    [
        ("", (3, 11), True),
        (">=3.9", (3, 8), False),
        (">=3.9,<3.12", (3, 12), False),
        ("~=3.9", (3, 11), True),
        ("==3.11.*", (3, 12), False),
        ("!=3.0.*,>=2.7", (3, 12), True),
        ("<=3.10", (3, 11), False),
        ("nonsense", (3, 11), True),
    ],
)
def test_python_ranges(wanted: str, version: tuple[int, int], admitted: bool) -> None:
    """A range admits a version or it does not; what cannot be read admits all."""
    assert admits(wanted, version) is admitted

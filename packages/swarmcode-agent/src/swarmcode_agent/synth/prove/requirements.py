"""What a tree says its tests need, read without running any of it.

Only names with version ranges are taken: a requirement that points somewhere (a URL, a path, an
option for the installer) could make the build fetch or run what a commit's author chose, and is
left out. Metadata that only a build would produce is not known; see `Needs.generated`.
"""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(
    r"^[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[\w\s,.-]*\])?\s*"
    r"(?:\(?\s*(?:[<>=!~]=?=?\s*[\w.*+!-]+\s*,?\s*)+\)?)?\s*(?:;[^#@]*)?$"
)
_TEST_NAMES = ("test", "tests", "testing")
_DEV_NAMES = ("dev", "develop", "development")
_TEST_FILES = (
    "requirements/tests.txt",
    "requirements/test.txt",
    "requirements/testing.txt",
    "requirements/tests.in",
    "requirements/test.in",
    "requirements-test.txt",
    "requirements-tests.txt",
    "requirements_test.txt",
    "test-requirements.txt",
    "test_requirements.txt",
    "tests/requirements.txt",
    "dev-requirements.txt",
    "requirements-dev.txt",
    "requirements/dev.txt",
)
READ = frozenset({"pyproject.toml", "setup.py", "setup.cfg", "tox.ini", *_TEST_FILES})


@dataclass(frozen=True, slots=True)
class Needs:
    """The project's name and what must be installed beside it.

    Attributes:
        name: the distribution's name; empty when none is stated.
        requires_python: its range of Python versions; empty when none is stated.
        runtime: what the project itself needs.
        tests: what its tests need.
        generated: files with the version that a build would write.
        scripts: entry points by group, as `name = target` lines.
    """

    name: str = ""
    requires_python: str = ""
    runtime: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    scripts: tuple[tuple[str, str], ...] = ()


def needs_of(texts: Mapping[str, str]) -> Needs:
    """Read the files of `READ` that a tree has, given as text by path."""
    project = _toml(texts.get("pyproject.toml", ""))
    config = _ini(texts.get("setup.cfg", ""))
    setup = _setup_call(texts.get("setup.py", ""))
    static = _table(project, "project")
    options = dict(config.get("options", {}))
    runtime = [
        *_listed(static.get("dependencies")),
        *_lines(options.get("install_requires", "")),
        *_listed(setup.get("install_requires")),
    ]
    extras: dict[str, list[str]] = {}
    for table in (
        _table(static, "optional-dependencies"),
        _groups(_table(project, "dependency-groups")),
        {name: _lines(text) for name, text in config.get("options.extras_require", {}).items()},
        setup.get("extras_require"),
    ):
        for name, wanted in (table if isinstance(table, dict) else {}).items():
            extras.setdefault(str(name), []).extend(_listed(wanted))
    tests = _test_extras(extras)
    tests += _listed(setup.get("tests_require")) + _lines(options.get("tests_require", ""))
    tests += _tox(texts.get("tox.ini", ""))
    found = next((texts[path] for path in _TEST_FILES if path in texts), "")
    tests += _lines(found)
    name = static.get("name") or config.get("metadata", {}).get("name") or setup.get("name") or ""
    return Needs(
        name=str(name),
        requires_python=str(
            static.get("requires-python")
            or options.get("python_requires")
            or setup.get("python_requires")
            or ""
        ),
        runtime=tuple(_plain(runtime)),
        tests=tuple(_plain(tests)),
        generated=tuple(_generated(project, setup)),
        scripts=tuple(_scripts(static)),
    )


def _plain(requirements: Iterable[str]) -> Iterator[str]:
    seen = set()
    for line in requirements:
        text = re.sub(r"\s+#.*$|\s+--hash=\S+|\\$", "", line.strip()).strip()
        if text and text not in seen and _PLAIN.match(text):
            seen.add(text)
            yield text


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _ini(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
        return {section: dict(parser.items(section)) for section in parser.sections()}
    except configparser.Error:
        return {}


def _table(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return _lines(value)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _groups(groups: Mapping[str, Any]) -> dict[str, list[str]]:
    """Dependency groups with those that they include, each read once."""

    def items(name: str, seen: frozenset[str]) -> Iterator[str]:
        for item in groups.get(name, ()):
            if isinstance(item, str):
                yield item
            elif isinstance(item, dict) and item.get("include-group") not in {*seen, None}:
                inner = str(item["include-group"])
                yield from items(inner, seen | {inner})

    return {name: list(items(name, frozenset({name}))) for name in groups}


def _test_extras(extras: Mapping[str, list[str]]) -> list[str]:
    for names in (_TEST_NAMES, _DEV_NAMES):
        found = [line for name in names for line in extras.get(name, ())]
        if found:
            return found
    return []


def _tox(text: str) -> list[str]:
    deps = _ini(text).get("testenv", {}).get("deps", "")
    return [line for line in _lines(deps) if ":" not in line and "{" not in line]


def _setup_call(text: str) -> dict[str, Any]:
    """The literal arguments of `setup(…)`, names of module constants resolved."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return {}
    constants: dict[str, Any] = {}
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = _literal(node.value, constants)
        elif isinstance(node, ast.Call) and _called(node) == "setup":
            for keyword in node.keywords:
                if keyword.arg:
                    found[keyword.arg] = _literal(keyword.value, constants)
    return {name: value for name, value in found.items() if value is not None}


def _called(node: ast.Call) -> str:
    func = node.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _literal(node: ast.expr, constants: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None


def _generated(project: Mapping[str, Any], setup: Mapping[str, Any]) -> Iterator[str]:
    tool = _table(project, "tool")
    scm = _table(tool, "setuptools_scm")
    hooks = _table(_table(_table(tool, "hatch"), "build"), "hooks")
    use = setup.get("use_scm_version")
    for table in (scm, _table(hooks, "vcs"), use if isinstance(use, dict) else {}):
        for name in ("write_to", "version_file", "version-file"):
            path = table.get(name)
            if isinstance(path, str) and not path.startswith("/") and ".." not in path:
                yield path


def _scripts(static: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, target in _table(static, "scripts").items():
        yield "console_scripts", f"{name} = {target}"
    for group, entries in _table(static, "entry-points").items():
        for name, target in entries.items() if isinstance(entries, dict) else ():
            yield str(group), f"{name} = {target}"

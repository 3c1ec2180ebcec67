"""The published face of the parsers."""

import dataclasses
import subprocess
import sys

import pytest

from swarmcode_agent.code_parser import (
    LANGUAGES,
    ClassInfo,
    FileSymbols,
    FunctionInfo,
    RegexParser,
    TreeSitterParser,
    get_parser,
    languages,
)


def test_the_classes_take_their_published_fields_in_order() -> None:
    """Code written for the published classes makes ours."""
    function = FunctionInfo("f", 1, 2, "def f()", "doc", ("d",), True, "A")
    assert function.class_name == "A"
    holder = ClassInfo("A", 1, 2, ("f",), ("B",), "doc")
    assert holder.kind == "class"
    symbols = FileSymbols("a.py", "python", (function,), (holder,), ("os",))
    assert symbols.imports == ("os",)


@pytest.mark.parametrize("parser", [RegexParser(), TreeSitterParser()], ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("b/c.PYI", "python"),
        ("a.jsx", "javascript"),
        ("a.mts", "typescript"),
        ("a.tsx", "typescript"),
        ("a.go", "go"),
        ("a.rs", "rust"),
        ("a.txt", "unknown"),
    ],
)
def test_languages_are_known_by_their_endings(
    parser: RegexParser | TreeSitterParser, path: str, language: str
) -> None:
    """Upper and lower case alike."""
    assert parser.detect_language(path) == language


def test_the_best_parser_is_the_one_with_grammars() -> None:
    """Where the extra is installed."""
    assert get_parser().name == "tree-sitter"
    assert "tree-sitter-python=" in get_parser().version


def test_without_the_grammars_patterns_read_and_the_error_names_the_extra() -> None:
    """A base install works, and says what would be more exact."""
    code = """
import sys
sys.modules["tree_sitter"] = None  # what an environment without the wheel looks like
from swarmcode_agent.code_parser import TreeSitterParser, get_parser
from swarmcode_agent.errors import MissingExtraError
parser = get_parser()
print(parser.name, parser.parse("def f(): pass", "a.py").functions[0].name)
try:
    TreeSitterParser()
except MissingExtraError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = run.stdout.splitlines()
    assert first == "regex f"
    assert "pip install 'swarmcode-agent[treesitter]'" in second


def test_a_language_is_one_row_and_one_query_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers take a new row as it is; without patterns of its own, names used are all."""
    (python,) = (each for each in LANGUAGES if each.name == "python")
    starlark = dataclasses.replace(python, name="starlark", suffixes=(".bzl",))
    monkeypatch.setitem(languages._BY_SUFFIX, ".bzl", starlark)
    source = "load('//x.bzl', 'y')\n\ndef rule_of(name):\n    return y(name)\n"
    exact, simple = (each.parse(source, "a.bzl") for each in (TreeSitterParser(), RegexParser()))
    assert exact.language == simple.language == "starlark"
    assert [each.name for each in exact.functions] == ["rule_of"]
    assert {"load", "name"} <= {each.name for each in simple.references}


def test_every_language_has_its_queries_and_patterns() -> None:
    """A row of the table that loads nothing would be a promise."""
    parser = TreeSitterParser()
    for language in LANGUAGES:
        path = f"a{language.suffixes[0]}"
        assert parser.parse("", path).language == language.name
        assert RegexParser().parse("", path).language == language.name

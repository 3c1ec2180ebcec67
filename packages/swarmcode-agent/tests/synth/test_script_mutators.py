"""Planted bugs in JavaScript, TypeScript and Go: they parse, differ, and can be undone."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.errors import MutationError
from swarmcode_agent.synth.mutators import script_mutants

JAVASCRIPT = r"""
// a < b && true
async function total(values, { limit = 10 } = {}) {
  const text = `${values.length} < ${limit} && true`, pattern = /a && [/] < b/g;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null || pattern.test("x && y")) continue;
    sum += await values[i] * 2 / 3;
  }
  return sum > limit && text !== '' ? true : sum - 1;
}
"""
TYPESCRIPT = """
export function pick<T extends Array<number>>(values: T, at: number): Promise<number> | null {
  return at >= 0 && at < values.length ? Promise.resolve(values[at]) : null;
}
"""
GO = """
package sums

// Total adds a && b.
func Total(values []int, out chan int) (int, bool) {
	sum := 0
	for i := 0; i < len(values); i++ {
		if values[i] != 0 || `a && b` == "" {
			sum += values[i] * 2
		}
	}
	out <- sum
	return sum, sum > 1 && true
}
"""
SOURCES = [
    pytest.param("javascript", JAVASCRIPT, id="javascript"),
    pytest.param("typescript", TYPESCRIPT, id="typescript"),
    pytest.param("go", GO, id="go"),
]


def parses(language: str, source: str) -> bool:
    from tree_sitter import Language, Parser

    module = importlib.import_module(f"tree_sitter_{language}")
    grammar = module.language_typescript() if language == "typescript" else module.language()
    return not Parser(Language(grammar)).parse(source.encode()).root_node.has_error


@pytest.mark.parametrize(("language", "source"), SOURCES)
def test_every_mutant_parses_differs_and_is_undone(language: str, source: str) -> None:
    """By the language's own grammar, and to the byte; no two mutants are alike."""
    assert parses(language, source)
    made = list(script_mutants(source, language))
    assert len({mutant.changes for mutant in made}) == len(made) >= 5
    for mutant in made:
        text = mutant.apply(source)
        assert text != source
        assert parses(language, text), text
        assert mutant.revert(text) == source
        assert mutant.one_line(source)[0] == mutant.line


def test_families() -> None:
    """Each language has its families; text, comments and patterns are left alone."""
    found = {mutant.mutator for mutant in script_mutants(JAVASCRIPT, "javascript")}
    assert {"boundary", "comparison-sense", "and-or", "off-by-one", "dropped-await"} <= found
    assert "dropped-await" not in {mutant.mutator for mutant in script_mutants(GO, "go")}
    for quoted in ('"a && b"', "// a && b", "`a && b`", "/* true */", "x = /a && b/"):
        assert list(script_mutants(quoted, "javascript")) == []


@given(st.text(alphabet="ab01 <>=&|+-*/`'\"\\\n(){}é;", max_size=80))
def test_no_text_breaks_the_scan(source: str) -> None:
    """Whatever the text, mutants can be undone."""
    for mutant in script_mutants(source, "javascript"):
        assert mutant.revert(mutant.apply(source)) == source


def test_an_unknown_language_is_named() -> None:
    """Not a silent nothing."""
    with pytest.raises(MutationError, match="no mutators for 'cobol'; there are: javascript"):
        next(script_mutants("x", "cobol"))

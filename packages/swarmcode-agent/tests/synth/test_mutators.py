"""What planted bugs promise: they parse, they differ, and they can be undone to the byte."""

from __future__ import annotations

import ast
import bisect
import configparser
import heapq
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmcode_agent.errors import MutationError
from swarmcode_agent.synth.mutators import mutants, python_mutators, sample

# One line of source and one mutant of it that the family must be able to make. Lines are put
# into `def f(…):`, so `return`, `await` and `self` stand where they may.
EXAMPLES: dict[str, list[tuple[str, str]]] = {
    "boundary": [("x = a < b", "x = a <= b"), ("x = a>=b", "x = a>b")],
    "comparison-direction": [("x = a <= b", "x = a >= b")],
    "comparison-sense": [("x = a in b", "x = a not in b"), ("x = a == b", "x = a != b")],
    "identity": [("x = a is None", "x = a == None")],
    "negated-condition": [
        ("while a: b()", "while not a: b()"),
        ("assert a and b", "assert not (a and b)"),
        ("x = b if not a else 1", "x = b if a else 1"),
    ],
    "dropped-not": [("x = not a", "x = a"), ("x = -a", "x = a")],
    "and-or": [("x = a and b", "x = a or b")],
    "dropped-clause": [("x = a and b", "x = a"), ("x = a and b", "x = b")],
    "swapped-arms": [("x = a if b else 1", "x = 1 if b else a")],
    "off-by-one": [("x = 10", "x = 11"), ("x = 10", "x = 9")],
    "swapped-operands": [("x = a - b", "x = b - a")],
    "wrong-operator": [("x = a+b", "x = a-b"), ("x = a // b", "x = a / b")],
    "wrong-update": [("a += b", "a -= b"), ("a += b", "a = b")],
    "wrong-index": [("x = a[0]", "x = a[-1]"), ("x = a[-1]", "x = a[-2]")],
    "slice-bound": [("x = a[1:b]", "x = a[2:b]"), ("x = a[b:]", "x = a[:b]")],
    "loop-range": [
        ("x = range(b)", "x = range(b + 1)"),
        ("x = range(b)", "x = range(1, b)"),
        ("x = enumerate(a)", "x = enumerate(a, 1)"),
        ("x = reversed(a)", "x = a"),
    ],
    "break-continue": [("for a in b: break", "for a in b: continue")],
    "aliased-copy": [("x = a.copy()", "x = a"), ("x = list(a)", "x = a")],
    "swapped-arguments": [("f(a, b)", "f(b, a)")],
    "dropped-argument": [("f(a, key=b)", "f(a)"), ("f(a, b, )", "f(a, )")],
    "sibling-call": [("x = max(a, b)", "x = min(a, b)"), ("a.lower()", "a.upper()")],
    "dropped-await": [("await a", "a")],
    "dropped-conversion": [("x = a.strip()", "x = a"), ("x = int(a)", "x = a")],
    "flipped-flag": [("f(a, key=True)", "f(a, key=False)")],
    "wrong-text": [('x = a["name"]', 'x = a["NAME"]'), ('x = " "', 'x = ""')],
    "wrong-variable": [("return a", "return b")],
    "wrong-attribute": [("self.one = 1; return self.two", "self.one = 1; return self.one")],
    "swapped-targets": [("a, b = x", "b, a = x"), ("for a, b in x: a()", "for b, a in x: a()")],
    "lost-return": [("return a(b)", "a(b)")],
    "wrong-result": [("return a", "return None")],
    "dropped-validation": [("if a:\n    raise b\na()", "a()"), ("assert a\nb()", "b()")],
    "dropped-guard": [("if a:\n    return b\na()", "a()")],
    "dropped-call": [("a(b)\nb()", "b()"), ("if a:\n    b()", "if a:\n    pass")],
    "dropped-assignment": [("self.a = b\nb()", "b()"), ("a += 1\nb()", "b()")],
    "open-resource": [
        ("with a(b) as x:\n    x()\n\n    b()", "x = a(b)\nx()\n\nb()"),
        ("b()\na.close()", "b()"),
    ],
    "wrong-exception": [
        ("raise ValueError(a)", "raise TypeError(a)"),
        ("try: a()\nexcept KeyError: b()", "try: a()\nexcept IndexError: b()"),
    ],
    "narrowed-except": [
        ("try: a()\nexcept (A, B): b()", "try: a()\nexcept A: b()"),
        ("try: a()\nexcept (A, B): b()", "try: a()\nexcept B: b()"),
    ],
    "swallowed-exception": [
        ("try:\n    a()\nexcept A:\n    raise", "try:\n    a()\nexcept A:\n    pass")
    ],
}
WHOLE = {
    "wrong-default": (
        "def f(a, b=1, *, c=True):\n    return a\n",
        "def f(a, b=1, *, c=False):\n    return a\n",
    ),
    "mutable-default": (
        "def f(a=None):\n    if a is None:\n        a = []\n    return a\n",
        "def f(a=[]):\n    return a\n",
    ),
}


def in_function(lines: str) -> str:
    return "async def f(self, a, b, x):\n" + textwrap.indent(lines, "    ") + "\n"


CASES = [
    pytest.param(family, in_function(before), in_function(after), id=f"{family}-{at}")
    for family, pairs in EXAMPLES.items()
    for at, (before, after) in enumerate(pairs)
] + [pytest.param(family, *pair, id=family) for family, pair in WHOLE.items()]


@pytest.mark.parametrize(("family", "before", "after"), CASES)
def test_a_family_makes_its_bug(family: str, before: str, after: str) -> None:
    """Each family makes the very text that it is named for, and that text can be undone."""
    made = {mutant.apply(before): mutant for mutant in mutants(before, families=[family])}
    assert after in made, "\n".join(made)
    assert made[after].revert(after) == before
    assert made[after].mutator == family


def test_every_family_has_an_example() -> None:
    """A family without an example here is a family that nobody has seen work."""
    assert set(python_mutators()) == {*EXAMPLES, *WHOLE}
    assert len(python_mutators()) >= 20
    assert all(mutator.summary for mutator in python_mutators().values())


SOURCES = [Path(module.__file__).read_text() for module in (bisect, configparser, heapq)]


@pytest.fixture(scope="module")
def every_mutant() -> list[tuple[str, list]]:
    return [(source, list(mutants(source))) for source in SOURCES]


def test_every_mutant_of_real_modules_holds_its_promises(every_mutant) -> None:
    """Thousands of mutants: each parses, each tree differs, each is undone, no two alike."""
    for source, made in every_mutant:
        assert len(made) > 50
        tree = ast.dump(ast.parse(source))
        assert len({mutant.changes for mutant in made}) == len(made)
        for mutant in made[::11]:
            text = mutant.apply(source)
            assert ast.dump(ast.parse(text)) != tree
            assert mutant.revert(text) == source
            assert source.encode().count(b"\n", 0, mutant.changes[0].start) + 1 == mutant.line


NAMES = st.sampled_from(["a", "b", "self.x", "0", "1", "'é'", "a[0]", "f(a, b)", "None"])
EXPRESSIONS = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "<", "==", "and", "or", "is"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda text: f"(not {text})"),
        inner.map(lambda text: f"max({text}, b)"),
        inner.map(lambda text: f"a[{text}:]"),
    ),
    max_leaves=6,
)
STATEMENTS = EXPRESSIONS.flatmap(
    lambda text: st.sampled_from(
        [
            f"return {text}",
            f"a = {text}",
            f"if {text}:\n    raise ValueError('ü')",
            f"a += {text}",
            f"with open({text}) as b:\n    b.read()",
            f"f(a, key={text})  # ☃",
        ]
    )
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_mutants_of_generated_functions(statements: list[str], newline: str) -> None:
    """Whatever the function, line ending and alphabet: parses, differs, undone to the byte."""
    body = textwrap.indent("\n".join(statements), "    ")
    source = f"def f(a=None, b=1):\n{body}\n".replace("\n", newline)
    before = ast.dump(ast.parse(source))
    for mutant in mutants(source):
        text = mutant.apply(source)
        assert ast.dump(ast.parse(text)) != before, mutant
        assert mutant.revert(text) == source


@pytest.mark.parametrize("seed", [0, 1, "text"])
def test_sampling_is_deterministic(seed: int | str) -> None:
    """The same source and seed give the same bug, and different seeds reach many families."""
    assert sample(SOURCES[0], seed=seed) == sample(SOURCES[0], seed=seed)
    families = {sample(SOURCES[0], seed=n).mutator for n in range(25)}
    assert len(families) >= 8


def test_one_line_bugs_are_recognised() -> None:
    """`one_line` names the faulty line and the text that undoes it, and nothing else."""
    source = in_function("x = a < b\nreturn x")
    for seed in range(20):
        mutant = sample(source, seed=seed, one_line=True)
        number, right = mutant.one_line(source)
        lines = mutant.apply(source).split("\n")
        lines[number - 1] = right
        assert "\n".join(lines) == source
    removed = next(mutants(in_function("a()\nb()"), families=["dropped-call"]))
    assert removed.one_line(in_function("a()\nb()")) is None


def test_what_is_no_code_is_left_alone() -> None:
    """Annotations, decorators, imports and docstrings are never mutated, nor module level."""
    source = '"""1"""\nX = 1\n\n@dec(1)\ndef f(a: "int | 1") -> "b[0]":\n    """a < 1"""\n'
    assert list(mutants(source)) == []
    assert sample(source, seed=1) is None


def test_bad_input_is_said_in_one_line() -> None:
    """A source that is not Python, an unknown family and a foreign text are clear errors."""
    with pytest.raises(MutationError, match="not Python"):
        list(mutants("def f(:\n"))
    with pytest.raises(MutationError, match="no mutator is called 'nope'; there are: boundary,"):
        list(mutants("x = 1\n", families=["nope"]))
    mutant = next(mutants(in_function("x = a < b")))
    with pytest.raises(ValueError, match="not the text that the mutant was made from"):
        mutant.apply("something else entirely")

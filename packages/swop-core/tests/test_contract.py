"""Types read from annotations: what can be expressed, and a warning for all that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swop.contract.described import describe
from swop.contract.reading import read_type
from swop.contract.terms import (
    ListOf,
    LiteralOf,
    MapOf,
    Maybe,
    Named,
    OneOf,
    Scalar,
    Term,
    TupleOf,
    spelled,
)

from .projects import named, scan

INT, TEXT = Scalar.INT, Scalar.STRING


@pytest.mark.parametrize(
    ("text", "term"),
    [
        pytest.param("int", INT, id="scalar"),
        pytest.param("Optional[int]", Maybe(INT), id="optional"),
        pytest.param("int | None", Maybe(INT), id="or-none"),
        pytest.param("None | int", Maybe(INT), id="none-or"),
        pytest.param("Union[int, str]", OneOf((INT, TEXT)), id="union"),
        pytest.param("Union[int, str | None]", Maybe(OneOf((INT, TEXT))), id="nested-union"),
        pytest.param("int | str | int", OneOf((INT, TEXT)), id="doubled-member"),
        pytest.param("list[list[int]]", ListOf(ListOf(INT)), id="list-in-list"),
        pytest.param("Dict[str, List[int]]", MapOf(TEXT, ListOf(INT)), id="list-in-map"),
        pytest.param("set[str]", ListOf(TEXT, unique=True), id="set"),
        pytest.param("tuple[int, ...]", ListOf(INT), id="tuple-any-length"),
        pytest.param("tuple[int, str]", TupleOf((INT, TEXT)), id="tuple"),
        pytest.param("Literal['a', 1, None]", Maybe(LiteralOf(("a", 1))), id="literal"),
        pytest.param("Literal[-1, True]", LiteralOf((-1, True)), id="literal-numbers"),
        pytest.param("Annotated[datetime, 'x']", Scalar.TIMESTAMP, id="annotated"),
        pytest.param("datetime.datetime", Scalar.TIMESTAMP, id="dotted"),
        pytest.param("timedelta", Scalar.DURATION, id="duration"),
        pytest.param("Decimal", Scalar.DECIMAL, id="decimal"),
        pytest.param("UUID", Scalar.UUID, id="uuid"),
        pytest.param("object", Scalar.ANY, id="any"),
        pytest.param("other.Item", Named("other.Item"), id="described"),
        pytest.param("list['Item']", ListOf(Named("Item")), id="quoted"),
        pytest.param("list[int | None]", ListOf(Maybe(INT)), id="none-in-list"),
        pytest.param("Counter[str]", MapOf(TEXT, INT), id="counter"),
    ],
)
def test_what_can_be_expressed(text: str, term: Term) -> None:
    """Each annotation means one term, without a problem."""
    reading = read_type(text, ["Item", "other.Item"])
    assert (reading.term, reading.problems) == (term, ())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Callable[[int], str]", id="callable"),
        pytest.param("complex", id="complex"),
        pytest.param("Unknown", id="unknown"),
        pytest.param("list[Unknown[int]]", id="inside"),
        pytest.param("type[int]", id="class"),
        pytest.param("None", id="none"),
        pytest.param("int |", id="broken"),
        pytest.param("3 + 4", id="expression"),
        pytest.param("dict", id="bare-dict"),
        pytest.param("list", id="bare-list"),
        pytest.param("Item[int]", id="generic"),
    ],
)
def test_what_cannot_be_expressed_is_said(text: str) -> None:
    """Never a silent text."""
    assert read_type(text, ["Item"]).problems


def test_a_class_of_the_project_wins_over_a_known_name() -> None:
    """A project may have its own `Path`."""
    assert read_type("Path", ["Path"]).term == Named("Path")
    assert read_type("Path").term == Scalar.STRING


terms: st.SearchStrategy[Term] = st.recursive(
    st.one_of(
        st.sampled_from(Scalar),
        st.builds(Named, st.sampled_from(["Item", "other.Item"])),
        st.builds(
            LiteralOf, st.lists(st.text("abc'\"\\", max_size=4), min_size=1, unique=True).map(tuple)
        ),
    ),
    lambda inner: st.one_of(
        st.builds(ListOf, inner, st.booleans()),
        st.builds(MapOf, inner, inner),
        st.builds(TupleOf, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(terms)
def test_a_term_that_is_spelled_reads_as_itself(term: Term) -> None:
    """Spelling loses nothing."""
    reading = read_type(spelled(term), ["Item", "other.Item"])
    assert (reading.term, reading.problems) == (term, ())


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    """Whatever a manifest holds is a term or a problem, never an exception."""
    reading = read_type(text)
    assert reading.term is not None


def test_deep_nesting_is_a_problem_not_a_crash() -> None:
    """A manifest may be made to hurt."""
    text = "list[" * 5_000 + "int" + "]" * 5_000
    assert read_type(text).problems


def test_inherited_fields_of_dataclasses_and_models(tmp_path: Path) -> None:
    """An ancestor's fields are fields, in the order of their library, overridden where they are."""
    report = scan(
        tmp_path,
        {
            "ops.py": """
                from dataclasses import dataclass
                from typing import Annotated, Optional
                from pydantic import BaseModel, Field
                from swop import command
                @dataclass
                class Base:
                    at: float
                    note: Optional[str] = None
                @command("x")
                @dataclass
                class Pay(Base):
                    at: int
                    tags: set[str]
                class Model(BaseModel):
                    who: Annotated[str, Field(alias="by")]
                @command("x")
                class Refund(Model):
                    why: "int | str | None" = None
                    odd: complex = 0
            """
        },
    )
    pay = describe(named(report, "Pay"), context="x", kind="command", key="Pay")
    assert [(item.name, item.term, item.optional) for item in pay.message.fields] == [
        ("at", INT, False),
        ("note", TEXT, True),
        ("tags", ListOf(TEXT, unique=True), False),
    ]
    refund = describe(named(report, "Refund"), context="x", kind="command", key="Refund")
    assert [(item.wire_name, item.term, item.nullable) for item in refund.message.fields] == [
        ("by", TEXT, False),
        ("why", OneOf((INT, TEXT)), True),
        ("odd", TEXT, False),
    ]
    assert [str(remark) for remark in refund.remarks] == [
        "x: Refund.odd: complex is not described in the project: it became text"
    ]

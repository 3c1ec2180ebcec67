"""Numbers are given once: kept, reserved, never to anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swop import LockError
from swop.lock import (
    ContextLock,
    Lock,
    Numbers,
    Rename,
    Wanted,
    assign,
    likely_renames,
    lock_bytes,
    parse_lock,
)

from .drivers import driver

HERE = Path("swop.lock.yml")


def wanted(**fields: str) -> Wanted:
    return Wanted("billing", {"Pay": tuple(fields.items())}, {"Color": ("RED", "BLUE")})


def numbers(lock: ContextLock) -> dict[str, int | None]:
    return {name: item.number for name, item in lock.messages["Pay"].given.items()}


def after(*steps: Wanted) -> ContextLock:
    lock = ContextLock()
    for step in steps:
        lock = assign(lock, step)
    return lock


def test_removing_a_field_renumbers_nothing() -> None:
    """The fault of positions: what stays keeps its number, what went is reserved."""
    lock = after(wanted(a="int64", b="string", c="bool"), wanted(a="int64", c="bool"))
    assert numbers(lock) == {"a": 1, "c": 3}
    pay = lock.messages["Pay"]
    assert (pay.reserved_numbers, pay.reserved_names) == ({2}, {"b"})


def test_order_means_nothing() -> None:
    """Moving a line in a class changes no number."""
    lock = after(wanted(a="int64", b="string"), wanted(b="string", a="int64"))
    assert numbers(lock) == {"b": 2, "a": 1}


def test_a_field_that_comes_back_is_a_new_field() -> None:
    """Its old bytes meant what nobody remembers."""
    lock = after(wanted(a="int64", b="string"), wanted(a="int64"), wanted(a="int64", b="string"))
    assert numbers(lock) == {"a": 1, "b": 3}
    assert lock.messages["Pay"].reserved_names == set()


def test_another_type_is_another_number() -> None:
    """Bytes of a text must not be read as a number."""
    lock = after(wanted(a="int64"), wanted(a="string"))
    assert numbers(lock) == {"a": 2}
    assert lock.messages["Pay"].reserved_numbers == {1}


def test_a_message_that_went_keeps_its_numbers_reserved() -> None:
    """Also when it comes back."""
    gone = after(wanted(a="int64"), Wanted("billing", {}, {}))
    assert gone.messages["Pay"] == Numbers({}, frozenset({1}), frozenset({"a"}))
    assert numbers(assign(gone, wanted(a="int64"))) == {"a": 2}


def test_protobuf_keeps_a_range_for_itself() -> None:
    """19000 to 19999 are never given."""
    many = {f"f{number}": "int64" for number in range(19_100)}
    given_numbers = set(numbers(after(wanted(**many))).values())
    assert not given_numbers & set(range(19_000, 20_000))
    assert 20_000 in given_numbers


WAS = """\
version: 1
contexts:
  billing:
    messages:
      Pay:
        fields:
          customer:
            number: 1
            type: int64
          {}
"""


def test_was_carries_the_number_along() -> None:
    """What a person writes into the lock is taken, and remembered."""
    lock = parse_lock(WAS.format("client: {was: customer}").encode(), path=HERE)
    after_it = assign(lock.context("billing"), wanted(client="int64"))
    assert numbers(after_it) == {"client": 1}
    assert after_it.messages["Pay"].given["client"].was == "customer"
    assert after_it.messages["Pay"].reserved_names == {"customer"}
    assert numbers(assign(after_it, wanted(client="int64"))) == {"client": 1}


def test_a_message_renamed_by_was_keeps_its_numbers_and_those_who_use_it() -> None:
    """Fields of the renamed type keep theirs too; the old name stays reserved."""
    before = assign(
        ContextLock(),
        Wanted("b", {"Item": (("a", "int64"),), "Pay": (("items", "repeated Item"),)}, {}),
    )
    asked = ContextLock({**before.messages, "Line": Numbers(was="Item")}, {})
    new = Wanted("b", {"Line": (("a", "int64"),), "Pay": (("items", "repeated Line"),)}, {})
    lock = assign(asked, new)
    assert lock.messages["Line"].number("a") == 1
    assert lock.messages["Pay"].number("items") == 1
    assert lock.messages["Item"].reserved_numbers == {1}


@pytest.mark.parametrize(
    ("line", "fields", "says"),
    [
        pytest.param("client: {was: nobody}", {"client": "int64"}, "no such field", id="unknown"),
        pytest.param(
            "client: {was: customer}",
            {"client": "int64", "customer": "int64"},
            "would both have",
            id="still-there",
        ),
    ],
)
def test_a_was_that_cannot_be_is_refused(line: str, fields: dict[str, str], says: str) -> None:
    """One line that says what to correct."""
    lock = parse_lock(WAS.format(line).encode(), path=HERE)
    with pytest.raises(LockError, match=says):
        assign(lock.context("billing"), wanted(**fields))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(WAS.format("b: {number: 1, type: int64}"), "given twice", id="merged"),
        pytest.param(WAS.format("b: {number: 0}"), "no number from 1", id="zero"),
        pytest.param(WAS.format("b: {number: true}"), "no number from 1", id="truth"),
        pytest.param(WAS.format("b: {number: 19001}"), "for itself", id="protobuf-own"),
        pytest.param(WAS.format("b: {type: int64}"), "needs a number", id="no-number"),
        pytest.param(WAS.format("b: 3"), "must be a mapping", id="bare"),
        pytest.param("version: 2\n", "only version 1", id="version"),
        pytest.param("- x\n", "must be a mapping", id="list"),
        pytest.param("a: [\n", "not valid YAML", id="no-yaml"),
    ],
)
def test_a_damaged_lock_is_refused(text: str, says: str) -> None:
    """It is never read as an empty one."""
    with pytest.raises(LockError, match=says):
        parse_lock(text.encode(), path=HERE)


def test_a_likely_rename_is_proposed_not_taken() -> None:
    """One went and one came, of one type, in one place: a person decides."""
    before = after(wanted(customer_id="int64", amount="double"))
    renamed = wanted(client_id="int64", amount="double")
    [proposal] = likely_renames(before, renamed)
    assert proposal == Rename("billing", "Pay", "customer_id", "client_id")
    assert numbers(assign(before, renamed)) == {"client_id": 3, "amount": 2}
    assert numbers(assign(before, renamed, renames=[proposal])) == {"client_id": 1, "amount": 2}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"client_id": "string", "amount": "double"}, id="other-type"),
        pytest.param({"x": "int64", "y": "int64", "amount": "double"}, id="two-came"),
        pytest.param({"customer_id": "int64", "amount": "double", "z": "bool"}, id="none-went"),
    ],
)
def test_what_does_not_look_like_a_rename_is_not_proposed(fields: dict[str, str]) -> None:
    """A wrong proposal would give old bytes a new meaning."""
    before = after(wanted(customer_id="int64", amount="double"))
    assert likely_renames(before, wanted(**fields)) == []


names = st.sampled_from("abcdef")
kinds = st.sampled_from(["int64", "string", "repeated int64"])
versions = st.lists(st.dictionaries(names, kinds, max_size=4), min_size=1, max_size=8)


@settings(deadline=None)
@given(versions)
def test_no_number_ever_has_two_holders(steps: list[dict[str, str]]) -> None:
    """Whatever is edited: one number, one name and type, for good; and the file comes back."""
    lock = ContextLock()
    holders: dict[int | None, tuple[str, str]] = {}
    for step in steps:
        before = lock.messages.get("Pay", Numbers()).used
        lock = assign(lock, wanted(**step))
        pay = lock.messages["Pay"]
        assert set(pay.given) == set(step)
        assert before <= pay.used
        for name, item in pay.given.items():
            assert holders.setdefault(item.number, (name, item.type)) == (name, item.type)
        whole = Lock({"billing": lock})
        read = parse_lock(lock_bytes(whole), path=HERE)
        assert read == whole
        assert lock_bytes(read) == lock_bytes(whole)


def test_old_bytes_decode_under_every_newer_version() -> None:
    """With protobuf itself: a seeded slice of `benchmarks/protos.py evolve`."""
    assert sum(1 for _ in driver("protos").evolve(seed=20, sequences=60)) == 60

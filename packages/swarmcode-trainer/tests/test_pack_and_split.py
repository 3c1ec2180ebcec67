"""Packing loses and cuts nothing; holding out leaks nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_trainer.dataset import Row, pack, split_rows

LENGTHS = st.lists(st.integers(1, 100), max_size=60)


@given(LENGTHS)
def test_every_item_is_in_exactly_one_bin_that_holds_it(lengths: list[int]) -> None:
    """Nothing is cut, dropped or doubled."""
    bins = pack(lengths, capacity=100)
    assert sorted(item for items in bins for item in items) == list(range(len(lengths)))
    assert all(sum(lengths[item] for item in items) <= 100 for items in bins)


@given(LENGTHS.filter(bool))
def test_packing_is_near_what_is_possible(lengths: list[int]) -> None:
    """Best-fit-decreasing needs at most 11/9 of the best, and one more."""
    least = math.ceil(sum(lengths) / 100)
    assert len(pack(lengths, capacity=100)) <= max(len(lengths), 1)
    assert len(pack(lengths, capacity=100)) <= 2 * least


@pytest.mark.parametrize("length", [pytest.param(0, id="empty"), pytest.param(101, id="too-long")])
def test_what_cannot_be_packed_is_refused(length: int) -> None:
    """By the item's number."""
    with pytest.raises(ValueError, match="item 1"):
        pack([5, length], capacity=100)


def rows(commits: list[int]) -> list[Row]:
    return [
        Row(line=index, task=f"t{index}", context_files=(), diff="d", metadata={"commit": f"c{c}"})
        for index, c in enumerate(commits)
    ]


@given(st.lists(st.integers(0, 20), min_size=2, max_size=60), st.floats(0, 0.9), st.integers(0, 9))
def test_a_commit_is_on_one_side_and_training_keeps_something(
    commits: list[int], fraction: float, seed: int
) -> None:
    """A model is never measured on a sibling of what it saw."""
    split = split_rows(rows(commits), fraction=fraction, seed=seed)
    sides = [{row.metadata["commit"] for row in side} for side in (split.train, split.held_out)]
    assert not sides[0] & sides[1]
    assert split.train
    assert len(split.train) + len(split.held_out) == len(commits)
    assert len(split.held_out) <= 2 * max(1, round(fraction * len(commits)))


def test_a_row_keeps_its_side_when_the_file_is_reordered() -> None:
    """The choice is a hash of the row, not its place."""
    values = rows(list(range(50)))
    forward = split_rows(values, fraction=0.2, seed=1)
    backward = split_rows(values[::-1], fraction=0.2, seed=1)
    assert {row.task for row in forward.held_out} == {row.task for row in backward.held_out}
    assert len(forward.held_out) == 10


def test_nothing_is_held_out_when_nothing_is_asked_for() -> None:
    """A fraction of 0 trains on everything."""
    assert split_rows(rows([1, 2, 3]), fraction=0, seed=0).held_out == ()

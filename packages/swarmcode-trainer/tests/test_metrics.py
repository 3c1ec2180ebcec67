"""Rates, intervals and comparisons, against brute force and against published figures."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_trainer.eval import compare, mean_pass_at_k, pass_at_k, rate, sign_test


@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_subsets_that_hold_a_passing_sample(
    samples: int, data: st.DataObject
) -> None:
    """Unbiased by definition: counted out over every subset."""
    passed = data.draw(st.integers(0, samples))
    k = data.draw(st.integers(1, samples))
    results = [True] * passed + [False] * (samples - passed)
    subsets = list(itertools.combinations(results, k))
    expected = sum(any(subset) for subset in subsets) / len(subsets)
    assert pass_at_k(samples, passed, k) == pytest.approx(expected)


@pytest.mark.parametrize(("samples", "passed", "k"), [(3, 4, 1), (3, 1, 4), (3, 1, 0), (3, -1, 1)])
def test_impossible_counts_are_refused(samples: int, passed: int, k: int) -> None:
    """pass@k of fewer than k samples cannot be estimated, and is not made up."""
    with pytest.raises(ValueError, match=f"pass@{k}"):
        pass_at_k(samples, passed, k)


def test_the_mean_is_over_examples() -> None:
    """Each example counts once, whatever its number of samples."""
    assert mean_pass_at_k([(1, 1), (4, 0), (2, 1)], 1) == pytest.approx((1 + 0 + 0.5) / 3)


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        # Newcombe 1998, table I, method 3.
        pytest.param(81, 263, 0.2553, 0.3662, id="81-of-263"),
        pytest.param(15, 148, 0.0624, 0.1605, id="15-of-148"),
        pytest.param(0, 20, 0.0, 0.1611, id="0-of-20"),
        pytest.param(1, 29, 0.0061, 0.1718, id="1-of-29"),
    ],
)
def test_wilson_gives_the_published_intervals(
    successes: int, total: int, low: float, high: float
) -> None:
    """To the four digits that were printed."""
    found = rate(successes, total)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_rate_and_stays_in_range(total: int, data: st.DataObject) -> None:
    """Also at 0 and at all."""
    found = rate(data.draw(st.integers(0, total)), total)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


def test_nothing_counted_is_no_knowledge() -> None:
    """The interval is everything."""
    assert (rate(0, 0).low, rate(0, 0).high) == (0, 1)


def scores(outcomes: str) -> dict[str, float]:
    return {f"t{index}": float(mark) for index, mark in enumerate(outcomes)}


@pytest.mark.parametrize(
    ("both", "gained", "lost", "neither", "low", "high"),
    [
        pytest.param(20, 12, 2, 16, 0.0562, 0.3290, id="20-12-2-16"),
        pytest.param(0, 0, 0, 10, -0.2775, 0.2775, id="none"),
    ],
)
def test_the_paired_interval_is_newcombes(
    both: int, gained: int, lost: int, neither: int, low: float, high: float
) -> None:
    """Method 10, with its correction of the correlation, for one table and a degenerate one."""
    first = scores("1" * both + "0" * gained + "1" * lost + "0" * neither)
    second = scores("1" * both + "1" * gained + "0" * lost + "0" * neither)
    found = compare(first, second)
    assert (found.gained, found.lost) == (gained, lost)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60))
def test_swapping_the_two_turns_the_interval_around(pairs: list[tuple[int, int]]) -> None:
    """And the difference is always inside it."""
    first = {str(index): float(pair[0]) for index, pair in enumerate(pairs)}
    second = {str(index): float(pair[1]) for index, pair in enumerate(pairs)}
    there, back = compare(first, second), compare(second, first)
    assert there.low <= there.difference <= there.high
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.p_value == back.p_value


def test_the_paired_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """95 % means 95 %: simulated with a known difference."""
    rng = random.Random(5)
    held = 0
    for _ in range(400):
        first = {str(i): float(rng.random() < 0.5) for i in range(80)}
        second = {i: float(rng.random() < (0.9 if v else 0.3)) for i, v in first.items()}
        found = compare(first, second)
        held += found.low <= 0.1 <= found.high
    assert 0.92 <= held / 400 <= 0.99


def test_scores_between_are_resampled_the_same_way_every_time() -> None:
    """Several samples an example: a seeded bootstrap."""
    first = {str(index): index % 4 / 4 for index in range(40)}
    second = {name: min(1.0, score + 0.25) for name, score in first.items()}
    found = compare(first, second, seed=3)
    assert found == compare(first, second, seed=3)
    assert found.decided
    assert found.low <= found.difference <= found.high
    assert found.difference == pytest.approx(sum(second.values()) / 40 - sum(first.values()) / 40)


def test_different_examples_are_not_compared() -> None:
    """Two runs on different data say nothing about each other."""
    with pytest.raises(ValueError, match="same examples"):
        compare({"a": 1.0}, {"b": 1.0})
    with pytest.raises(ValueError, match="no examples"):
        compare({}, {})


@pytest.mark.parametrize(
    ("gained", "lost", "p"), [(0, 0, 1.0), (5, 5, 1.0), (8, 1, 20 / 512), (10, 0, 2 / 1024)]
)
def test_the_sign_test_is_exact(gained: int, lost: int, p: float) -> None:
    """Two-sided, from the binomial distribution."""
    assert math.isclose(sign_test(gained, lost), p)

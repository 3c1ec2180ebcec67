"""Rates with honest intervals: what was counted, and how sure one may be of it.

Every rate is over all examples. What could not be run stays in the denominator: an evaluation
that leaves out what failed can be made to say anything.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of successes with its Wilson interval.

    Attributes:
        successes: how many.
        total: of how many; 0 where nothing was counted.
        low: lower end of the interval.
        high: upper end of the interval.
    """

    successes: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; 0 where nothing was counted."""
        return self.successes / self.total if self.total else 0.0


def rate(successes: int, total: int, *, confidence: float = 0.95) -> Rate:
    """Return a share with the interval of Wilson's score test.

    It holds for few examples and for shares near 0 and 1, where the textbook's interval fails.
    """
    if not 0 <= successes <= total:
        raise ValueError(f"{successes} successes of {total}")
    if total == 0:
        return Rate(0, 0, 0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / total
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    centre = share + z * z / (2 * total)
    scale = 1 + z * z / total
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == total else (centre + spread) / scale
    return Rate(successes, total, low, high)


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """Return the chance that one of `k` samples passes, estimated without bias from more.

    It is the share of the k-subsets of the samples that hold a passing one. Taking the first k,
    or raising the failure rate to the power of k, would be noisier or biased.
    """
    if not 0 <= passed <= samples or not 1 <= k <= samples:
        raise ValueError(f"pass@{k} of {samples} samples of which {passed} passed")
    return 1.0 - math.comb(samples - passed, k) / math.comb(samples, k)


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int) -> float:
    """Return the mean of pass@k over examples, each given as (samples, passed)."""
    return sum(pass_at_k(samples, passed, k) for samples, passed in counts) / len(counts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much better one of two is, on the same examples.

    Attributes:
        examples: how many both were measured on.
        difference: the second's mean score minus the first's.
        low: lower end of the difference's interval.
        high: upper end of it.
        gained: examples on which the second is better.
        lost: examples on which it is worse.
        p_value: chance of a difference at least as uneven, were there none (exact sign test).
    """

    examples: int
    difference: float
    low: float
    high: float
    gained: int
    lost: int
    p_value: float

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def compare(
    first: Mapping[str, float],
    second: Mapping[str, float],
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare two by their scores, from 0 to 1, on the same examples.

    Pairs of passed and failed get Newcombe's interval for paired proportions; scores between
    (several samples an example) get a seeded bootstrap over examples.

    Raises:
        ValueError: they were not measured on the same examples, or on none.
    """
    if first.keys() != second.keys():
        raise ValueError("the two were not measured on the same examples")
    if not first:
        raise ValueError("there are no examples to compare on")
    pairs = [(first[name], second[name]) for name in sorted(first)]
    gained = sum(after > before for before, after in pairs)
    lost = sum(after < before for before, after in pairs)
    binary = all(score in (0.0, 1.0) for pair in pairs for score in pair)
    low, high = _newcombe(pairs, confidence) if binary else _bootstrap(pairs, confidence, seed)
    return Comparison(
        examples=len(pairs),
        difference=sum(after - before for before, after in pairs) / len(pairs),
        low=low,
        high=high,
        gained=gained,
        lost=lost,
        p_value=sign_test(gained, lost),
    )


def sign_test(gained: int, lost: int) -> float:
    """Return the two-sided chance of a split at least as uneven, were both equally likely."""
    total, smaller = gained + lost, min(gained, lost)
    ways = sum(math.comb(total, count) for count in range(smaller + 1))
    return min(1.0, float(Fraction(2 * ways, 1 << total)))


def _newcombe(pairs: Sequence[tuple[float, float]], confidence: float) -> tuple[float, float]:
    """Newcombe's method 10: Wilson intervals of both, joined by how they go together."""
    total = len(pairs)
    both = sum(a == 1 and b == 1 for a, b in pairs)
    lost = sum(a == 1 and b == 0 for a, b in pairs)
    gained = sum(a == 0 and b == 1 for a, b in pairs)
    neither = total - both - lost - gained
    one = rate(both + gained, total, confidence=confidence)
    other = rate(both + lost, total, confidence=confidence)
    phi = _correlation(both, gained, lost, neither)
    difference = one.value - other.value
    below, above = one.value - one.low, one.high - one.value
    other_below, other_above = other.value - other.low, other.high - other.value
    down = below**2 - 2 * phi * below * other_above + other_above**2
    up = above**2 - 2 * phi * above * other_below + other_below**2
    return (
        max(-1.0, difference - math.sqrt(max(0.0, down))),
        min(1.0, difference + math.sqrt(max(0.0, up))),
    )


def _correlation(both: int, gained: int, lost: int, neither: int) -> float:
    margins = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    if margins == 0:
        return 0.0
    cross: float = both * neither - gained * lost
    if cross > 0:  # Newcombe's correction: a small sample overstates how they go together
        cross = max(cross - (both + gained + lost + neither) / 2, 0)
    return cross / math.sqrt(margins)


def _bootstrap(
    pairs: Sequence[tuple[float, float]], confidence: float, seed: int
) -> tuple[float, float]:
    rng = random.Random(seed)  # noqa: S311 - resampling, not secrets
    differences = [after - before for before, after in pairs]
    size = len(differences)
    means = sorted(sum(rng.choices(differences, k=size)) / size for _ in range(RESAMPLES))
    tail = (1 - confidence) / 2
    return means[int(tail * RESAMPLES)], means[math.ceil((1 - tail) * RESAMPLES) - 1]

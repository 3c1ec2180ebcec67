"""The prefix cache: the longest beginning, within its bound, and apart for each adapter."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_server.engines.transformers.prefixes import PrefixCache


@dataclass(frozen=True)
class Read:
    """Stands for a past: the tokens that were read are all that there is to know of it."""

    tokens: tuple[int, ...]

    def until(self, length: int) -> "Read":
        return Read(self.tokens[:length])


tokens = st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple)


@given(st.lists(st.tuples(st.sampled_from([None, "a"]), tokens), max_size=12), tokens)
def test_what_is_found_is_a_beginning_that_was_read(kept: list, asked: tuple) -> None:
    """Never another adapter's, never the whole prompt, and as long as any that is still kept."""
    cache = PrefixCache(20)
    for adapter, read in kept:
        cache.keep(adapter, read, Read(read))
        assert cache.tokens <= 20
    found = cache.find("a", asked)
    if found is not None:
        length, past = found
        assert 0 < length < len(asked)
        assert past.tokens == asked[:length]
    if kept and kept[-1] == ("a", asked) and len(asked) > 1:
        assert found is not None
        assert found[0] == len(asked) - 1


@pytest.mark.parametrize("most", [0, 3])
def test_what_is_larger_than_the_bound_is_not_kept(most: int) -> None:
    """Nothing is pushed out for it either."""
    cache = PrefixCache(most)
    cache.keep(None, (1, 2, 3, 4), Read((1, 2, 3, 4)))
    assert cache.tokens == 0
    assert cache.find(None, (1, 2, 3, 4)) is None

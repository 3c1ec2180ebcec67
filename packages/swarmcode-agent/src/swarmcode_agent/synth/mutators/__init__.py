"""Planted bugs: mutators for Python (libcst), and a few for JavaScript, TypeScript and Go.

`mutants(source)` lists every mutant of a source, `sample(source, seed=…)` draws one. Both are
pure and deterministic, and a mutant can be undone to the byte.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .engine import grouped_mutants, mutants, stands
from .model import Mutant, TextChange
from .scripts import script_mutants

if TYPE_CHECKING:
    from ._python import Mutator

__all__ = [
    "Mutant",
    "TextChange",
    "grouped_mutants",
    "mutants",
    "python_mutators",
    "sample",
    "script_mutants",
    "stands",
]


def python_mutators() -> Mapping[str, Mutator]:
    """Every family of Python bugs by its name, in a fixed order.

    Raises:
        MissingExtraError: libcst is not installed.
    """
    from ...errors import MissingExtraError

    try:
        from .arithmetic import ARITHMETIC
        from .calls import CALLS
        from .comparisons import COMPARISONS
        from .conditions import CONDITIONS
        from .exceptions import EXCEPTIONS
        from .indexing import INDEXING
        from .statements import STATEMENTS
        from .values import VALUES
    except ImportError as error:
        raise MissingExtraError("planting bugs", extra="synth") from error
    families = (
        *COMPARISONS,
        *CONDITIONS,
        *ARITHMETIC,
        *INDEXING,
        *CALLS,
        *VALUES,
        *STATEMENTS,
        *EXCEPTIONS,
    )
    return {mutator.name: mutator for mutator in families}


def sample(
    source: str,
    *,
    seed: int | str,
    families: Iterable[str] | None = None,
    one_line: bool = False,
) -> Mutant | None:
    """Draw one mutant that stands; None when the source offers none.

    The family is drawn first and then the place, so that a source full of integers does not
    yield off-by-one bugs alone. The same source and seed give the same mutant everywhere.

    Args:
        source: the text of a module, or of one function.
        seed: any integer or text.
        families: names from `python_mutators()`; all of them when None.
        one_line: accept only bugs that one changed line undoes.
    """
    draw = random.Random(str(seed))  # noqa: S311 - reproducible, not secret
    grouped = grouped_mutants(source, families=families)
    while grouped:
        name = draw.choice(sorted(grouped))
        candidates = grouped[name]
        mutant = candidates.pop(draw.randrange(len(candidates)))
        if not candidates:
            del grouped[name]
        if stands(source, mutant) and (not one_line or mutant.one_line(source) is not None):
            return mutant
    return None

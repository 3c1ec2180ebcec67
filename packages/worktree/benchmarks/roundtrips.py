"""Generate models and values, store them, and read them back.

    python benchmarks/roundtrips.py [--models 10000]

Every value must come back equal, in value and type, or be refused by an error that names the
field. Anything else is a failure.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import decimal
import enum
import re
import sys
import typing
import uuid
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, SecretStr, create_model

from worktree import Worktree, errors, mount, plan
from worktree.artifacts import Json, Toml, Yaml
from worktree.artifacts.lossless import difference
from worktree.storage import MemoryStorage

Pair = tuple[Any, st.SearchStrategy[Any]]


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


class Part(BaseModel):
    name: str = ""
    size: float = 0.0
    day: dt.date | None = None


PARTS = st.builds(
    Part,
    name=st.text(max_size=5),
    size=st.floats(allow_nan=False, allow_infinity=False),
    day=st.none() | st.dates(),
)
TEXT = st.text(max_size=8)
SCALARS: list[Pair] = [
    (int, st.integers()),
    (bool, st.booleans()),
    (str, TEXT),
    (float, st.floats()),
    (bytes, st.binary(max_size=6)),
    (decimal.Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (dt.date, st.dates()),
    (dt.datetime, st.datetimes(timezones=st.none() | st.just(dt.UTC))),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (uuid.UUID, st.uuids()),
    (Path, st.from_regex(re.compile(r"[a-z]{1,5}(/[a-z]{1,5})?"), fullmatch=True).map(Path)),
    (Colour, st.sampled_from(Colour)),
    (Part, PARTS),
    (Any, st.recursive(st.none() | st.integers() | TEXT, st.lists, max_leaves=4)),
    (Any, st.tuples(st.integers())),
    (complex, st.complex_numbers(allow_nan=False, allow_infinity=False)),
    (re.Pattern[str], st.sampled_from([re.compile("a+"), re.compile("b", re.IGNORECASE)])),
    (SecretStr, TEXT.map(SecretStr)),
]
HASHABLE = [pair for pair in SCALARS if pair[0] in {int, str, bool, dt.date, uuid.UUID}]


def wrapped(pair: Pair) -> st.SearchStrategy[Pair]:
    """A type, and what can be made of it."""
    hint, values = pair
    options: list[Pair] = [
        (hint, values),
        (list[hint], st.lists(values, max_size=3)),  # type: ignore[valid-type]
        (dict[str, hint], st.dictionaries(TEXT, values, max_size=3)),  # type: ignore[valid-type]
        (tuple[hint, int], st.tuples(values, st.integers())),  # type: ignore[valid-type]
    ]
    if hint is not Any:
        options.append((typing.Optional[hint], st.none() | values))  # noqa: UP045
        options.append((typing.Union[hint, str], values | TEXT))  # noqa: UP007
    if pair in HASHABLE:
        options.append((set[hint], st.sets(values, max_size=3)))  # type: ignore[valid-type]
        options.append((frozenset[hint], st.frozensets(values, max_size=3)))  # type: ignore[valid-type]
        options.append((dict[hint, int], st.dictionaries(values, st.integers(), max_size=3)))  # type: ignore[valid-type]
    return st.sampled_from(options)


PAIRS = st.sampled_from(SCALARS).flatmap(wrapped)
NAMES = st.sampled_from(["a", "b", "value", "commit", "copy_", "number", "klass", "f1", "f2"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "alias": st.sampled_from(["A", "B", "a", "b"]),
        "exclude": st.sampled_from([False] * 9 + [True]),
    },
)


@st.composite
def samples(draw: st.DrawFn) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A base, the fields of a model on it, and values for them."""
    base = draw(st.sampled_from([Json, Json, Yaml, Toml]))
    fields = draw(st.dictionaries(NAMES, st.tuples(PAIRS, OPTIONS), min_size=1, max_size=4))
    config = draw(st.sampled_from([{}, {}, {"frozen": True}, {"extra": "allow"}]))
    hints = {name: (hint, options) for name, ((hint, _), options) in fields.items()}
    values = {name: draw(values) for name, ((_, values), _) in fields.items()}
    return base, {"hints": hints, "config": config}, values


def store(sample: tuple[Any, dict[str, Any], dict[str, Any]]) -> str:
    """Store one sample; "same", or the class of the error that refused it."""
    base, shape, values = sample
    fields = {
        name: (hint, Field(**options)) if options else (hint, ...)
        for name, (hint, options) in shape["hints"].items()
    }
    try:
        model = create_model(
            "Sample",
            __base__=base,
            __config__=None,
            **fields,
        )
        if shape["config"]:
            model = type(base)(
                "Sample",
                (model,),
                {"model_config": ConfigDict(**shape["config"]), "__module__": __name__},
            )
        tree_class = type(
            "Tree",
            (Worktree,),
            {"__annotations__": {"maybe": model | None}, "__module__": __name__},
        )
        storage = MemoryStorage()
        tree: Any = mount(tree_class, storage)
        artifact = model.model_construct(**values)
        fill(artifact, values)
        tree.maybe = artifact
        tree.commit()
    except errors.LossyFieldError as error:
        require(any(f".{name}" in error.path or name in error.path for name in fields), error)
        return "refused by class"
    except errors.LossyValueError as error:
        require(any(name in str(error) for name in fields), error)
        require(error.path == "maybe", error)
        return "refused by value"
    back: Any = mount(tree_class, storage)
    require(difference(artifact, back.maybe) is None, difference(artifact, back.maybe))
    require(type(back.maybe) is model, type(back.maybe))
    require(not plan(back), str(plan(back)))
    return "same"


def fill(artifact: Any, values: dict[str, Any]) -> None:
    """Set every field to its value, whatever its alias."""
    artifact.__dict__.clear()
    artifact.__dict__.update(values)


def require(condition: bool, what: object) -> None:
    if not condition:
        raise AssertionError(what)


def run(models: int, number: int = 1) -> collections.Counter[str]:
    """Try this many models; how they ended."""
    outcomes: collections.Counter[str] = collections.Counter()

    @seed(number)
    @settings(
        max_examples=models,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(samples())
    def check(sample: Any) -> None:
        outcomes[store(sample)] += 1

    check()
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcomes = run(options.models, options.seed)
    print(f"{sum(outcomes.values())} models: {dict(outcomes)}")
    sys.exit(not outcomes["same"])


if __name__ == "__main__":
    main()

"""The words of the protocol: what a record can do, what data it carries, which fields it has."""

from enum import Enum
from typing import Final


class ActType(str, Enum):  # noqa: UP042 (a StrEnum would print differently from the published enum)
    """What a record does."""

    GET = "GET"
    PUT = "PUT"
    CALL = "CALL"
    MAP = "MAP"
    INTEND = "INTEND"
    DO = "DO"
    KNOW = "KNOW"
    LEARN = "LEARN"


class DataType(str, Enum):  # noqa: UP042 (see ActType)
    """What shape of data a record carries."""

    SCALAR = "SCALAR"
    FORMULA = "FORMULA"
    DISTRIBUTION = "DISTRIBUTION"
    REFERENCE = "REFERENCE"
    MORPHISM = "MORPHISM"
    VOID = "VOID"


ACTS: Final = frozenset(act.value for act in ActType)
DATA_TYPES: Final = frozenset(data_type.value for data_type in DataType)

HASHED_FIELDS: Final = ("act", "actor", "body", "clock", "data_type", "parents", "thread")
"""The seven fields that make a record's id, in canonical order."""

MAX_CLOCK: Final = 2**63 - 1
"""A clock is a non-negative 64-bit integer, and databases keep those signed."""

"""Canonical JSON: the one spelling of a value, from which its id is made.

Keys sorted by code point at every depth, no spaces, non-ASCII kept as it is, integral floats
written as integers, every other float as Python writes it. Not covered: Unicode
normalisation. Two texts that only look alike are two values.

The common case (dictionaries with text keys, lists, plain scalars) is checked by one walk and
then written by the C encoder; only what needs changing is rebuilt.
"""

import json.encoder
import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, Literal, NoReturn

from .errors import CanonicalTypeError, CanonicalValueError, InteropError

Interop = Literal["python", "strict"]

MAX_DEPTH: Final = 200
"""Deeper values are refused: some JSON readers give up not far beyond."""

_SAFE_INTEGER: Final = 2**53
_INFINITY: Final = float("inf")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})


def canonical_value(value: Any) -> Any:
    """Return `value` as JSON will carry it: text keys, integral floats as integers.

    Raises:
        CanonicalValueError: a NaN, an infinity, two keys with one spelling, too deep nesting.
        CanonicalTypeError: a type JSON does not have (a tuple, bytes, a set, …).
    """
    return _rebuild(value, "$", 0)


def canonical_json(value: Any, *, interop: Interop = "python") -> str:
    """Write `value` canonically; `interop="strict"` also refuses what is not portable."""
    text = written(value)
    if interop == "strict":
        check_interop(value)
    return text


def written(value: Any) -> str:
    """Write `value` canonically. Runs for every record, so each step here is counted."""
    if _is_plain(value, 0):
        try:
            text = _join(_write(value, 0))
        except ValueError:  # a NaN, an infinity, a bottomless value; rebuilding says where
            return _write_rebuilt(value)
        # Python writes an integral float as `2.0` or `1e+16`. Seeing neither anywhere (inside a
        # text it is a false alarm that costs only time) means that no number needs changing.
        if ".0" not in text and "e+" not in text:
            return text
    return _write_rebuilt(value)


def canonical_bytes(value: Any, *, interop: Interop = "python") -> bytes:
    """Write `value` canonically in UTF-8: the bytes that are hashed, signed and sent.

    Raises:
        CanonicalValueError: also where a text holds half of a surrogate pair.
    """
    return utf8(canonical_json(value, interop=interop))


def sha256_hex(data: str) -> str:
    """Return the lowercase hexadecimal SHA-256 of a text's UTF-8 bytes."""
    return sha256(utf8(data)).hexdigest()


def utf8(text: str) -> bytes:
    """Encode, naming the first half surrogate pair where there is one."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        half = text[error.start]
        raise CanonicalValueError(
            f"the text holds half of a surrogate pair (U+{ord(half):04X}), which UTF-8 cannot carry"
        ) from None


def check_interop(value: Any, *, path: str = "$") -> None:
    """Refuse what JavaScript, Go or Rust would write differently.

    Raises:
        InteropError: an exponent float, an integer past 2⁵³, half a surrogate pair, or a key
            that is not text; `path` says where.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise InteropError(f"the key {key!r} is not text", path=path)
            check_interop(key, path=f"{path}.{key!r}")
            check_interop(inner, path=f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            check_interop(inner, path=f"{path}[{index}]")
    elif isinstance(value, str):
        if _SURROGATE.search(value):
            raise InteropError("the text holds half of a surrogate pair", path=path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(value, path)


def _check_number(number: Any, path: str) -> None:
    if isinstance(number, float) and "e" in repr(number):
        raise InteropError(f"{number!r} is written with an exponent", path=path)
    if abs(number) > _SAFE_INTEGER and number == number // 1:
        raise InteropError(f"{number!r} is past 2**53; send it as text", path=path)


def _is_plain(value: Any, depth: int) -> bool:
    """Whether the C encoder can write `value` as it stands, floats apart. Runs for every record."""
    kind = type(value)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    elif kind is not list:
        return kind in _SCALARS
    for inner in value:
        if type(inner) not in _SCALARS and (depth >= MAX_DEPTH or not _is_plain(inner, depth + 1)):
            return False
    return True


def _write_rebuilt(value: Any) -> str:
    try:
        return _join(_write(_rebuild(value, "$", 0), 0))
    except CanonicalValueError:
        raise
    except ValueError as error:  # an integer of more digits than Python agrees to write
        raise CanonicalValueError(str(error)) from None


def _rebuild(value: Any, path: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise CanonicalValueError(f"nested deeper than {MAX_DEPTH} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return _number(value, path)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return _object(value, path, depth)
    if isinstance(value, list):
        return [_rebuild(inner, f"{path}[{index}]", depth + 1) for index, inner in enumerate(value)]
    raise CanonicalTypeError(f"Unsupported type: {type(value).__name__}", path=path)


def _number(number: float, path: str) -> int | float:
    if number != number or number in (_INFINITY, -_INFINITY):
        raise CanonicalValueError(
            f"NaN and Infinity not allowed in canonical JSON: {number!r}", path=path
        )
    return int(number) if number.is_integer() else float(number)


def _object(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    rebuilt: dict[str, Any] = {}
    for key, inner in value.items():
        name = _key(key, path)
        if name in rebuilt:
            raise CanonicalValueError(f"two keys are both written {name!r}", path=path)
        rebuilt[name] = _rebuild(inner, f"{path}.{name}", depth + 1)
    return rebuilt


def _key(key: Any, path: str) -> str:
    """Spell a key as JSON does; records are never sent with keys that are not text."""
    if isinstance(key, str):
        return str.__str__(key)
    if key is None or isinstance(key, bool | int | float):
        return _join(_write(_rebuild(key, path, 0), 0))
    raise CanonicalTypeError(f"Unsupported key type: {type(key).__name__}", path=path)


def _refuse(value: Any) -> NoReturn:
    raise CanonicalTypeError(f"Unsupported type: {type(value).__name__}")


def _make_writer() -> Callable[[Any, int], Iterable[str]]:
    """Build the writer once; `json.dumps` would build it anew for every record."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without the C accelerator
        return json.JSONEncoder(
            ensure_ascii=False,
            check_circular=False,
            allow_nan=False,
            sort_keys=True,
            separators=(",", ":"),
        ).iterencode  # type: ignore[return-value]
    text = json.encoder.encode_basestring
    sort_keys, skip_keys, allow_nan = True, False, False
    writer: Callable[[Any, int], Iterable[str]] = make(
        None, _refuse, text, None, ":", ",", sort_keys, skip_keys, allow_nan
    )
    return writer


_write: Final = _make_writer()
_join: Final = "".join

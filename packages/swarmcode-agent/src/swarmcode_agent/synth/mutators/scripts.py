"""A few families of bugs for JavaScript, TypeScript and Go, found by tokens.

Text, comments, templates and regular expressions are skipped. `<` and `>` count as comparisons
only with a space on both sides, as formatters write them, so that type arguments and tags stay
whole. Every proposal exchanges one token for another of its kind. What a token scan cannot know
is whether the result type-checks: planting proves Python bugs alone, so whoever draws these has
to run the project's own tests on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from ...errors import MutationError
from .model import Mutant, TextChange

Script: TypeAlias = Literal["javascript", "typescript", "go"]

_ECMASCRIPT: Mapping[str, Mapping[str, str]] = {
    "boundary": {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > "},
    "comparison-direction": {" < ": " > ", " > ": " < ", " <= ": " >= ", " >= ": " <= "},
    "comparison-sense": {"===": "!==", "!==": "===", "==": "!=", "!=": "=="},
    "and-or": {"&&": "||", "||": "&&"},
    "wrong-operator": {" + ": " - ", " - ": " + ", " * ": " / ", " / ": " * ", " % ": " / "},
    "wrong-update": {"++": "--", "--": "++", "+=": "-=", "-=": "+="},
    "flipped-flag": {"true": "false", "false": "true"},
    "dropped-await": {"await ": ""},
    "break-continue": {"break;": "continue;", "continue;": "break;"},
}
_GO: Mapping[str, Mapping[str, str]] = {
    name: table
    for name, table in _ECMASCRIPT.items()
    if name not in ("dropped-await", "break-continue")
}
_FAMILIES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "javascript": _ECMASCRIPT,
    "typescript": _ECMASCRIPT,
    "go": _GO,
}
_SKIPPED = r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
_REGEX = r"(?<=[(=,:\[!&|?{};])\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*"
_TOKENS = (
    r"===|!==|==|!=|&&|\|\||=>|<-|\+\+|--|\+=|-=| <= | >= | < | > | \+ | - | \* | / | % "
    r"|\bawait\s|\b(?:true|false)\b|\b(?:break|continue);|(?<![\w.])\d+(?![\w.])"
)
_SCANNERS = {
    "javascript": re.compile(f"(?P<skip>{_SKIPPED}|{_REGEX})|(?P<token>{_TOKENS})", re.DOTALL),
    "go": re.compile(f"(?P<skip>{_SKIPPED})|(?P<token>{_TOKENS})", re.DOTALL),
}
_SCANNERS["typescript"] = _SCANNERS["javascript"]


def script_mutants(source: str, language: Script) -> Iterator[Mutant]:
    """Every mutant of a source, in the order of the source.

    Raises:
        MutationError: the language is not one of those known here.
    """
    if language not in _FAMILIES:
        raise MutationError(f"no mutators for {language!r}; there are: {', '.join(_FAMILIES)}")
    raw = source.encode()
    for match in _SCANNERS[language].finditer(source):
        token = match["token"]
        if token is None:
            continue
        start = len(source[: match.start()].encode())
        line = source.count("\n", 0, match.start()) + 1
        for family, after in _exchanged(token, _FAMILIES[language]):
            change = TextChange(start, start + len(token.encode()), token.encode(), after.encode())
            if raw[change.start : change.end] == change.before:
                yield Mutant(family, line, "", (change,))


def _exchanged(token: str, families: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    if token.isdecimal():
        yield "off-by-one", str(int(token) + 1)
        if int(token):
            yield "off-by-one", str(int(token) - 1)
    for family, table in families.items():
        if token in table:
            yield family, table[token]

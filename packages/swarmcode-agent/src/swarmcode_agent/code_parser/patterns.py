"""How RegexParser recognises definitions: a few patterns for each language.

Every pattern is anchored to the start of a line and cannot run away: no repetition holds another
one over the same characters. `name` is the name; the groups `kind`, `owner` and `bases` are for
those that have them.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way in which a definition is written."""

    what: Literal["function", "class", "scope"]
    regex: re.Pattern[bytes]
    only_inside: bool = False  # it means something only right inside the body of a class
    bodiless: bool = False  # a declaration that ends with its line


def _line(source: str) -> re.Pattern[bytes]:
    return re.compile(b"^[ \\t]*" + source.encode(), re.MULTILINE)


_EXPORT = r"(?:export[ \t]+(?:default[ \t]+)?)?(?:declare[ \t]+)?"
_FIELD = (
    r"(?:(?:public|private|protected|static|readonly|override|abstract|async|get|set)[ \t]+){0,5}"
)
_GO_RECEIVER = r"\([ \t]*(?:\w+[ \t]+)?\*?[ \t]*(?P<owner>\w+)[^)\n]{0,80}\)"
_PUB = r"(?:pub(?:\([^)\n]{0,40}\))?[ \t]+)?"

_ECMASCRIPT = (
    Pattern(
        "function", _line(_EXPORT + r"(?:async[ \t]+)?function\b[ \t]*\*?[ \t]*(?P<name>[\w$]+)")
    ),
    Pattern(
        "function",
        _line(
            r"(?:export[ \t]+)?(?:const|let|var)[ \t]+(?P<name>[\w$]+)[^=\n]{0,200}=[ \t]*"
            r"(?:async[ \t]*)?(?:function\b|\([^()\n]{0,300}\)[^=\n]{0,100}=>|[\w$]+[ \t]*=>)"
        ),
    ),
    Pattern(
        "function",
        _line(
            _FIELD + r"(?:\*[ \t]*)?(?P<name>#?[\w$]+)[ \t]*(?:<[^<>\n]{0,100}>)?"
            r"\([^()\n]{0,300}\)[^;{}()\n]{0,200}\{"
        ),
        only_inside=True,
    ),
    Pattern(
        "function",
        _line(
            _FIELD + r"(?P<name>#?[\w$]+)[ \t]*=[ \t]*"
            r"(?:async[ \t]*)?(?:\([^()\n]{0,300}\)[^=\n]{0,100}=>|[\w$]+[ \t]*=>)"
        ),
        only_inside=True,
    ),
    Pattern(
        "class",
        _line(
            _EXPORT + r"(?:abstract[ \t]+)?class[ \t]+(?P<name>[\w$]+)"
            r"(?P<bases>[^{}\n]{0,300})"
        ),
    ),
)

_SIGNATURE = Pattern(
    "function",
    _line(
        _FIELD + r"(?P<name>#?[\w$]+)\??[ \t]*(?:<[^<>\n]{0,100}>)?"
        r"\([^()\n]{0,300}\)[ \t]*:[^{}\n]{1,200}$"
    ),
    only_inside=True,
)

PATTERNS: dict[str, tuple[Pattern, ...]] = {
    "python": (
        Pattern("function", _line(r"(?:async[ \t]+)?def[ \t]+(?P<name>\w+)")),
        Pattern("class", _line(r"class[ \t]+(?P<name>\w+)")),
    ),
    "javascript": _ECMASCRIPT,
    "typescript": (
        *_ECMASCRIPT,
        _SIGNATURE,
        Pattern(
            "class",
            _line(
                _EXPORT + r"(?:const[ \t]+)?(?P<kind>interface|enum)[ \t]+(?P<name>[\w$]+)"
                r"(?P<bases>[^{}\n]{0,300})"
            ),
        ),
        Pattern(
            "class", _line(_EXPORT + r"(?P<kind>type)[ \t]+(?P<name>[\w$]+)[^=;{}()\n]{0,200}=")
        ),
    ),
    "go": (
        Pattern("function", _line(r"func[ \t]+(?P<name>\w+)[ \t]*[\[(]")),
        Pattern("function", _line(r"func[ \t]*" + _GO_RECEIVER + r"[ \t]*(?P<name>\w+)")),
        Pattern(
            "class",
            _line(
                r"(?:type[ \t]+)?(?P<name>\w+)(?:\[[^\]\n]{1,80}\])?[ \t]+"
                r"(?P<kind>struct|interface)\b"
            ),
        ),
        Pattern("class", _line(r"type[ \t]+(?P<name>\w+)[ \t]+[=\w\[*(]")),
        Pattern(
            "function",
            _line(r"(?P<name>\w+)\([^()\n]{0,300}\)[^{}\n]{0,200}$"),
            only_inside=True,
            bodiless=True,
        ),
    ),
    "rust": (
        Pattern(
            "function",
            _line(
                _PUB + r"(?:(?:const|async|unsafe|extern|extern[ \t]+\"[^\"\n]{0,20}\")[ \t]+){0,4}"
                r"fn[ \t]+(?P<name>\w+)"
            ),
        ),
        Pattern("function", _line(r"macro_rules![ \t]*(?P<name>\w+)")),
        Pattern(
            "class",
            _line(
                _PUB + r"(?:unsafe[ \t]+)?(?P<kind>struct|enum|union|trait)[ \t]+(?P<name>\w+)"
                r"(?:<[^{};\n]{0,200}>)?(?::(?P<bases>[^{};\n]{0,200}))?"
            ),
        ),
        Pattern("class", _line(_PUB + r"(?P<kind>type)[ \t]+(?P<name>\w+)")),
        Pattern(
            "scope",
            _line(
                r"(?:unsafe[ \t]+)?impl\b(?:<[^{};\n]{0,120}?>)?[ \t]+"
                r"(?:(?P<bases>[\w:]+(?:<[^{};\n]{0,80}>)?)[ \t]+for[ \t]+)?"
                r"&?(?:\w+::)*(?P<name>\w+)"
            ),
        ),
    ),
}

IMPORTS: dict[str, re.Pattern[bytes]] = {
    "python": _line(
        r"(?:from[ \t]+(?P<from>[.\w]+)[ \t]+import\b|import[ \t]+(?P<modules>[\w., \t]{1,500}))"
    ),
    "javascript": re.compile(
        rb"\bfrom[ \t]*(?P<a>['\"])(?P<name>[^'\"\n]{1,300})(?P=a)|"
        rb"^[ \t]*import[ \t]*(?P<b>['\"])(?P<side>[^'\"\n]{1,300})(?P=b)|"
        rb"\b(?:require|import)[ \t]*\([ \t]*(?P<c>['\"])(?P<call>[^'\"\n]{1,300})(?P=c)",
        re.MULTILINE,
    ),
    "go": re.compile(
        rb"^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"
        rb"\"(?P<name>[^\"\n]{1,300})\"[ \t]*(?:\r?$|//|;|\))",
        re.MULTILINE,
    ),
    "rust": _line(_PUB + r"(?:use|extern[ \t]+crate)[ \t]+(?P<name>[^;]{1,500});"),
}
IMPORTS["typescript"] = IMPORTS["javascript"]

EXPORTS: dict[str, re.Pattern[bytes]] = {
    "javascript": _line(
        r"(?:export[ \t]+(?:default[ \t]+)?(?:declare[ \t]+)?(?:abstract[ \t]+)?(?:async[ \t]+)?"
        r"(?:function\b[ \t]*\*?|class|const[ \t]+enum|const|let|var|interface|enum|type)[ \t]+"
        r"(?P<name>[\w$]+)"
        r"|(?:module\.)?exports\.(?P<dotted>[\w$]+)[ \t]*=)"
    ),
    "go": re.compile(
        rb"^(?:func[ \t]*(?:\([^)\n]{0,100}\)[ \t]*)?|(?:type|const|var)[ \t]+)(?P<name>[A-Z]\w*)",
        re.MULTILINE,
    ),
    "rust": _line(
        r"pub(?:\([^)\n]{0,40}\))?[ \t]+(?:(?:const|async|unsafe)[ \t]+){0,3}"
        r"(?:fn|struct|enum|union|trait|type|mod|static|const)[ \t]+(?P<name>\w+)"
    ),
}
EXPORTS["typescript"] = EXPORTS["javascript"]

"""Read the symbols of source files: functions, classes, imports, exports and names used.

`TreeSitterParser` uses the official grammars (the `treesitter` extra), `RegexParser` needs
nothing, and `get_parser()` picks the best there is.
"""

from .choose import get_parser
from .languages import LANGUAGES, Language, detect_language
from .protocol import CodeParser
from .regexparser import RegexParser
from .symbols import ClassInfo, FileSymbols, FunctionInfo, Reference
from .treesitter import TreeSitterParser

__all__ = [
    "LANGUAGES",
    "ClassInfo",
    "CodeParser",
    "FileSymbols",
    "FunctionInfo",
    "Language",
    "Reference",
    "RegexParser",
    "TreeSitterParser",
    "detect_language",
    "get_parser",
]

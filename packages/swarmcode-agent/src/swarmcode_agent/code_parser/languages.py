"""The languages that the parsers know: one table.

A further language is one entry here, one query file in `queries/`, and its wheel in the
`treesitter` extra. The fields below `queries` serve the parser without dependencies.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

UNKNOWN = "unknown"

_C_COMMENTS = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_PLAIN = r'"(?:\\.|[^"\\\n])*(?:"|(?=\n)|\Z)'
_SINGLE = r"'(?:\\.|[^'\\\n])*(?:'|(?=\n)|\Z)"
_BACKTICK = r"`(?:\\.|[^`\\])*(?:`|\Z)"
_RUNE = r"'(?:\\.[^'\n]{0,9}|[^'\\\n])'"
_RAW = r"`[^`]*(?:`|\Z)"
_PYTHON_TEXT = (
    r'"""(?:\\.|[^\\])*?(?:"""|\\?\Z)|'
    r"'''(?:\\.|[^\\])*?(?:'''|\\?\Z)|" + _PLAIN + "|" + _SINGLE
)
_RUST_TEXT = (
    r'r(?P<hashes>#{1,9})".*?(?:"(?P=hashes)|\Z)|r"[^"]*(?:"|\Z)|'
    r'"(?:\\.|[^"\\])*(?:"|\\?\Z)|' + _RUNE
)
_SCRIPT_TEXT = f"{_PLAIN}|{_SINGLE}|{_BACKTICK}"


@dataclass(frozen=True, slots=True)
class Language:
    """One row: how files are recognised, and what reads them.

    Attributes:
        name: What `FileSymbols.language` says.
        suffixes: The endings of its files, in lower case.
        module: The module of the official grammar wheel.
        entry: The function of that module that hands out the grammar.
        queries: The query files, read one after the other.
        comment: A pattern for comments.
        text: A pattern for string literals.
        indented: Whether blocks are made by indentation instead of braces.
        keywords: Words that are never names.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    entry: str
    queries: tuple[str, ...]
    comment: str
    text: str
    keywords: frozenset[str]
    indented: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PYTHON_WORDS = _words(
    """
    and as assert async await break class continue def del elif else except False finally for
    from global if import in is lambda None nonlocal not or pass raise return True try while
    with yield self cls
    """
)
_SCRIPT_WORDS = _words(
    """
    async await break case catch class const continue debugger default delete do else export
    extends false finally for from function get if import in instanceof let new null of return
    set static super switch this throw true try typeof undefined var void while with yield
    abstract as any boolean declare enum implements interface is keyof namespace never number
    private protected public readonly string type unknown
    """
)
_GO_WORDS = _words(
    """
    break case chan const continue default defer else fallthrough for func go goto if import
    interface map package range return select struct switch type var nil true false bool byte
    error int int32 int64 string uint uint8 uint32 uint64 float64 any make append len
    """
)
_RUST_WORDS = _words(
    """
    as async await break const continue crate dyn else enum extern false fn for if impl in let
    loop match mod move mut pub ref return self Self static struct super trait true type
    unsafe use where while bool char f32 f64 i8 i16 i32 i64 isize str u8 u16 u32 u64 usize
    """
)

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        suffixes=(".py", ".pyi", ".pyw"),
        module="tree_sitter_python",
        entry="language",
        queries=("python",),
        comment=r"\#[^\n]*",
        text=_PYTHON_TEXT,
        keywords=_PYTHON_WORDS,
        indented=True,
    ),
    Language(
        name="javascript",
        suffixes=(".js", ".jsx", ".mjs", ".cjs"),
        module="tree_sitter_javascript",
        entry="language",
        queries=("ecmascript", "javascript"),
        comment=_C_COMMENTS,
        text=_SCRIPT_TEXT,
        keywords=_SCRIPT_WORDS,
    ),
    Language(
        name="typescript",
        suffixes=(".ts", ".mts", ".cts"),
        module="tree_sitter_typescript",
        entry="language_typescript",
        queries=("ecmascript", "typescript"),
        comment=_C_COMMENTS,
        text=_SCRIPT_TEXT,
        keywords=_SCRIPT_WORDS,
    ),
    Language(
        name="typescript",
        suffixes=(".tsx",),
        module="tree_sitter_typescript",
        entry="language_tsx",
        queries=("ecmascript", "typescript", "tsx"),
        comment=_C_COMMENTS,
        text=_SCRIPT_TEXT,
        keywords=_SCRIPT_WORDS,
    ),
    Language(
        name="go",
        suffixes=(".go",),
        module="tree_sitter_go",
        entry="language",
        queries=("go",),
        comment=_C_COMMENTS,
        text=f"{_PLAIN}|{_RUNE}|{_RAW}",
        keywords=_GO_WORDS,
    ),
    Language(
        name="rust",
        suffixes=(".rs",),
        module="tree_sitter_rust",
        entry="language",
        queries=("rust",),
        comment=_C_COMMENTS,
        text=_RUST_TEXT,
        keywords=_RUST_WORDS,
    ),
)

_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}


def language_of(path: str) -> Language | None:
    """Return the row for a path, by its ending, or None for a language that is not here."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix.lower())


def detect_language(path: str) -> str:
    """Return the name of the language of a path: `"unknown"` when its ending says nothing."""
    language = language_of(path)
    return language.name if language else UNKNOWN

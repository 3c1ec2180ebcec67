"""What a parser finds in one file.

Lines count from 1 and include both ends, as an editor shows them. Nothing here knows how the
symbols were found: both parsers fill the same classes, and the code map reads nothing else.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function or a method; `signature` is its first line or lines, on one line."""

    name: str
    start_line: int
    end_line: int
    signature: str = ""
    docstring: str | None = None
    decorators: tuple[str, ...] = ()
    is_method: bool = False
    class_name: str | None = None


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A class, or what stands for one: `kind` says struct, interface, enum, trait or type.

    `methods` holds names. The methods themselves are among the file's functions, with
    `class_name` set; Go and Rust may put them into another file than the type.
    """

    name: str
    start_line: int
    end_line: int
    methods: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    docstring: str | None = None
    decorators: tuple[str, ...] = ()
    kind: str = "class"


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that the file uses: the line where it is met first, and how often it is met."""

    name: str
    line: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class FileSymbols:
    """The symbols of one file, in the order of their lines.

    `parser` says who read it (`tree-sitter`, `regex`, or nobody for a language that neither
    knows), and `problems` says in words what the reading lacks; both are empty where there is
    nothing to say. A file with problems still gives the symbols that stand.
    """

    path: str
    language: str
    functions: tuple[FunctionInfo, ...] = ()
    classes: tuple[ClassInfo, ...] = ()
    imports: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    parser: str = ""
    problems: tuple[str, ...] = ()

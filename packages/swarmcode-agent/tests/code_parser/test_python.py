"""Python, where its own ast knows the truth."""

import ast
import sysconfig
from pathlib import Path

import pytest

from swarmcode_agent.code_parser import CodeParser, FileSymbols, RegexParser, TreeSitterParser

PARSERS = [pytest.param(TreeSitterParser, id="tree-sitter"), pytest.param(RegexParser, id="regex")]

Place = tuple[str, int, int]


def truth(source: bytes) -> set[Place]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        (node.name, node.lineno, node.end_lineno or 0)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds)
    }


def found(symbols: FileSymbols) -> set[Place]:
    return {
        (each.name, each.start_line, each.end_line)
        for each in (*symbols.functions, *symbols.classes)
    }


@pytest.mark.parametrize("make", PARSERS)
def test_the_standard_library_is_read_as_ast_reads_it(make: type[CodeParser]) -> None:
    """At least 99 % of all definitions, with exact lines: here, of the standard library."""
    parser, wanted, met = make(), 0, 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:40]:
        source = path.read_bytes()
        expected = truth(source)
        wanted += len(expected)
        met += len(expected & found(parser.parse(source, path.name)))
    assert wanted > 1000
    assert met / wanted >= 0.99


@pytest.mark.parametrize("make", PARSERS)
def test_a_function_tells_all_about_itself(make: type[CodeParser]) -> None:
    """Signature over several lines, decorators, docstring, and whose method it is."""
    source = '''
class Store(Base, Generic[T], metaclass=Meta):
    """Keeps things.

    And more.
    """

    @property
    @cached(ttl=3)
    async def get(
        self,
        key: str,  # the name
        default: T | None = None,
    ) -> T:
        # not a docstring
        """Return a thing."""
        return await lookup(key)
'''
    symbols = make().parse(source, "store.py")
    (method,) = symbols.functions
    assert method.name == "get"
    assert (method.start_line, method.end_line) == (10, 17)
    assert method.signature == (
        "async def get(self, key: str, default: T | None = None,) -> T".replace(",)", ")")
    )
    assert method.docstring == "Return a thing."
    assert method.decorators == ("property", "cached(ttl=3)")
    assert method.is_method
    assert method.class_name == "Store"
    (holder,) = symbols.classes
    assert holder.bases == ("Base", "Generic[T]")
    assert holder.docstring == "Keeps things.\n\nAnd more."
    assert holder.methods == ("get",)


@pytest.mark.parametrize("make", PARSERS)
def test_a_nested_function_is_no_method(make: type[CodeParser]) -> None:
    """Only what stands right in a class body is a method."""
    source = (
        "class A:\n    def m(self):\n        def inner():\n            pass\n        return inner\n"
    )
    symbols = make().parse(source, "a.py")
    assert [(each.name, each.class_name) for each in symbols.functions] == [
        ("m", "A"),
        ("inner", None),
    ]


@pytest.mark.parametrize("make", PARSERS)
def test_references_are_names_used_not_words(make: type[CodeParser]) -> None:
    """Comments, strings, keywords and a definition's own name are no uses; calls are."""
    source = (
        '# commented\nimport os\ntext = "stringed"\n\n'
        "def own():\n    return os.getcwd(), helper(helper)\n"
    )
    used = {each.name: each for each in make().parse(source, "a.py").references}
    assert {"os", "getcwd", "helper", "text"} <= set(used)
    assert not {"commented", "stringed", "own", "return"} & set(used)
    assert (used["helper"].line, used["helper"].count) == (6, 2)


def test_names_inside_f_strings_count_as_used() -> None:
    """The text of an f-string is text; what stands in its braces is code."""
    symbols = TreeSitterParser().parse('x = f"plain {render(thing)}"\n', "a.py")
    names = {each.name for each in symbols.references}
    assert {"render", "thing"} <= names
    assert "plain" not in names


@pytest.mark.parametrize("make", PARSERS)
@pytest.mark.parametrize(
    ("content", "path", "language"),
    [
        pytest.param("", "a.py", "python", id="empty"),
        pytest.param("x = 1", "a.unknown", "unknown", id="unknown-ending"),
        pytest.param("x = 1", "Makefile", "unknown", id="no-ending"),
        pytest.param(b"\xff\xfe\x00def", "a.py", "python", id="not-utf-8"),
        pytest.param("\ud800", "a.py", "python", id="lone-surrogate"),
    ],
)
def test_odd_content_gives_no_symbols_and_no_error(
    make: type[CodeParser], content: str | bytes, path: str, language: str
) -> None:
    """A parser answers whatever it is given."""
    symbols = make().parse(content, path)
    assert symbols.language == language
    assert symbols.functions == ()

"""The hand-checked corpus: what stands in each file, line by line."""

from pathlib import Path

import pytest

from swarmcode_agent.code_parser import CodeParser, FileSymbols, RegexParser, TreeSitterParser

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(
    path.relative_to(CORPUS).as_posix()
    for path in CORPUS.rglob("*")
    if path.is_file() and path.suffix != ".symbols"
)
EASY = [name for name in FILES if "/easy_" in name]


def listing(symbols: FileSymbols) -> str:
    """Return symbols as the corpus writes them down."""
    rows = [
        (
            each.start_line,
            f"{each.kind} {each.name} {each.start_line}-{each.end_line}"
            + (f" : {', '.join(each.bases)}" if each.bases else ""),
        )
        for each in symbols.classes
    ]
    rows += [
        (
            each.start_line,
            f"function {each.class_name + '.' if each.class_name else ''}{each.name} "
            f"{each.start_line}-{each.end_line}",
        )
        for each in symbols.functions
    ]
    lines = [text for _, text in sorted(rows)]
    lines += [f"import {each}" for each in symbols.imports]
    lines += [f"export {each}" for each in symbols.exports]
    return "".join(f"{line}\n" for line in lines)


def read(parser: CodeParser, name: str) -> FileSymbols:
    return parser.parse((CORPUS / name).read_bytes(), name)


def test_the_corpus_has_sixty_files_beyond_python() -> None:
    """Enough of each language to mean something."""
    assert len([name for name in FILES if not name.startswith("python/")]) >= 60


@pytest.mark.parametrize("name", FILES)
def test_the_grammars_see_what_a_person_sees(name: str) -> None:
    """Definitions with their exact lines, bases, imports and exports."""
    expected = (CORPUS / f"{name}.symbols").read_text(encoding="utf-8")
    assert listing(read(TreeSitterParser(), name)) == expected


@pytest.mark.parametrize("name", EASY)
def test_both_parsers_agree_on_the_easy_corpus(name: str) -> None:
    """Code written in the usual way needs no grammar."""
    exact, simple = read(TreeSitterParser(), name), read(RegexParser(), name)
    assert listing(simple) == listing(exact)
    assert [each.docstring for each in simple.functions] == [
        each.docstring for each in exact.functions
    ]
    assert [each.signature for each in simple.functions] == [
        each.signature for each in exact.functions
    ]


@pytest.mark.parametrize("name", [name for name in FILES if "broken" in name])
def test_broken_code_gives_what_stands_and_says_so(name: str) -> None:
    """A syntax error loses neither what is before it nor what is after it."""
    symbols = read(TreeSitterParser(), name)
    assert symbols.problems == ("the code has syntax errors",)
    assert len(symbols.functions) >= 2

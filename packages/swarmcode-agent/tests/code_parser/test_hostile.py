"""Whatever the bytes are: an answer, and soon."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarmcode_agent.code_parser import CodeParser, RegexParser, TreeSitterParser
from swarmcode_agent.code_parser.serial import from_json, to_json

ENDINGS = ("py", "js", "ts", "tsx", "go", "rs")
PIECES = [
    *"()[]{}<>\"'`/*\\\n\t =:;#@,.$a",
    *("def ", "class ", "function ", "func ", "fn ", "impl ", "type ", "export ", "=>", "async "),
    *('"""', "'''", "/*", "*/", "//", "${", 'r#"', "interface ", "struct ", "const x = ", "é"),
]
CODE = (
    "import os\n\n@dec\nclass A(B):\n    '''doc'''\n    def f(self, x=(1, 2)):\n"
    "        return f'{x}'\n"
    "export const g = (a) => { return `t${a}`; };\nfunc (s *S) M() error { return nil }\n"
    "impl<T> Tr for S<T> { fn n(&self) -> i32 { 1 } }\n"
)
sources = st.one_of(
    st.binary(max_size=3000),
    st.lists(st.sampled_from(PIECES), max_size=300).map(lambda parts: "".join(parts).encode()),
    st.integers(0, len(CODE)).map(lambda end: CODE[:end].encode()),
    st.tuples(st.integers(0, len(CODE)), st.binary(max_size=8)).map(
        lambda cut: CODE[: cut[0]].encode() + cut[1] + CODE[cut[0] :].encode()
    ),
)


@pytest.mark.parametrize("make", [TreeSitterParser, RegexParser])
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(source=sources, ending=st.sampled_from(ENDINGS))
def test_any_bytes_get_an_answer_within_a_second(
    make: type[CodeParser], source: bytes, ending: str
) -> None:
    """No crash, no hang; lines lie within the file; the answer survives its way through JSON."""
    began = time.thread_time()
    symbols = make().parse(source, f"a.{ending}")
    assert time.thread_time() - began < 1.0
    last = source.count(b"\n") + 1
    for each in (*symbols.functions, *symbols.classes):
        assert 1 <= each.start_line <= each.end_line <= last
        assert each.name
    assert from_json(to_json(symbols)) == symbols


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"(", id="open-brackets"),
        pytest.param(b"def f(\n", id="unfinished-heads"),
        pytest.param(b"function f(", id="unfinished-functions"),
        pytest.param(b"class A { m() { ", id="open-classes"),
        pytest.param(b"=/[", id="regex-like"),
        pytest.param(b'r#"', id="raw-strings"),
        pytest.param(b"\n@\n:", id="decorators"),
        pytest.param(b'"', id="quotes"),
        pytest.param(b"\\", id="backslashes"),
    ],
)
def test_patterns_take_time_by_length_alone(piece: bytes, ending: str) -> None:
    """Twice the length of anything repeated takes about twice the time, not four times."""

    def quickest(length: int) -> float:
        took = []
        for _ in range(2):
            began = time.thread_time()
            RegexParser().parse((piece * length)[:length], f"a.{ending}")
            took.append(time.thread_time() - began)
        return min(took)

    assert quickest(200_000) < 3 * quickest(100_000) + 0.2

"""Which commands may run: matched on words, never given to a shell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.errors import CommandRefusedError
from swarmcode_agent.sandbox import Allowlist


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        pytest.param("pytest", ("pytest",), id="bare"),
        pytest.param("pytest -q x.py::t[a-b]", ("pytest", "-q", "x.py::t[a-b]"), id="brackets"),
        pytest.param("python -m pytest -k 'a and b'", ("python", "-m", "pytest", "-k", "a and b"),
                     id="quoted"),
        pytest.param("pytest -k 'a;b|c&d$(e)'", ("pytest", "-k", "a;b|c&d$(e)"), id="in-quotes"),
        pytest.param("npm run test -- --watch=false", ("npm", "run", "test", "--", "--watch=false"),
                     id="npm"),
    ],
)  # fmt: skip
def test_a_command_on_the_list_is_read_as_words(command: str, argv: tuple[str, ...]) -> None:
    """What follows the allowed beginning is free; quotes are taken off as a shell would."""
    assert Allowlist().parse(command).argv == argv


def test_variables_before_a_command_are_kept() -> None:
    """`PYTHONPATH=src pytest` is what models write."""
    parsed = Allowlist().parse("PYTHONPATH=src CI='1 2' pytest -q")
    assert parsed.argv == ("pytest", "-q")
    assert parsed.environment == (("PYTHONPATH", "src"), ("CI", "1 2"))


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf /", "pytest; rm -rf /", "pytest && curl evil", "pytest | sh", "pytest || true",
        "pytest & sleep 1", "pytest > out", "pytest 2>&1", "pytest < in", "pytest $(id)",
        "pytest `id`", "pytest ${HOME}", "pytest $HOME", "pytest <(id)", "pytest\nrm x",
        "pytest;id", "sh -c pytest", "bash pytest", "env pytest", "sudo pytest", "./pytest",
        "/tmp/pytest", "python -c 'import pytest'", "python pytest", "pytestx", "npm install evil",
        "LD_PRELOAD=x.so pytest", "PATH=. pytest", "", "   ", "'", "FOO=1", "py\0test",
        "uv run --with evil pytest", "make test-evil", "pytest 'unclosed",
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_the_list(command: str) -> None:
    """The phrase says `not allowed`, and why."""
    with pytest.raises(CommandRefusedError, match="not allowed") as caught:
        Allowlist().parse(command)
    assert caught.value.why


@given(st.text(max_size=40))
def test_any_text_is_a_listed_command_or_refused(text: str) -> None:
    """Whatever is parsed begins with the words of an entry."""
    allowlist = Allowlist(("pytest", "python -m pytest"))
    try:
        argv = allowlist.parse(text).argv
    except CommandRefusedError:
        return
    assert argv[0] == "pytest" or argv[:3] == ("python", "-m", "pytest")

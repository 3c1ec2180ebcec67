"""What a task promises: it says what is wanted, not where it was tracked, nor the answer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.synth.history import Noise, clean_message
from swarmcode_agent.synth.history.leaks import without_leaks

KEPT = [
    pytest.param("Fixed the parser (#123)", "Fix the parser", id="past-tense-and-issue"),
    pytest.param("fixes parsing of `f()`", "Fix parsing of `f()`", id="third-person-and-code"),
    pytest.param("fix(cli): handling empty input", "Handle empty input", id="conventional"),
    pytest.param("[WIP] Adding a reader", "Add a reader", id="label"),
    pytest.param("issue #393: Show help once", "Show help once", id="leading-issue"),
    pytest.param(
        "Support pagers\n\nCloses #3 and #4\nCo-authored-by: A <a@b.c>",
        "Support pagers",
        id="trailers",
    ),
    pytest.param(
        "Stop reading twice\n\nSince 1a2b3c4d5e it was read twice, see https://x.y/z?q=1.\n",
        "Stop reading twice\n\nSince it was read twice, see",
        id="sha-and-url",
    ),
    pytest.param(
        "Add ProcessorFormatter (GH-105)\n\nThanks to the help of @insolite.\n\nIt formats.\n",
        "Add ProcessorFormatter\n\nIt formats.",
        id="credits",
    ),
    pytest.param("Use real methods for warn(x)", "Use real methods for warn(x)", id="as-it-is"),
]


@pytest.mark.parametrize(("message", "task"), KEPT)
def test_what_is_wanted_remains(message: str, task: str) -> None:
    """Titles become imperative; ids, links, labels, trailers and credits go."""
    assert clean_message(message) == task


NOISE = [
    ("Merge branch 'main' into x", "a merge"),
    ('Revert "Fix the parser"', "a revert"),
    ("wip", "work in progress"),
    ("Bump pytest from 7 to 8", "a version bump"),
    ("[pre-commit.ci] pre-commit autoupdate", "a version bump"),
    ("Prepare 26.1.0", "a release"),
    ("release version 2.0", "a release"),
    ("v1.2.3", "a release"),
    ("run black", "formatting"),
    ("fix typo in docs", "documentation"),
    ("Update changelog", "documentation"),
    ("cleanup", "too short to say what is wanted"),
    ("", "too short to say what is wanted"),
]


@pytest.mark.parametrize(
    ("message", "reason"), [pytest.param(*n, id=n[1] + n[0][:9]) for n in NOISE]
)
def test_bookkeeping_is_noise(message: str, reason: str) -> None:
    """What asks for nothing is refused, and the reason is said."""
    assert clean_message(message) == Noise(reason)


def test_bots_are_noise() -> None:
    """A bot's message may read like a person's."""
    bot = "dependabot[bot] <support@github.com>"
    assert clean_message("Fix the parser of headers", author=bot) == Noise("by a bot")


@given(st.text(max_size=300))
def test_no_message_breaks_the_cleaning(message: str) -> None:
    """Whatever people write: a task or noise, and never a link, an issue or a commit id."""
    task = clean_message(message)
    if isinstance(task, str):
        assert task.strip()
        assert not re.search(r"https?://\w", task)
        assert not re.search(r"(?<!\w)#\d", task)


ANSWER = ["    low = min(values)", "    return max(values) - low", "", "    # a remark about it"]


def test_the_answer_goes_and_its_names_stay() -> None:
    """A quoted line of the solution is taken out, with its sentence; what is wanted stays."""
    task = "Fix spread\n\nIt fails for lists. Use `return max(values) - low`. Mind `min`.\n\nMore."
    assert without_leaks(task, ANSWER) == "Fix spread\n\nIt fails for lists. Mind `min`.\n\nMore."


def test_a_fenced_answer_goes() -> None:
    """A block of code that holds the solution goes as a whole; one that does not stays."""
    told = "Fix spread\n\n```\nspread([]) raises ValueError\n```"
    assert without_leaks(told, ANSWER) == told
    leaking = "Fix spread\n\nSo:\n\n```\nlow=min(values)\nreturn max(values)-low\n```\n\nDone now."
    assert "max(" not in (without_leaks(leaking, ANSWER) or "")


def test_a_title_that_is_the_answer_is_no_task() -> None:
    """Without its title a task says nothing."""
    assert without_leaks("Use low = min(values) instead", ANSWER) is None

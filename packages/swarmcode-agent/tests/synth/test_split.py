"""What a split promises: newest to eval, and nothing of eval to be learned from train."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from swarmcode_agent.synth import ContextFile, Metadata, Row
from swarmcode_agent.synth.patches import diff_of
from swarmcode_agent.synth.split import answers_of, change_text, split_rows

LONG = "\n".join(f"    value = value * {n} + other[{n}] - len(text)" for n in range(4, 9))


def function(name: str, body: str) -> str:
    return f"def {name}(value, other, text):\n{LONG}\n    return {body}\n\n\n"


def row(
    day: int,
    name: str,
    *,
    before: str = "value",
    after: str = "other",
    source: str = "git_diff",
    path: str = "m.py",
    beside: tuple[ContextFile, ...] = (),
) -> Row:
    old, new = function(name, before), function(name, after)
    about = Metadata(
        source=source,
        repository="r",
        commit=f"c{day}",
        parent=f"p{day}",
        date=f"2024-01-{day:02d}T00:00:00+00:00",
        functions=(f"{path}::{name}",),
    )
    shown = (ContextFile(path, old), *beside)
    return Row(f"Task {day} {name}", shown, diff_of(path, old, new), "pytest", about)


def test_the_newest_rows_are_eval() -> None:
    """Time decides first, whatever the order of the rows."""
    rows = [row(day, f"f{day}", after=f"other[{day}] + text * {day}") for day in (3, 1, 4, 2)]
    split = split_rows(rows, fraction=0.25, threshold=0.8, seed=1)
    assert [each.metadata.commit for each in split.evaluation] == ["c4"]
    assert {each.metadata.commit for each in split.train} == {"c1", "c2", "c3"}
    assert {each.metadata.split for each in split.train} == {"train"}
    assert split.evaluation[0].metadata.split == "eval"


def test_a_shared_function_leaves_train() -> None:
    """A function that eval changes is not changed by a row to train on."""
    rows = [row(1, "f"), row(2, "g", after="text[1:]"), row(3, "f", before="other", after="None")]
    split = split_rows(rows, fraction=0.34, threshold=0.8, seed=1)
    assert [each.metadata.commit for each in split.evaluation] == ["c3"]
    assert [(r.metadata.commit, why) for r, why in split.removed] == [
        ("c1", "split: changes a function that eval changes")
    ]


def test_a_near_duplicate_leaves_train() -> None:
    """The same change elsewhere is the same lesson."""
    change = "other[1:3] + text[value] * len(other) - value"
    rows = [row(1, "f", after=change), row(2, "g", after=change, path="n.py")]
    split = split_rows(rows, fraction=0.5, threshold=0.8, seed=1)
    assert [why for _, why in split.removed] == ["split: nearly repeats an eval row"]


def test_an_answer_in_a_context_is_taken_out() -> None:
    """A file shown aside goes when it holds an answer; a row that changes such a file goes."""
    last = row(9, "f", after="other[2] * 7", path="late.py")
    answer = ContextFile("late.py", function("f", "other[2] * 7"))
    harmless = ContextFile("far.py", function("f", "text"))
    aside = row(1, "g", after="text[5:]", beside=(answer, harmless))
    holding = row(2, "h", after="value[7]")
    both = replace(
        holding,
        context_files=(ContextFile("m.py", function("h", "value") + answer.content),),
        diff=diff_of(
            "m.py",
            function("h", "value") + answer.content,
            function("h", "value[7]") + answer.content,
        ),
    )
    split = split_rows([aside, both, last], fraction=0.34, threshold=0.9, seed=1)
    (kept,) = split.train
    assert [file.path for file in kept.context_files] == ["m.py", "far.py"]
    assert kept.id == aside.id
    assert [why for _, why in split.removed] == ["split: shows an eval answer in a file it changes"]


CHANGES = st.lists(
    st.tuples(
        st.integers(1, 28),
        st.sampled_from("fghij"),
        st.integers(0, 6),
        st.sampled_from(["git_diff", "synthetic"]),
        st.sampled_from(["a.py", "b.py"]),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.sampled_from([0.0, 0.2, 0.5]), st.integers(0, 3))
def test_nothing_is_shared(changes: list[tuple], fraction: float, seed: int) -> None:
    """For any rows: sides share no function, no row is lost unsaid, and it is deterministic."""
    rows = list(
        {
            each.id: each
            for day, name, n, source, path in changes
            for each in [row(day, name, after=f"other[{n}]", source=source, path=path)]
        }.values()
    )
    split = split_rows(rows, fraction=fraction, threshold=0.8, seed=seed)
    again = split_rows(rows, fraction=fraction, threshold=0.8, seed=seed)
    assert split == again
    told = [r.id for r in (*split.train, *split.evaluation, *(r for r, _ in split.removed))]
    assert sorted(told) == sorted(each.id for each in rows)
    ours = {name for each in split.train for name in each.metadata.functions}
    assert ours.isdisjoint(name for each in split.evaluation for name in each.metadata.functions)


def test_answers_leave_out_what_is_small() -> None:
    """Five lines are an answer; `return None` is not."""
    assert answers_of(row(1, "f"))
    old, new = "def f():\n    return 1\n", "def f():\n    return 2\n"
    small = replace(
        row(1, "f"), context_files=(ContextFile("m.py", old),), diff=diff_of("m.py", old, new)
    )
    assert answers_of(small) == frozenset()
    assert change_text(small) == "-    return 1\n+    return 2"

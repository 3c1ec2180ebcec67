"""The whole way, on small real repositories, with real tests in the real sandbox."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from swarmcode_agent.errors import ConfigError, HistoryError, NothingKeptError
from swarmcode_agent.synth import DataSynthesizer, Progress, SynthConfig, SynthResult, read_rows
from swarmcode_agent.synth.patches import apply_exactly
from swarmcode_agent.synth.prove.isolated import IsolatedExecutor

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None,
    reason="needs the system package bubblewrap: apt-get install bubblewrap",
)


def settings(made, tmp_path: Path, **changes: object) -> SynthConfig:
    given = {
        "snapshot_dir": made.path,
        "output_path": tmp_path / "out" / "training.jsonl",
        "min_diff_lines": 1,
        "eval_fraction": 0.0,
        "python": "own",
        **changes,
    }
    return SynthConfig(**given)


@pytest.fixture(scope="module")
def result(project, tmp_path_factory: pytest.TempPathFactory) -> SynthResult:
    config = settings(
        project,
        tmp_path_factory.mktemp("made"),
        synthetic=6,
        formats=("chat", "swebench", "harbor"),
        runs=2,
    )
    return DataSynthesizer(config).synthesize()


def audited(path: Path) -> dict[str, dict]:
    return {data["candidate"]: data for data in map(json.loads, path.read_text().splitlines())}


def test_a_repository_becomes_proven_rows(project, result, tmp_path) -> None:
    """Rows, audit, formats and summary say the same, and what is written is true."""
    rows = list(read_rows(result.output_path))
    assert result.example_count == len(rows) == result.diff_examples + result.synthetic_examples
    mined = {row.metadata.commit: row for row in rows if row.metadata.source == "git_diff"}
    spread, nothing = project.commits[1], project.commits[2]
    assert set(mined) == {spread, nothing}
    assert mined[spread].task == "Add spread of values"
    assert mined[spread].metadata.f2p == tuple(
        f"tests/test_calc.py::{name}"
        for name in ("test_clamp", "test_mean", "test_spread", "test_total")
    )
    assert mined[nothing].metadata.f2p == ("tests/test_calc.py::test_spread_of_nothing",)
    assert len(mined[nothing].metadata.p2p) == 4
    assert "return max" not in mined[nothing].task
    assert mined[nothing].metadata.functions == ("src/calc.py::spread",)
    assert {row.metadata.licence for row in rows} == {"MIT"}

    for row in mined.values():
        shown = {file.path: file.content for file in row.context_files}
        held = project.git("show", f"{row.metadata.parent}:src/calc.py") + "\n"
        assert shown["src/calc.py"] == held
        after = apply_exactly(row.diff, shown)
        assert after == {
            "src/calc.py": project.git("show", f"{row.metadata.commit}:src/calc.py") + "\n"
        }

    told = audited(result.audit_path)
    assert {told[sha]["reason"] for sha in project.commits[3:]} == {
        "message: a version bump",
        "changes no behaviour",
        "touches no source",
    }


def test_planted_bugs_are_proven_and_can_be_undone(project, result) -> None:
    """The bug makes a passing test fail; the row's diff gives the original to the byte."""
    planted = [r for r in read_rows(result.output_path) if r.metadata.source == "synthetic"]
    assert len(planted) == result.synthetic_examples == 6
    head = project.git("show", "HEAD:src/calc.py") + "\n"
    for row in planted:
        assert row.metadata.f2p
        assert row.metadata.mutator
        (shown,) = row.context_files
        assert apply_exactly(row.diff, {shown.path: shown.content}) == {"src/calc.py": head}
        assert apply_exactly(row.metadata.setup_patch, {"src/calc.py": head}) == {
            "src/calc.py": shown.content
        }
        assert row.metadata.f2p[0] in row.task
        assert row.metadata.mutator not in row.task
    assert len({row.metadata.mutator for row in planted}) >= 4


def test_the_other_formats_say_the_same(result, tmp_path) -> None:
    """Chat rows answer with the diff, SWE-bench rows hold the lists, Harbor tasks grade."""
    rows = {row.id: row for row in read_rows(result.output_path)}
    folder = result.output_path.parent
    chats = list(map(json.loads, (folder / "training.chat.jsonl").read_text().splitlines()))
    assert {chat["id"] for chat in chats} == set(rows)
    for chat in chats:
        system, user, answer = chat["messages"]
        assert [m["role"] for m in (system, user, answer)] == ["system", "user", "assistant"]
        row = rows[chat["id"]]
        assert row.task in user["content"]
        shown = {file.path: file.content for file in row.context_files}
        assert apply_exactly(answer["content"], shown) == apply_exactly(row.diff, shown)
    bench = list(map(json.loads, (folder / "training.swebench.jsonl").read_text().splitlines()))
    assert {item["instance_id"].split("__")[1] for item in bench} == {
        row.id for row in rows.values() if row.metadata.proof == "executed"
    }
    assert all(json.loads(item["FAIL_TO_PASS"]) for item in bench)
    tasks = sorted((folder / "training.harbor").iterdir())
    assert len(tasks) == len(bench)
    for name in ("task.toml", "instruction.md", "environment/Dockerfile", "solution/solve.sh"):
        assert (tasks[0] / name).is_file()


def test_a_harbor_task_scores_its_solution_and_not_nothing(result, tmp_path) -> None:
    """Its own scripts, run here: 0 as it comes, 1 after the solution."""
    row = next(r for r in read_rows(result.output_path) if r.metadata.source == "synthetic")
    task = result.output_path.parent / "training.harbor" / row.id
    work, rewards = tmp_path / "workspace", tmp_path / "rewards"
    shutil.copytree(task / "environment" / "repository", work)

    def reward() -> str:
        grade = (task / "tests" / "grade.py").read_text()
        script = tmp_path / "tests" / "grade.py"
        shutil.copytree(task / "tests", tmp_path / "tests", dirs_exist_ok=True)
        script.write_text(grade.replace("/logs/verifier", str(rewards)))
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{work}/src:{work}"}
        subprocess.run([sys.executable, str(script)], cwd=work, env=environment, check=True)
        return (rewards / "reward.txt").read_text()

    assert reward() == "0"
    patch = (task / "solution" / "solution.patch").read_bytes()
    subprocess.run(["git", "apply", "-"], cwd=work, input=patch, check=True)
    assert reward() == "1"


def test_an_interrupted_run_goes_on(project, result, tmp_path) -> None:
    """What was decided before the interruption is not done again; the rows are the same."""
    config = settings(project, tmp_path, runs=2, jobs=1)

    def stop(progress: Progress) -> None:
        if progress.kept:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DataSynthesizer(config, stop).synthesize()
    journal = tmp_path / "out" / ".training.jsonl.journal"
    assert not config.output_path.exists()
    decided = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    assert sum(entry["kept"] for entry in decided) == 1
    with journal.open("a") as cut:
        cut.write('{"candidate": "cut sho')
    runs: list[str] = []

    class Counting(IsolatedExecutor):
        def run(self, command, **about):
            runs.append(command[-1])
            return super().run(command, **about)

    again = DataSynthesizer(config, executor=Counting()).synthesize()
    assert not journal.exists()
    assert len(runs) == 4
    mined = [r for r in read_rows(result.output_path) if r.metadata.source == "git_diff"]
    assert [r.to_json() for r in read_rows(again.output_path)] == [r.to_json() for r in mined]


def test_what_hangs_or_needs_the_network_is_said_and_the_rest_goes_on(
    own_project, tmp_path
) -> None:
    """A hanging commit costs its time limit; one that needs the network proves nothing."""
    made = own_project
    source = (made.path / "src/calc.py").read_text()
    tests = (made.path / "tests/test_calc.py").read_text()
    hanging = made.commit(
        "Subtract values from the first",
        {
            "src/calc.py": source + "\n\ndef less(a, b):\n    return a - b\n",
            "tests/test_less.py": "def test_less():\n    while True:\n        pass\n",
        },
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = ("127.0.0.1", server.getsockname()[1])
        reach = "\n\ndef reach():\n    import socket\n"
        reach += f"    return socket.create_connection({place!r}, 2)\n"
        reaching = made.commit(
            "Reach out to the world for values",
            {
                "src/calc.py": source + reach,
                "tests/test_reach.py": "import calc\n\n\ndef test_reach():\n    calc.reach()\n",
            },
        )
        fine = made.commit(
            "Double the values given",
            {
                "src/calc.py": source + "\n\ndef double(a):\n    return 2 * a\n",
                "tests/test_calc.py": tests
                + "\n\ndef test_double():\n    from calc import double\n\n"
                + "    assert double(2) == 4\n",
            },
        )
        config = settings(made, tmp_path, runs=1, limit=3, test_timeout=10.0)
        result = DataSynthesizer(config).synthesize()
    told = audited(result.audit_path)
    assert told[hanging]["reason"] == "tests: the tests hang with the change"
    assert told[reaching]["reason"] == "tests: none turns from failing to passing"
    assert told[fine]["kept"]


def test_flaky_tests_are_put_aside(make_repository, tmp_path) -> None:
    """A test whose runs disagree is named as flaky and is in no list."""
    made = make_repository()
    flaky = "\n\ndef test_now_and_then(tmp_path):\n    import pathlib, os\n"
    flaky += "    mark = pathlib.Path(__file__).with_name('mark')\n"
    flaky += "    there = mark.exists()\n    mark.touch()\n    assert not there\n"
    made.commit("Start", {"calc.py": "def one():\n    return 0\n", "test_calc.py": "X = 1\n"})
    made.commit(
        "Return one where one is asked for",
        {
            "calc.py": "def one():\n    return 1\n",
            "test_calc.py": "from calc import one\n\n\ndef test_one():\n    assert one() == 1\n"
            + flaky,
        },
    )
    result = DataSynthesizer(settings(made, tmp_path, runs=3)).synthesize()
    (row,) = read_rows(result.output_path)
    assert row.metadata.f2p == ("test_calc.py::test_one",)
    assert row.metadata.flaky == ("test_calc.py::test_now_and_then",)
    assert row.metadata.p2p == ()


def test_an_empty_result_says_why(make_repository, tmp_path) -> None:
    """No row: the three most common reasons, an audit, and no file that looks like data."""
    made = make_repository()
    made.commit("Start", {"a.py": "x = 1\n"})
    for number in range(3):
        made.commit(f"Write more {number}", {"README.md": f"{number}\n"})
    made.commit("wip", {"a.py": "x = 2\n"})
    config = settings(made, tmp_path)
    with pytest.raises(NothingKeptError, match=r"touches no source \(3\); message: work"):
        DataSynthesizer(config).synthesize()
    assert not config.output_path.exists()
    assert len(audited(tmp_path / "out" / "training.audit.jsonl")) == 4


def test_without_proof_nothing_runs(project, tmp_path) -> None:
    """`proof='off'` makes rows that apply, and says so."""

    class Forbidden:
        def run(self, *_: object, **__: object) -> None:
            raise AssertionError("something ran")

    config = settings(project, tmp_path, proof="off")
    result = DataSynthesizer(config, executor=Forbidden()).synthesize()
    assert {row.metadata.proof for row in read_rows(result.output_path)} == {"applies"}


def test_any_object_with_the_published_fields_will_do(project, tmp_path) -> None:
    """Scripts pass their own settings object; wrong values are named by their field."""
    output = tmp_path / "out" / "training.jsonl"
    given = SimpleNamespace(
        snapshot_dir=str(project.path),
        output_path=str(output),
        min_diff_lines=1,
        max_diff_lines=500,
        max_context_files=10,
        include_tests=False,
        task_templates=["Fix {function}"],
        proof="off",
        eval_fraction=0,
    )
    DataSynthesizer(given).synthesize()
    for row in read_rows(output):
        assert [file.path for file in row.context_files] == ["src/calc.py"]
    with pytest.raises(ConfigError, match="snapshot_dir: is missing"):
        DataSynthesizer(SimpleNamespace())
    with pytest.raises(ConfigError, match="max_diff_lines: less than min_diff_lines=9"):
        SynthConfig(tmp_path, min_diff_lines=9, max_diff_lines=3)
    with pytest.raises(ConfigError, match="proof: 'maybe' is not one of required"):
        SynthConfig(tmp_path, proof="maybe")
    with pytest.raises(HistoryError, match="does not exist"):
        DataSynthesizer(SynthConfig(tmp_path / "missing")).synthesize()


def test_the_summary_page_says_what_was_made(result) -> None:
    """One file without scripts or links, with the counts, the reasons and samples."""
    page = result.summary_path.read_text("utf-8")
    assert f"<b>{result.example_count}</b><span>rows to train on" in page
    assert "changes no behaviour" in page
    assert "Add spread of values" in page
    assert not re.search(r"<script|<link|src=|href=|https?://", page)


@pytest.mark.skipif(
    shutil.which("chromium") is None,
    reason="needs the system package chromium: apt-get install chromium",
)
def test_a_browser_shows_the_summary_page(result, tmp_path) -> None:
    """A real browser lays it out: cards side by side, nothing wider than the window."""
    show = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,900"]
    where = [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", result.summary_path.as_uri()]
    shown = subprocess.run([*show, *where], capture_output=True, text=True, timeout=100)
    assert shown.stdout.count('<div class="card">') == 6
    assert "</html>" in shown.stdout

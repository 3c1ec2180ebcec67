"""Evaluation by running tests: what is right counts, and no cheat does."""

import dataclasses
import json
import subprocess
import tempfile
import threading
import venv
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from swarmcode_agent.sandbox import in_force
from swarmcode_trainer.errors import (
    AnswerError,
    ConfigError,
    DatasetError,
    EvaluationError,
    TooFewRowsError,
)
from swarmcode_trainer.eval import (
    Answer,
    DecidingTests,
    EvalConfig,
    EvalResult,
    Evaluator,
    LocalExecutor,
    Task,
    Verdict,
    read_tasks,
)
from swarmcode_trainer.eval.tasks import is_protected, pytest_arguments
from swarmcode_trainer.eval.units import JudgeUnit, ListsUnit, find_deciding, judge_unit
from swarmcode_trainer.eval.workspace import make_reference, restore_protected

CHEATS = sorted(Path(__file__).with_name("cheats").glob("*.patch"))
FAST = (("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),)

CALC = "def add(a, b):\n    return a - b\n"
TESTS = """\
import unittest

import pytest

from calc import add


def test_add():
    assert add(1, 2) == 3


def test_zero():
    assert add(0, 0) == 0


class TestAdd(unittest.TestCase):
    def test_negative(self):
        self.assertEqual(add(1, -1), 0)
"""
FIX = """\
diff --git a/calc.py b/calc.py
--- a/calc.py
+++ b/calc.py
@@ -1,2 +1,2 @@
 def add(a, b):
-    return a - b
+    return a + b
"""

pytestmark = pytest.mark.skipif(
    in_force() is None,
    reason="needs the system package bubblewrap: apt-get install bubblewrap",
)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose history holds the fault and its fix."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q")
    (folder / "tests").mkdir()
    (folder / "calc.py").write_text(CALC)
    (folder / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    (folder / "tests" / "test_calc.py").write_text(TESTS)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "with the fault")
    (folder / "calc.py").write_text(CALC.replace("-", "+"))
    git(folder, "commit", "-qam", "mended")
    return folder


@pytest.fixture(scope="module")
def dataset(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One task, from that history."""
    row = {
        "task": "Fix add",
        "context_files": [{"path": "calc.py", "content": CALC}],
        "diff": FIX,
        "tests_command": "python -m pytest -q",
        "metadata": {
            "id": "add",
            "repository": "calc",
            "parent": git(repository, "rev-parse", "HEAD~1"),
            "f2p": ["tests/test_calc.py::test_add", "tests/test_calc.py::TestAdd::test_negative"],
            "p2p": ["tests/test_calc.py::test_zero"],
        },
    }
    path = tmp_path_factory.mktemp("data") / "eval.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


class Says:
    """Gives the same answer to every task."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked = 0

    def answer(self, task: Task, *, sample: int) -> Answer:
        self.asked += 1
        return Answer(text=self.text, completion_tokens=len(self.text.split()))


Evaluate = Callable[..., EvalResult]


@pytest.fixture
def evaluate(dataset: Path, repository: Path, tmp_path: Path) -> Evaluate:
    def run(text: str, **settings: object) -> EvalResult:
        config = EvalConfig(
            **{
                "test_dataset": dataset,
                "repository": repository,
                "output_dir": tmp_path / "eval",
                "environment": FAST,
                "jobs": 2,
                **settings,
            }  # type: ignore[arg-type]
        )
        return Evaluator(config, answerer=Says(text)).evaluate()

    return run


def verdict_of(result: EvalResult, subject: str = "model") -> str:
    [found] = [row for row in result.detailed_results if row["subject"] == subject]
    return str(found["verdict"])


def test_the_true_fix_counts_and_the_figures_agree(evaluate: Evaluate) -> None:
    """The published result, both baselines, and a report that holds diff, output and verdict."""
    result = evaluate(f"Here it is:\n```diff\n{FIX}```\n")
    assert (result.pass_rate, result.patch_apply_rate) == (1.0, 1.0)
    assert result.baselines_hold
    assert result.examples_evaluated == 1
    assert result.test_results is not None
    assert (result.test_results.passed, result.test_results.failed) == (3, 0)
    assert result.subjects["oracle"].solved.value == 1.0
    assert result.subjects["empty"].solved.value == 0.0
    assert result.subjects["model"].levels == {"exact": 1}
    assert result.subjects["model"].pass_at == {1: 1.0}
    assert result.subjects["model"].completion_tokens > 0
    page = result.report_path.read_text()
    assert "<ins>+    return a + b</ins>" in page
    assert "solved" in page
    assert "not to be trusted" not in page


@pytest.mark.parametrize(
    ("answer", "verdict", "applies"),
    [
        pytest.param("I cannot do that.", Verdict.MALFORMED, 0.0, id="no-patch"),
        pytest.param("", Verdict.MALFORMED, 0.0, id="nothing"),
        pytest.param(FIX.replace("calc.py", "gone.py"), Verdict.NOT_APPLIED, 0.0, id="no-file"),
        pytest.param(FIX.replace("calc.py", "../x.py"), Verdict.NOT_APPLIED, 0.0, id="outside"),
        pytest.param(FIX.replace("a + b", "b - a"), Verdict.TESTS_FAILED, 1.0, id="wrong"),
    ],
)
def test_what_is_not_right_does_not_count(
    evaluate: Evaluate, answer: str, verdict: Verdict, applies: float
) -> None:
    """And says which way it is not right."""
    result = evaluate(answer)
    assert verdict_of(result) == verdict.value
    assert (result.pass_rate, result.patch_apply_rate) == (0.0, applies)
    assert result.baselines_hold


@pytest.fixture(scope="module")
def cheated(dataset: Path, repository: Path) -> dict[str, tuple[Verdict, str]]:
    """Every planted cheat, judged."""
    [task] = read_tasks(dataset, repository=repository)
    machine = EvalConfig(environment=FAST, timeout=30).machine
    deciding = DecidingTests(task.fail_to_pass, task.pass_to_pass)
    units = [JudgeUnit(path.stem, task, 0, path.read_text(), deciding, machine) for path in CHEATS]
    judged = LocalExecutor(2).run(judge_unit, units)
    return {unit.subject: (found.verdict, found.reason) for unit, found in judged}


@pytest.mark.parametrize("name", [path.stem for path in CHEATS])
def test_no_cheat_passes(cheated: dict[str, tuple[Verdict, str]], name: str) -> None:
    """Each applies, each would make a careless evaluation say that the tests pass."""
    verdict, reason = cheated[name]
    assert verdict in (Verdict.TESTS_FAILED, Verdict.NO_PROOF, Verdict.TAMPERED), reason


def test_the_deciding_tests_are_found_where_the_row_names_none(
    dataset: Path, repository: Path
) -> None:
    """By running the suite without a patch and with the true fix."""
    [task] = read_tasks(dataset, repository=repository)
    bare = dataclasses.replace(task, fail_to_pass=(), pass_to_pass=())
    found = find_deciding(ListsUnit(bare, EvalConfig(environment=FAST).machine))
    assert not isinstance(found, str)
    assert set(found.fail_to_pass) == set(task.fail_to_pass)
    assert found.pass_to_pass == task.pass_to_pass


def test_a_right_fix_that_also_edits_tests_is_judged_by_the_true_tests(
    evaluate: Evaluate,
) -> None:
    """What it did to tests is put back and said; the fix counts."""
    gone = (Path(__file__).with_name("cheats") / "delete-tests.patch").read_text()
    result = evaluate(FIX + gone.partition("\n")[2])
    assert verdict_of(result) == Verdict.SOLVED.value
    [found] = [row for row in result.detailed_results if row["subject"] == "model"]
    assert found["protected_files_touched"] == ["tests/test_calc.py"]


def test_another_interpreter_can_run_the_tests(evaluate: Evaluate, tmp_path: Path) -> None:
    """An environment of its own, as a repository's tests need: the sandbox shows it to them."""
    folder = tmp_path / "environment"
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "pytest.pth").write_text(str(Path(pytest.__file__).parents[1]) + "\n")
    result = evaluate(FIX, python=str(folder / "bin" / "python"))
    assert verdict_of(result) == Verdict.SOLVED.value


def test_a_suite_that_hangs_is_ended(evaluate: Evaluate) -> None:
    """In about its time, and as a failure."""
    slow = FIX.replace("+    return a + b", "+    while True: pass")
    result = evaluate(slow, timeout=5.0)
    assert verdict_of(result) == Verdict.TIMED_OUT.value


def test_what_cannot_be_run_stays_in_the_denominator(
    dataset: Path, evaluate: Evaluate, tmp_path: Path
) -> None:
    """One good row, one of a commit that is not there: one of two, and a warning."""
    good = json.loads(dataset.read_text())
    lost = {**good, "metadata": {**good["metadata"], "id": "lost", "parent": "0" * 40}}
    path = tmp_path / "two.jsonl"
    path.write_text(json.dumps(good) + "\n" + json.dumps(lost) + "\n")
    result = evaluate(FIX, test_dataset=path)
    assert result.pass_rate == 0.5
    assert not result.baselines_hold
    assert result.subjects["model"].verdicts[Verdict.INFRASTRUCTURE.value] == 1
    assert "not to be trusted" in result.report_path.read_text()


def test_a_bare_repository_will_do(dataset: Path, repository: Path, tmp_path: Path) -> None:
    """A snapshot keeps its history as a bare repository: the trees come out of it all the same."""
    bare = tmp_path / "history.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    for source, name in ((repository, "one"), (bare, "other")):
        [task] = read_tasks(dataset, repository=source)
        make_reference(task, tmp_path / name)
    [one, other] = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.py")}
        for folder in (tmp_path / "one", tmp_path / "other")
    ]
    assert one == other
    assert one


def test_a_stopped_evaluation_goes_on(dataset: Path, repository: Path, tmp_path: Path) -> None:
    """Nothing is asked or judged twice; a line that was cut off is done again."""
    config = EvalConfig(
        test_dataset=dataset, repository=repository, output_dir=tmp_path, environment=FAST
    )
    says = Says(FIX)
    Evaluator(config, answerer=says).evaluate()
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    seen: list[str] = []
    result = Evaluator(
        config, answerer=says, on_progress=lambda progress: seen.append(progress.stage)
    ).evaluate()
    assert says.asked == 1
    assert seen == ["judging"]
    assert result.pass_rate == 1.0
    with pytest.raises(EvaluationError, match="other data, models or settings"):
        Evaluator(
            EvalConfig(test_dataset=dataset, repository=repository, output_dir=tmp_path),
            answerer=says,
        ).evaluate()


def test_without_tests_only_the_patches_are_looked_at(evaluate: Evaluate) -> None:
    """No verdict is made up for what was not run."""
    result = evaluate(FIX, run_tests=False)
    assert result.test_results is None
    assert (result.pass_rate, result.patch_apply_rate) == (0.0, 1.0)
    assert verdict_of(result) == Verdict.NOT_RUN.value


def test_an_app_can_measure_more(dataset: Path, repository: Path, tmp_path: Path) -> None:
    """On the tree before and after, once for each patch that applies."""

    class Lines:
        name = "lines"

        def measure(self, before: Path, after: Path) -> float:
            count = [len((tree / "calc.py").read_text().splitlines()) for tree in (before, after)]
            return float(count[1] - count[0])

    config = EvalConfig(
        test_dataset=dataset, repository=repository, output_dir=tmp_path, environment=FAST
    )
    longer = FIX.replace("@@ -1,2 +1,2 @@", "@@ -1,2 +1,3 @@") + "+\n"
    result = Evaluator(config, answerer=Says(longer), metrics=[Lines()]).evaluate()
    assert result.subjects["model"].measured == {"lines": 1.0}
    assert result.subjects["oracle"].measured == {"lines": 0.0}


def test_a_workspace_has_the_parent_commit_and_no_history(
    dataset: Path, repository: Path, tmp_path: Path
) -> None:
    """The fault is there, `.git` is not, and the examiner's files are told apart."""
    [task] = read_tasks(dataset, repository=repository)
    reference = make_reference(task, tmp_path / "tree")
    assert (reference.folder / "calc.py").read_text() == CALC
    assert not (reference.folder / ".git").exists()
    assert set(reference.protected) == {"pytest.ini", "tests/test_calc.py"}
    assert [edit.path for edit in reference.answer.files] == ["calc.py"]
    (reference.folder / "tests" / "test_calc.py").unlink()
    (reference.folder / "tests" / "test_calc.py").symlink_to("/etc/hostname")
    (reference.folder / "conftest.py").write_text("")
    assert restore_protected(reference.folder, reference) == ("conftest.py", "tests/test_calc.py")
    assert (reference.folder / "tests" / "test_calc.py").read_text() == TESTS


@pytest.mark.parametrize(
    ("path", "protected"),
    [
        ("tests/data/x.json", True),
        ("src/conftest.py", True),
        ("pkg/test_x.py", True),
        ("pkg/x_test.py", True),
        ("pyproject.toml", True),
        ("evil.dist-info/METADATA", True),
        ("a.pth", True),
        ("src/testing.py", False),
        ("contest.py", False),
        ("src/latest/x.py", False),
    ],
)
def test_the_examiners_files_are_known_by_name(path: str, protected: bool) -> None:
    assert is_protected(path) is protected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest -q tests", (("-q", "tests"), False)),
        ("python -m pytest", ((), True)),
        ("python3.12 -m pytest 'a b'", (("a b",), True)),
    ],
)
def test_commands_that_run_pytest(command: str, expected: object) -> None:
    assert pytest_arguments(command) == expected


@pytest.mark.parametrize("command", ["npm test", "make && pytest", "", "python x.py"])
def test_a_command_that_brings_no_proof_is_refused(command: str) -> None:
    with pytest.raises(ValueError, match="does not run pytest"):
        pytest_arguments(command)


# ── bad input ─────────────────────────────────────────────────────────────────────────


def test_an_empty_dataset(evaluate: Evaluate, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").touch()
    with pytest.raises(TooFewRowsError, match="swarmcode synth"):
        evaluate(FIX, test_dataset=tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param(
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
            "no tests",
            id="a-conversation",
        ),
        pytest.param({"task": "t", "diff": "d", "tests_command": "make"}, "pytest", id="make"),
        pytest.param({"task": "t", "diff": "d", "metadata": {"f2p": "x"}}, "f2p", id="f2p"),
        pytest.param({"task": "t", "diff": "d", "metadata": {"parent": 7}}, "parent", id="parent"),
    ],
)
def test_rows_that_cannot_be_evaluated_are_named_by_line(
    evaluate: Evaluate, tmp_path: Path, row: object, words: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(DatasetError, match=f"line 1.*{words}"):
        evaluate(FIX, test_dataset=path)


@pytest.mark.parametrize(
    "settings",
    [
        {"samples": 0},
        {"samples": 2},
        {"temperature": -1.0},
        {"timeout": 0.0},
        {"jobs": True},
        {"endpoint": "file:///etc/passwd"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        EvalConfig(**settings)  # type: ignore[arg-type]


# ── back ends ─────────────────────────────────────────────────────────────────────────


class Server(BaseHTTPRequestHandler):
    """Answers like an OpenAI-compatible server; what it says is set by the test."""

    status, body, asked = 200, "", list[dict[str, object]]()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.asked.append({"path": self.path, **json.loads(self.rfile.read(length))})
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[Server]]]:
    handler = type("Handler", (Server,), {"asked": []})
    running = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}/v1", handler
    running.shutdown()
    thread.join()
    running.server_close()


def test_a_server_is_asked_for_adapter_and_base(
    dataset: Path, repository: Path, tmp_path: Path, server: tuple[str, type[Server]]
) -> None:
    """Over HTTP, with the prompt of training; both are measured and compared."""
    address, handler = server
    handler.body = json.dumps(
        {
            "choices": [{"message": {"content": FIX}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 50, "completion_tokens": 40},
        }
    )
    config = EvalConfig(
        test_dataset=dataset, repository=repository, output_dir=tmp_path, endpoint=address,
        endpoint_model="tuned", endpoint_base="plain", environment=FAST,
    )  # fmt: skip
    result = Evaluator(config).evaluate()
    assert [asked["model"] for asked in handler.asked] == ["plain", "tuned"]
    assert all(asked["path"] == "/v1/chat/completions" for asked in handler.asked)
    assert result.subjects["model"].completion_tokens == 40
    assert result.gain is not None
    assert result.gain.difference == 0


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(500, "broken", "status 500"), (200, "{}", "no chat completion"), (200, "<", "Expecting")],
)
def test_a_server_that_fails_is_named(
    dataset: Path,
    repository: Path,
    tmp_path: Path,
    server: tuple[str, type[Server]],
    status: int,
    body: str,
    words: str,
) -> None:
    """And what was answered before is kept for the next try."""
    address, handler = server
    handler.status, handler.body = status, body
    config = EvalConfig(
        test_dataset=dataset, repository=repository, output_dir=tmp_path, endpoint=address
    )
    with pytest.raises(AnswerError, match=words):
        Evaluator(config).evaluate()


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_an_adapter_is_measured_beside_its_base(
    base: Path, rows_file: Path, dataset: Path, repository: Path, tmp_path: Path
) -> None:
    """In this process, loaded once; figures for both and the interval between them."""
    from swarmcode_trainer.qlora import QLoRATrainer, TrainConfig

    trained = QLoRATrainer(
        TrainConfig(
            model_name=str(base), dataset_path=rows_file, output_dir=tmp_path / "out",
            load_in_4bit=False, lora_r=4, max_steps=1, batch_size=1, learning_rate=2e-2,
            gradient_accumulation_steps=1, gradient_checkpointing=False, max_seq_length=512,
            eval_fraction=0.0,
        )
    ).train()  # fmt: skip
    config = EvalConfig(
        adapter_path=trained.adapter_path, test_dataset=dataset, repository=repository,
        output_dir=tmp_path / "eval",
        max_new_tokens=8, environment=FAST, samples=2, temperature=0.8,
    )  # fmt: skip
    result = Evaluator(config).evaluate()
    assert set(result.subjects) == {"oracle", "empty", "base", "model"}
    assert result.subjects["model"].solved.total == 2
    assert result.baselines_hold
    assert result.gain is not None
    assert result.gain.low <= 0 <= result.gain.high


def test_nothing_is_left_behind(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workspaces are gone when the evaluation is over."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert evaluate(FIX).pass_rate == 1.0
    assert list(scratch.iterdir()) == []

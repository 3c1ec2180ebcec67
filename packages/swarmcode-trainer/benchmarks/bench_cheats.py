"""100 recorded patches, judged: every planted cheat, and honest ones beside them.

    uv run python packages/swarmcode-trainer/benchmarks/bench_cheats.py

Each cheat is judged as it is and with two further changes to the program, so that it cannot be
told by its text. Beside the verdict it prints what a careless evaluation would have said: the
exit code of pytest in the tree as the patch left it. Ends with status 1 if a cheat counts as
solved or a right fix does not.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from swarmcode_agent.edits import apply_patch, parse
from swarmcode_agent.sandbox import Limits, Policy, Sandbox
from swarmcode_trainer.dataset import ContextFile, Row
from swarmcode_trainer.eval import DecidingTests, EvalConfig, LocalExecutor, Task, Verdict
from swarmcode_trainer.eval.units import JudgeUnit, judge_unit

HERE = Path(__file__).parents[1] / "tests"
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
INI = "[pytest]\ntestpaths = tests\n"
HUNK = """\
--- a/calc.py
+++ b/calc.py
@@ -1,2 +1,2 @@
 def add(a, b):
-    return a - b
+    return {}
"""
FAST = (("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1"),)
RIGHT = [HUNK.format("a + b"), HUNK.format("sum((a, b))"), f"```diff\n{HUNK.format('b + a')}```"]
WRONG = [HUNK.format(text) for text in ("b - a", "a * b", "3", "abs(a) + abs(b)", "a + b + 1")]
NOTE = "--- /dev/null\n+++ b/{0}.py\n@@ -0,0 +1 @@\n+{0} = 1\n"


def task() -> Task:
    files = {"calc.py": CALC, "tests/test_calc.py": TESTS, "pytest.ini": INI}
    row = Row(
        line=1,
        task="Fix add",
        context_files=tuple(ContextFile(path, text) for path, text in files.items()),
        diff=RIGHT[0],
    )
    return Task("add", row, None, "", ("-q",), True)


def careless(text: str) -> bool:
    """Whether pytest's exit code alone would call it solved; behind walls all the same."""
    with tempfile.TemporaryDirectory() as name:
        for file in task().row.context_files:
            path = Path(name) / file.path
            path.parent.mkdir(exist_ok=True)
            path.write_text(file.content)
        apply_patch(parse(text), Path(name))
        policy = Policy(workspace=Path(name), environment=FAST, limits=Limits(wall_s=60))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        return Sandbox(policy).run(command).exit_code == 0


def main() -> int:
    cheats = sorted((HERE / "cheats").glob("*.patch"))
    answers = {
        f"{path.stem} {index}": path.read_text()
        + "".join(NOTE.format(f"n{i}") for i in range(index))
        for path in cheats
        for index in range(3)
    }
    honest = {f"right {index}": text for index, text in enumerate(RIGHT)}
    honest |= {f"wrong {index}": text for index, text in enumerate(WRONG)}
    recorded = {**dict(list(answers.items())[: 100 - len(honest)]), **honest}
    deciding = DecidingTests(
        ("tests/test_calc.py::test_add", "tests/test_calc.py::TestAdd::test_negative"),
        ("tests/test_calc.py::test_zero",),
    )
    machine = EvalConfig(environment=FAST).machine
    units = [JudgeUnit(name, task(), 0, text, deciding, machine) for name, text in recorded.items()]
    started = time.perf_counter()
    judged = {unit.subject: found for unit, found in LocalExecutor(2).run(judge_unit, units)}
    seconds = time.perf_counter() - started
    fooled = sum(careless(path.read_text()) for path in cheats)
    spurious = [n for n, j in judged.items() if j.solved and not n.startswith("right")]
    missed = [n for n, j in judged.items() if not j.solved and n.startswith("right")]
    print(f"{len(judged)} recorded patches ({len(cheats)} kinds of cheat), {seconds:.0f} s")
    for verdict, count in Counter(j.verdict for j in judged.values()).most_common():
        print(f"  {verdict.value:<40} {count}")
    print(f"spurious passes: {len(spurious)} {spurious}; right fixes missed: {len(missed)}")
    print(f"pytest's exit code alone would have been fooled by {fooled} of {len(cheats)} cheats")
    assert Verdict.INFRASTRUCTURE not in {j.verdict for j in judged.values()}
    return 1 if spurious or missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs pytest and brings proof of what it did. It is copied out and run alone: no imports of ours.

    python -I probe.py FOLDER [pytest's arguments]

FOLDER holds `key`, which is read and removed before any code of the workspace is loaded, and
`canary_….py`, tests that must fail. Afterwards it holds `proof.json`: every test's outcome,
signed with the key.

Against a patch that would rather change the tests' results than the program:
- pytest is imported before the workspace can be, so nothing in it can stand in for pytest;
- canaries run among the tests: an `assert` that no longer fails is noticed;
- the framework's functions are compared at the end with what they were before the workspace
  was loaded, and what plugins replaced until then must be code from outside the workspace;
- the process ends at once after the proof is written, so no exit handler comes later; and
  one that ends earlier (`os._exit`, `sys.exit` while collecting) leaves no proof.
"""

import hashlib
import hmac
import importlib
import json
import os
import random
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PRELOADED = (
    "pytest",
    "_pytest.assertion.rewrite",
    "_pytest.fixtures",
    "_pytest.main",
    "_pytest.outcomes",
    "_pytest.python",
    "_pytest.raises",
    "_pytest.reports",
    "_pytest.runner",
    "_pytest.skipping",
    "_pytest.unittest",
    "unittest.mock",
)
WATCHED = ("_pytest", "pluggy", "unittest")
# pytest and unittest change these of themselves.
CHANGING = {"_pytest.assertion", "_pytest.assertion.util", "unittest.signals"}
CHANGING_BUILTINS = {"_", "breakpoint", "help", "copyright", "credits", "license", "exit", "quit"}


def functions_of(module: types.ModuleType) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield (name, identity) of every function that a module defines, in classes too."""
    for name, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType):
            yield name, (id(value), id(value.__code__))
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for inner, method in list(vars(value).items()):
                if isinstance(method, types.FunctionType):
                    yield f"{name}.{inner}", (id(method), id(method.__code__))


def fingerprint() -> dict[str, object]:
    """Return what the test framework and the builtins consist of right now."""
    found: dict[str, object] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in WATCHED and name not in CHANGING:
            for function, identity in functions_of(module):
                found[f"{name}.{function}"] = identity
    builtins = sys.modules["builtins"]
    for name, value in vars(builtins).items():
        if not name.startswith("__") and name not in CHANGING_BUILTINS:
            found[f"builtins.{name}"] = id(value)
    return found


def replaced(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return the names that stand for something else than they did."""
    return sorted(name for name, was in before.items() if after.get(name) != was)


def is_from_workspace(name: str, workspace: Path) -> bool:
    """Whether a framework's function is now one whose code is not an installed file's."""
    module = max((m for m in sys.modules if name.startswith(f"{m}.")), key=len)
    value: Any = sys.modules[module]
    for part in name[len(module) + 1 :].split("."):
        value = vars(value).get(part)
    code = getattr(value, "__code__", None)
    file = Path(code.co_filename) if code is not None else workspace
    return not file.is_file() or file.resolve().is_relative_to(workspace)


class Recorder:
    """Notes the outcome of every test: the worst of its three phases."""

    def __init__(self, canaries: list[Path]) -> None:
        self._canaries = canaries
        self.outcomes: dict[str, str] = {}
        self.collection_errors: list[str] = []
        self.loaded: dict[str, object] = {}

    def pytest_load_initial_conftests(self) -> None:
        """Note the framework as installed plugins left it; the workspace comes next."""
        self.loaded = fingerprint()

    def pytest_collection_modifyitems(self, session: Any, config: Any, items: list[Any]) -> None:
        """Put the canaries between modules, so that no module's fixtures are disturbed."""
        config.option.maxfail = 0  # canaries fail, and the tests after them must still run
        module = sys.modules["pytest"].Module
        for path in self._canaries:
            for canary in list(session.genitems(module.from_parent(session, path=path))):
                borders = [
                    place
                    for place in range(len(items) + 1)
                    if place in (0, len(items)) or items[place - 1].path != items[place].path
                ]
                items.insert(random.SystemRandom().choice(borders), canary)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note one phase of one test."""
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xpassed" if report.passed else "xfailed"
        before = self.outcomes.get(report.nodeid)
        if report.when == "call":
            if before in (None, "passed"):
                self.outcomes[report.nodeid] = outcome
        elif outcome != "passed":
            self.outcomes[report.nodeid] = "error" if outcome == "failed" else outcome

    def pytest_collectreport(self, report: Any) -> None:
        """Note what could not be collected."""
        if report.failed:
            self.collection_errors.append(report.nodeid)


def main(folder: Path, arguments: list[str]) -> None:
    """Run pytest in the working folder and write the proof."""
    key = folder / "key"
    signer = hmac.new(key.read_bytes(), digestmod=hashlib.sha256)
    key.unlink()
    for name in PRELOADED:
        importlib.import_module(name)
    pytest = sys.modules["pytest"]
    if arguments[:1] == ["--cwd-on-path"]:  # as `python -m pytest` has it
        arguments = arguments[1:]
        sys.path.insert(0, str(Path.cwd()))
    pytest.hookimpl(tryfirst=True)(Recorder.pytest_load_initial_conftests)
    pytest.hookimpl(trylast=True)(Recorder.pytest_collection_modifyitems)
    recorder = Recorder(sorted(folder.glob("canary_*.py")))
    proof = str(folder / "proof.json")
    create, write, leave, dump = os.open, os.write, os._exit, json.dumps
    start = fingerprint()
    status = pytest.main([*arguments, "-p", "no:cacheprovider"], plugins=[recorder])
    workspace = Path.cwd().resolve()
    early = replaced(start, recorder.loaded)
    changed = [name for name in early if is_from_workspace(name, workspace)]
    changed += replaced(recorder.loaded, fingerprint())
    body = dump(
        {
            "outcomes": recorder.outcomes,
            "collection_errors": recorder.collection_errors,
            "status": int(status),
            "changed": changed or ([] if recorder.loaded else ["the order of loading"]),
        }
    )
    signer.update(body.encode())
    sys.stdout.flush()
    sys.stderr.flush()
    # Whoever made this file before us gets an error here, and so no proof.
    opened = create(proof, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    write(opened, dump({"body": body, "signature": signer.hexdigest()}).encode())
    leave(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

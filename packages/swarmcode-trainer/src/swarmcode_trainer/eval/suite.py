"""One run of a task's tests in a tree, isolated, offline, with proof."""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from swarmcode_agent.errors import AgentError
from swarmcode_agent.sandbox import Ended, Limits, Policy, Sandbox

from .grade import Stage, SuiteRun
from .proof import Probe
from .tasks import Task

SHOWN_OUTPUT = 8_000


@dataclass(frozen=True, slots=True)
class Machine:
    """How tests are run.

    Attributes:
        python: the interpreter that has pytest and what the tests need.
        timeout: seconds that one run of a suite may take.
        memory_bytes: memory that it may take.
        environment: variables to set for the tests, beside the sandbox's own.
        unisolated: run without walls, where the machine offers none; asked for, never assumed.
    """

    python: str = sys.executable
    timeout: float = 120.0
    memory_bytes: int = 2 * 1024**3
    environment: tuple[tuple[str, str], ...] = ()
    unisolated: bool = False


def run_suite(task: Task, tree: Path, machine: Machine) -> SuiteRun:
    """Run the tests of a task in a tree; what goes wrong around it is a stage, not an error."""
    with tempfile.TemporaryDirectory(prefix="swarmcode-probe-") as name:
        probe = Probe.prepare(Path(name))
        arguments = ("--cwd-on-path", *task.command) if task.cwd_on_path else task.command
        limits = Limits(wall_s=machine.timeout, memory_bytes=machine.memory_bytes)
        policy = Policy(
            workspace=tree,
            limits=limits,
            readable=_homes(machine.python),
            writable=(probe.folder,),
            environment=machine.environment,
        )
        try:
            sandbox = Sandbox(policy, unisolated=machine.unisolated)
            result = sandbox.run(probe.command(machine.python, arguments))
        except AgentError as error:
            return SuiteRun(Stage.INFRASTRUCTURE, reason=str(error).splitlines()[0])
        output = _shorten(result.output)
        if result.ended is Ended.TIME:
            reason = f"longer than {machine.timeout:g} seconds"
            return SuiteRun(Stage.TIMED_OUT, output=output, seconds=result.wall_s, reason=reason)
        run = probe.read(output=output, seconds=result.wall_s)
        if run.stage is Stage.NO_PROOF and result.ended is not Ended.EXITED:
            return SuiteRun(
                Stage.NO_PROOF,
                output=output,
                seconds=result.wall_s,
                reason=f"ended by its {result.ended.value}",
            )
        return run


def _homes(python: str) -> tuple[Path, ...]:
    """The folders that an interpreter lives from: its environment's, and its own behind that."""
    found = shutil.which(python)
    if found is None:
        return ()
    homes = (Path(found).parent.parent, Path(found).resolve().parent.parent)
    return tuple(home for home in dict.fromkeys(homes) if home not in (Path("/"), Path("/usr")))


def _shorten(text: str) -> str:
    if len(text) <= SHOWN_OUTPUT:
        return text
    half = SHOWN_OUTPUT // 2
    return f"{text[:half]}\n… {len(text) - SHOWN_OUTPUT} characters left out …\n{text[-half:]}"

"""What a command may use up, and that nothing of it is left when it ends."""

import asyncio
import os
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from swarmcode_agent.errors import NoIsolationError, SandboxError
from swarmcode_agent.sandbox import (
    Ended,
    Limits,
    Policy,
    Rung,
    Sandbox,
    UnisolatedWarning,
    in_force,
    ladder,
    report,
)

WORKING = {status.rung for status in ladder() if status.works}


def sandbox_of(rung: Rung, workspace: Path, **limits: float) -> Sandbox:
    policy = Policy(workspace, limits=Limits(**{"wall_s": 20.0, **limits}))
    if rung is Rung.UNISOLATED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Sandbox(policy, unisolated=True)
    if rung not in WORKING:
        if rung is Rung.BUBBLEWRAP:
            pytest.skip("needs the system package bubblewrap: apt-get install bubblewrap")
        pytest.skip("this kernel does not allow user namespaces")
    return Sandbox(policy, rung=rung)


@pytest.fixture(params=[Rung.BUBBLEWRAP, Rung.NAMESPACES, Rung.UNISOLATED], ids=lambda r: r.value)
def rung(request: pytest.FixtureRequest) -> Rung:
    return request.param


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


def still_running(mark: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_a_command_and_its_result(rung: Rung, tmp_path: Path) -> None:
    """Both streams, the exit code, the folder it ran in, the rung."""
    (tmp_path / "sub").mkdir()
    code = "import os, sys; print(os.getcwd()); print('é', file=sys.stderr); sys.exit(3)"
    result = sandbox_of(rung, tmp_path).run(python(code), folder="sub")
    assert (result.exit_code, result.ended, result.rung) == (3, Ended.EXITED, rung)
    assert result.stdout.text == f"{tmp_path}/sub\n"
    assert result.stderr.text == "é\n"
    assert not result.ok


@pytest.mark.parametrize(
    ("code", "limits", "ended"),
    [
        pytest.param("import time; time.sleep(60)", {"wall_s": 0.4}, Ended.TIME, id="sleeps"),
        pytest.param("while True: pass", {"cpu_s": 1}, Ended.CPU, id="spins"),
        pytest.param(
            "import os\nwhile True: os.write(1, b'x' * 65536)",
            {"output_total": 4_000_000},
            Ended.OUTPUT,
            id="writes-without-end",
        ),
        pytest.param(
            "import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
            "f = open('big', 'wb')\nwhile True: f.write(b'x' * 65536)",
            {"file_bytes": 1_000_000},
            Ended.FILE_SIZE,
            id="fills-the-disk",
        ),
        pytest.param(
            "import signal\nfor s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\n"
            "import time; time.sleep(60)",
            {"wall_s": 0.4},
            Ended.TIME,
            id="ignores-signals",
        ),
    ],
)
def test_a_limit_ends_a_command(
    rung: Rung, tmp_path: Path, code: str, limits: dict, ended: Ended
) -> None:
    """The result says which limit it was; what was written so far is kept."""
    result = sandbox_of(rung, tmp_path, **limits).run(python(code))
    assert result.ended is ended
    assert not result.ok
    assert len(result.stdout.text) < 1_100_000
    if (tmp_path / "big").exists():
        assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_memory_is_limited(rung: Rung, tmp_path: Path) -> None:
    """One greedy process gets no more; many that share the greed are ended."""
    box = sandbox_of(rung, tmp_path, memory_bytes=150 * 1024 * 1024)
    one = box.run(python("b = bytearray(400 * 1024 * 1024)"))
    assert not one.ok
    several = box.run(
        python(
            "import os, time\nfor _ in range(4): os.fork() or (bytearray(b'x') * 90_000_000, "
            "time.sleep(5), os._exit(0))\ntime.sleep(4)\nprint('survived')"
        )
    )
    assert several.wall_s < 15
    assert several.ended is Ended.MEMORY or "survived" in several.stdout.text


def test_a_fork_bomb_is_held_and_cleaned_up_within_a_second(rung: Rung, tmp_path: Path) -> None:
    """It reaches its limit of processes; when its time is over, all of them end."""
    mark = f"bomb-{os.getpid()}-{rung.value}"
    code = (
        f"import os, time  # {mark}\nend = time.time() + 30\n"
        "while time.time() < end:\n try: os.fork()\n except OSError: time.sleep(0.01)"
    )
    limit = 1.0
    began = time.monotonic()
    result = sandbox_of(rung, tmp_path, wall_s=limit, processes=40).run(python(code))
    took = time.monotonic() - began
    assert result.ended in {Ended.TIME, Ended.PROCESSES}
    assert took < limit + 3.0  # ≤ 1 s on an idle machine: benchmarks/bench_sandbox.py
    assert still_running(mark) == []


def test_what_a_command_leaves_running_ends_with_it(rung: Rung, tmp_path: Path) -> None:
    """Daemons in sessions of their own, too."""
    mark = f"daemon-{os.getpid()}-{rung.value}"
    code = (
        "import os, subprocess, sys\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', '{mark}'], "
        "start_new_session=True, stdout=subprocess.DEVNULL)\nprint('done')"
    )
    result = sandbox_of(rung, tmp_path).run(python(code))
    assert result.ok
    assert still_running(mark) == []


def test_a_gigabyte_of_output_keeps_both_ends(rung: Rung, tmp_path: Path) -> None:
    """The first and the last lines are there, and how much is missing between them."""
    code = (
        "import sys\nprint('first')\nfor _ in range(16): sys.stdout.write('x' * (1 << 20))\n"
        "print('\\nlast')"
    )
    result = sandbox_of(rung, tmp_path, output_bytes=1000).run(python(code))
    assert result.ok
    assert result.stdout.text.startswith("first\n")
    assert result.stdout.text.endswith("last\n")
    assert result.stdout.cut > 16_000_000
    assert f"{result.stdout.cut} bytes cut" in result.stdout.text


def test_cancelling_ends_the_command(rung: Rung, tmp_path: Path) -> None:
    """A flag from another thread, or a cancelled task: the command is gone in a moment."""
    box, cancel = sandbox_of(rung, tmp_path), threading.Event()
    threading.Timer(0.3, cancel.set).start()
    assert box.run(["sleep", "60"], cancel=cancel).ended is Ended.CANCELLED

    async def give_up() -> None:
        async with asyncio.timeout(0.3):
            await box.arun(["sleep", "61.75"])

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert still_running("61.75") == []


def test_loopback_works_inside(rung: Rung, tmp_path: Path) -> None:
    """Tests that start a server of their own find it."""
    code = (
        "import socket\ns = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(s.getsockname()).close()\nprint('met')"
    )
    assert sandbox_of(rung, tmp_path).run(python(code)).stdout.text == "met\n"


@pytest.mark.parametrize("name", [".git", "deep/er/.git"])
def test_a_repository_that_a_command_makes_is_put_away(
    rung: Rung, tmp_path: Path, name: str
) -> None:
    """Its hooks and settings would run outside with the next `git`."""
    code = f"import os; os.makedirs('{name}/hooks'); open('{name}/config', 'w')"
    result = sandbox_of(rung, tmp_path).run(python(code))
    assert not (tmp_path / name).exists()
    assert name in result.notes[0]


@pytest.mark.parametrize(
    ("argv", "folder", "says"),
    [
        pytest.param(["no-such-program"], None, "is not installed where the sandbox looks", id="x"),
        pytest.param([], None, "empty", id="nothing"),
        pytest.param(["true", "a\0b"], None, "NUL", id="nul"),
        pytest.param(["true"], "../..", "not a folder of the workspace", id="outside"),
        pytest.param(["true"], "none", "not a folder of the workspace", id="no-folder"),
    ],
)
def test_what_cannot_start_says_why(
    rung: Rung, tmp_path: Path, argv: list[str], folder: str | None, says: str
) -> None:
    """One line, before anything is started."""
    with pytest.raises(SandboxError, match=says):
        sandbox_of(rung, tmp_path).run(argv, folder=folder)


def test_running_without_walls_is_asked_for_and_loud(tmp_path: Path) -> None:
    """It warns, every time; naming the rung is not enough."""
    with pytest.warns(UnisolatedWarning, match="WITHOUT isolation"):
        Sandbox(tmp_path, unisolated=True)
    with pytest.raises(SandboxError, match="unisolated=True"):
        Sandbox(tmp_path, rung=Rung.UNISOLATED)


def test_without_a_rung_commands_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never run anyway: the error names every rung and what it lacks."""
    with pytest.raises(NoIsolationError, match="no image is configured") as caught:
        Sandbox(tmp_path, rung=Rung.CONTAINER)
    assert caught.value.reasons == {"container": "no image is configured"}


@pytest.mark.parametrize("workspace", ["/", str(Path.home().parent), "/no/such/folder"])
def test_a_workspace_is_one_folder(workspace: str) -> None:
    """Not the machine, not everybody's home, not nothing."""
    with pytest.raises(SandboxError, match="workspace"):
        Policy(Path(workspace))


def test_the_self_check_names_the_rung_in_force() -> None:
    """The ladder is climbed for real; each working rung lists what it was seen to hold."""
    statuses = ladder()
    assert [status.rung for status in statuses] == [
        Rung.BUBBLEWRAP,
        Rung.NAMESPACES,
        Rung.CONTAINER,
    ]
    for status in statuses:
        assert bool(status.why) != status.works
        assert not status.works or all(holds for _, holds in status.seen)
    chosen = in_force()
    assert f"in force: {chosen.value if chosen else 'none'}" in report(statuses)

"""What the documents say is what the programs do."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from .serving import COMMAND, serving

PACKAGE = Path(__file__).parent.parent
CLIENT = PACKAGE.parent.parent / "packages" / "syncropel-sdk" / "README.md"


def test_the_readme_example_prints_what_it_says(tmp_path: Path) -> None:
    """Each command of the first example runs as it stands and prints what is shown."""
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```console\n(.*?)```", text, re.DOTALL)
    assert found
    assert text[: found.end()].count("\n") < 30
    first, *rest = re.split(r"^\$ ", found.group(1), flags=re.MULTILINE)[1:]
    command, _, shown = first.partition("\n")
    assert command == "syncropel serve --db records.db &"
    assert shown == "listening on http://127.0.0.1:9100, records in records.db\n"
    with serving(tmp_path / "records.db") as server:
        environment = {**os.environ, "SYNCROPEL_ENDPOINT": server.url}
        assert len(rest) == 3
        for each in rest:
            command, _, shown = each.partition("\n")
            program, *arguments = shlex.split(command)
            assert program == "syncropel"
            done = subprocess.run(
                [COMMAND, *arguments], capture_output=True, text=True, timeout=60, env=environment
            )
            assert done.stdout + done.stderr == shown


def test_the_clients_quickstart_works_against_the_server(tmp_path: Path) -> None:
    """The client's README, with a server in the place of its mock, prints the same."""
    found = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", CLIENT.read_text("utf-8"), re.DOTALL)
    assert found
    code, shown = found.groups()
    mock = "transport=MockKernel().transport()"
    assert mock in code
    with serving(tmp_path / "store.db") as server:
        served = code.replace(mock, f"endpoint={server.url!r}")
        done = subprocess.run(
            [sys.executable, "-c", served], capture_output=True, text=True, timeout=60
        )
    assert done.stderr == ""
    assert done.stdout == shown


def test_every_error_code_is_in_the_guide() -> None:
    """Whoever meets a code finds it in the guide's table."""
    sources = [PACKAGE / "src", CLIENT.parent / "src" / "syncropel" / "kernel"]
    text = "\n".join(each.read_text("utf-8") for source in sources for each in source.rglob("*.py"))
    codes = set(re.findall(r'Refusal\(\s*\d{3},\s*"([A-Z_]+)"', text))
    guide = (PACKAGE.parent.parent / "docs/guides/kernel.md").read_text("utf-8")
    assert len(codes) > 20
    assert sorted(code for code in codes - {"INTERNAL"} if f"`{code}`" not in guide
                  and code not in guide) == []  # fmt: skip


def test_importing_does_nothing() -> None:
    """No thread, no server, no database driver: importing only defines names."""
    code = (
        "import sys, threading; import syncropel_kernel;"
        "assert threading.active_count() == 1;"
        "assert not {'psycopg', 'uvicorn', 'cryptography'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

"""`python -m swarmcode_server` as a process: keys, a server, its end, and what goes wrong."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from swarmcode_server.__main__ import main

COMMAND = [sys.executable, "-m", "swarmcode_server"]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=110)


def test_keys_are_added_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key is all that is printed; a second of its name is refused in one line."""
    file = f"--file={tmp_path / 'keys.json'}"
    assert main(["keys", "add", "ann", "--tools", "--concurrent", "4", file]) == 0
    assert re.fullmatch(r"sk-swarm-[\w-]{43}\n", capsys.readouterr().out)
    assert main(["keys", "add", "ann", file]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["keys", "remove", "ann", file]) == 0
    assert main(["keys", "remove", "ann", file]) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "cannot be read", id="no-json"),
        pytest.param("[]", "not a JSON object", id="no-object"),
        pytest.param("{}", "name a base_model", id="nothing-to-serve"),
        pytest.param('{"port": "x"}', "port", id="port"),
        pytest.param('{"host": "0.0.0.0", "upstreams": []}', "a key is required", id="open"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(
    tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and status 2."""
    file = tmp_path / "settings.json"
    file.write_text(text)
    assert main(["serve", str(file)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """A model that is not there, a port that is taken: one line of error, and no traceback."""
    file = tmp_path / "settings.json"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        upstream = [{"url": "http://127.0.0.1:9/v1"}]
        file.write_text(json.dumps({"port": port, "upstreams": upstream}))
        ended = run("serve", file)
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_process_serves_and_ends_when_told(tmp_path: Path, server: Any) -> None:
    """Over a real upstream; its log is JSON; SIGTERM ends it with status 0."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"port": port, "upstreams": [{"url": server.v1}]}))
    process = subprocess.Popen([*COMMAND, "serve", str(file)], stderr=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 90  # a busy machine takes its time
        while True:
            try:
                assert httpx.get(f"{url}/ready").status_code == 200
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        with openai.OpenAI(base_url=f"{url}/v1", api_key="none") as client:
            messages: Any = [{"role": "user", "content": "say: through two"}]
            answer = client.chat.completions.create(model="recorded", messages=messages)
        assert answer.choices[0].message.content == "through two"
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["route"] for line in lines if line["message"] == "request"] == [
        "/v1/chat/completions"
    ]
    assert process.returncode in {0, -signal.SIGTERM}

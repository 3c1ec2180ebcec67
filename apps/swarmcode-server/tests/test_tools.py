"""Tools on the server: their sandbox, their sessions, and the loop that calls them."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from swarmcode_server import add_key

needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None,
    reason="needs the system package bubblewrap: apt-get install bubblewrap",
)


BARE = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q -p no:cacheprovider"


def call(name: str, **arguments: object) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "add.py").write_text("def add(a, b):\n    return a - b\n")
    (folder / "test_add.py").write_text(
        "from add import add\n\ndef test_add():\n    assert add(1, 2) == 3\n"
    )
    return folder


@pytest.fixture
def keyed(
    project: Path, tmp_path: Path, recorded: Callable, recorded_server: Callable
) -> Iterator[Any]:
    """A server with two keys that may run tools and one that may not."""
    keys = tmp_path / "keys.json"
    tokens = {
        name: add_key(keys, name, tools=name != "reader") for name in ("ann", "bob", "reader")
    }
    source = recorded()
    with recorded_server(source, workspace_dir=project, keys_file=keys) as server:
        server.tokens, server.answers = tokens, source.answers
        yield server


def client(server: Any, name: str = "ann") -> httpx.Client:
    headers = {"authorization": f"Bearer {server.tokens[name]}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=60)


def run(http: httpx.Client, name: str, session: str = "s", **arguments: object) -> dict[str, Any]:
    body = {"name": name, "arguments": arguments, "session": session}
    answer = http.post("/v1/tools/execute", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_tools_are_listed_as_function_schemas(http: httpx.Client) -> None:
    """As a client passes them on."""
    names = [tool["function"]["name"] for tool in http.get("/v1/tools").json()["tools"]]
    assert {"read_file", "search", "apply_patch", "run_tests", "list_files", "write_file"} <= set(
        names
    )


def test_tools_need_a_key_even_on_this_machine(http: httpx.Client) -> None:
    """Without one, nothing is run."""
    body = {"name": "list_files", "arguments": {}}
    assert http.post("/v1/tools/execute", json=body).status_code == 401
    chat = {
        "model": "recorded",
        "messages": [{"role": "user", "content": "x"}],
        "swarmcode": {"auto_tools": True},
    }
    assert http.post("/v1/chat/completions", json=chat).status_code == 401


def test_a_key_without_the_scope_may_not(keyed: Any) -> None:
    """It may ask the model, and that is all."""
    with client(keyed, "reader") as http:
        assert http.post("/v1/tools/execute", json={"name": "list_files"}).status_code == 403
        body = {"model": "recorded", "messages": [{"role": "user", "content": "say: hi"}]}
        assert http.post("/v1/chat/completions", json=body).status_code == 200
        body["swarmcode"] = {"auto_tools": True}
        assert http.post("/v1/chat/completions", json=body).status_code == 403


def test_sessions_are_separate_and_the_origin_is_untouched(keyed: Any, project: Path) -> None:
    """By name and by key; what one writes, no other reads."""
    with client(keyed) as ann, client(keyed, "bob") as bob:
        run(ann, "write_file", "one", path="new.txt", content="mine")
        assert run(ann, "read_file", "one", path="new.txt")["result"] == "   1 | mine"
        assert not run(ann, "read_file", "two", path="new.txt")["success"]
        assert not run(bob, "read_file", "one", path="new.txt")["success"]
        assert bob.get("/v1/tools/sessions/one/patch").json()["patch"] == ""
        assert "+mine" in ann.get("/v1/tools/sessions/one/patch").json()["patch"]
        assert ann.delete("/v1/tools/sessions/one").json()["deleted"]
        assert ann.get("/v1/tools/sessions/one/patch").status_code == 404
    assert sorted(path.name for path in project.iterdir()) == ["add.py", "test_add.py"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("read_file", {"path": "/etc/passwd"}, id="absolute"),
        pytest.param("read_file", {"path": "../keys.json"}, id="above"),
        pytest.param("run_tests", {"command": "pytest; id"}, id="shell"),
        pytest.param("run_tests", {"command": "curl http://127.0.0.1"}, id="not-allowed"),
        pytest.param("search", {"pattern": "("}, id="regex"),
        pytest.param("nothing", {}, id="unknown"),
        pytest.param("read_file", {"file": "x"}, id="arguments"),
    ],
)
def test_a_bad_call_is_an_unsuccessful_result(keyed: Any, name: str, arguments: dict) -> None:
    """Said to whoever called; no 500, and nothing of the machine is shown."""
    with client(keyed) as http:
        result = run(http, name, **arguments)
    assert result["success"] is False
    assert result["error"]
    assert "root:" not in result["result"]


@needs_bubblewrap
def test_tests_run_in_the_sandbox(keyed: Any) -> None:
    """And see the session's own files."""
    with client(keyed) as http:
        assert not run(http, "run_tests", command=BARE)["success"]
        fixed = "def add(a, b):\n    return a + b\n"
        run(http, "write_file", path="add.py", content=fixed)
        result = run(http, "run_tests", command=BARE)
    assert result["success"], result
    assert "1 passed" in result["output"]


def test_a_workspace_has_a_limit(project: Path, tmp_path: Path, recorded_server: Callable) -> None:
    """What is past it is said, and only deleting the session helps."""
    keys = tmp_path / "keys.json"
    token = add_key(keys, "ann", tools=True)
    limits = {"session_bytes": 2000, "sessions": 2}
    with recorded_server(workspace_dir=project, keys_file=keys, limits=limits) as server:
        server.tokens = {"ann": token}
        with client(server) as http:
            assert run(http, "write_file", path="big", content="x" * 3000)["success"]
            assert "limit" in run(http, "read_file", path="big")["error"]
            http.delete("/v1/tools/sessions/s")
            assert run(http, "read_file", path="add.py")["success"]
            for name in ("a", "b", "c"):  # the longest idle one makes room
                assert run(http, "list_files", name)["success"]
            workspaces = server.app.state.server.workspaces
            assert len(workspaces) == 2
            root = workspaces._root
    assert not root.exists(), "workspaces outlive the server"


def test_idle_workspaces_are_deleted(
    project: Path, tmp_path: Path, recorded_server: Callable
) -> None:
    """After the time that is set."""
    keys = tmp_path / "keys.json"
    token = add_key(keys, "ann", tools=True)
    limits = {"session_seconds": 0.2}
    with recorded_server(workspace_dir=project, keys_file=keys, limits=limits) as server:
        server.tokens = {"ann": token}
        with client(server) as http:
            run(http, "list_files")
            deadline = time.monotonic() + 20
            while len(server.app.state.server.workspaces):
                assert time.monotonic() < deadline
                time.sleep(0.02)


# ── the loop ──────────────────────────────────────────────────────────────────────────────

PATCH = """\
--- a/add.py
+++ b/add.py
@@ -1,2 +1,2 @@
 def add(a, b):
-    return a - b
+    return a + b
"""


def fixing(server: Any) -> dict[str, Any]:
    """A recorded model that reads, patches, and says that it is done."""
    server.answers["fix it"] = "Let me look.\n" + call("read_file", path="add.py")
    server.answers["   1 | def add(a, b):\n   2 |     return a - b"] = call(
        "apply_patch", patch=PATCH
    )
    server.answers["modify: add.py"] = "Done."
    return {
        "model": "recorded",
        "messages": [{"role": "user", "content": "fix it"}],
        "swarmcode": {"auto_tools": True},
    }


def test_the_loop_calls_runs_and_goes_on(keyed: Any, project: Path) -> None:
    """Call, result, next call, patch, answer: all of it told, and the usage summed."""
    with client(keyed) as http:
        answer = http.post("/v1/chat/completions", json=fixing(keyed)).json()
    [choice] = answer["choices"]
    assert choice["message"]["content"] == "Let me look.\n\nDone."
    assert choice["finish_reason"] == "stop"
    steps = answer["swarmcode"]["steps"]
    assert [step["step"] for step in steps] == ["call", "result", "call", "result", "end"]
    assert [step.get("name") for step in steps[:4]] == ["read_file"] * 2 + ["apply_patch"] * 2
    assert "+    return a + b" in steps[-1]["patch"]
    assert answer["usage"]["completion_tokens"] > 3
    assert "a - b" in (project / "add.py").read_text(), "the origin is not written to"


def test_the_loop_streams_its_steps(keyed: Any) -> None:
    """As chunks without choices, in their place; text and end are those of the whole answer."""
    body = fixing(keyed)
    with client(keyed) as http:
        whole = http.post("/v1/chat/completions", json=body).json()
        stream = http.post(
            "/v1/chat/completions",
            json={**body, "stream": True, "stream_options": {"include_usage": True}},
        )
    lines = [line.removeprefix("data: ") for line in stream.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    steps = [chunk["swarmcode"] for chunk in chunks if "swarmcode" in chunk]
    text = "".join(
        choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]
    )
    assert text == whole["choices"][0]["message"]["content"]
    assert [step["step"] for step in steps] == ["call", "result", "call", "result", "end"]
    assert chunks[-1]["usage"] == whole["usage"]


def test_the_loop_ends_at_its_step_limit(keyed: Any) -> None:
    """A model that never stops calling is stopped."""
    keyed.answers["again"] = call("list_files", path=".")
    keyed.answers["add.py\ntest_add.py"] = call("list_files", path=".")
    body = {
        "model": "recorded",
        "messages": [{"role": "user", "content": "again"}],
        "swarmcode": {"auto_tools": True, "max_steps": 3},
    }
    with client(keyed) as http:
        answer = http.post("/v1/chat/completions", json=body).json()
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["swarmcode"]["steps"][-1]["why"] == "step limit"


def test_a_clients_own_tool_is_handed_over(keyed: Any) -> None:
    """The loop ends with it: only the client can run it."""
    keyed.answers["mine"] = call("deploy", to="prod")
    mine = {"type": "function", "function": {"name": "deploy", "parameters": {"type": "object"}}}
    body = {
        "model": "recorded",
        "messages": [{"role": "user", "content": "mine"}],
        "tools": [mine],
        "swarmcode": {"auto_tools": True, "session": "kept"},
    }
    with client(keyed) as http:
        answer = http.post("/v1/chat/completions", json=body).json()
        taken = {**body, "tools": [{"type": "function", "function": {"name": "read_file"}}]}
        refused = http.post("/v1/chat/completions", json=taken)
    [choice] = answer["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "deploy"
    assert answer["swarmcode"]["steps"][-1]["session"] == "kept"
    assert refused.status_code == 400


@needs_bubblewrap
def test_leaving_ends_the_command_that_runs(keyed: Any) -> None:
    """A client that goes away takes its sandbox with it."""
    with client(keyed) as http:
        run(http, "write_file", path="test_slow.py", content="import time\ntime.sleep(30)\n")
        body = {
            "name": "run_tests",
            "arguments": {"command": "python -m pytest -q test_slow.py"},
            "session": "s",
        }
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v1/tools/execute", json=body, timeout=1.5)
        guard = keyed.app.state.guard
        deadline = time.monotonic() + 20
        while guard.running:
            assert time.monotonic() < deadline
            threading.Event().wait(0.05)

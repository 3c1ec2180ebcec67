"""One streamed answer of a served agent, through the official client.

The server is the ordinary command in a process of its own, on this machine alone; it verifies the
agent's signature before it loads anything.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError

from ..errors import DemoError

START_SECONDS = 400.0
END_SECONDS = 20.0
MOST_TOKENS = 24
QUESTION = "Fix tally.money.show: it writes 12.5 for 1205 cents."
LOG = Path("serve.log")


def streamed_answer(agent: Path, *, trust: str) -> tuple[int, str]:
    """Serve an agent, ask it one thing, and return in how many pieces the answer came, and it.

    Raises:
        DemoError: the server did not start, or did not answer.
    """
    from openai import OpenAI, OpenAIError

    with _served(agent, trust) as address:
        client = OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
        try:
            chunks = client.chat.completions.create(
                model=agent.name,
                messages=[{"role": "user", "content": QUESTION}],
                max_tokens=MOST_TOKENS,
                stream=True,
            )
            pieces = [
                chunk.choices[0].delta.content
                for chunk in chunks
                if chunk.choices and chunk.choices[0].delta.content
            ]
        except OpenAIError as error:
            raise DemoError(f"the served agent did not answer: {error}") from error
    if not pieces:
        raise DemoError("the served agent streamed nothing")
    return len(pieces), "".join(pieces)


@contextmanager
def _served(agent: Path, trust: str) -> Iterator[str]:
    port = _free_port()
    words = ["serve", "--adapter", str(agent), "--port", str(port), "--set", f"serve.trust={trust}"]
    with LOG.open("w") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "swarmcode_cli", *words],
            stdout=log,
            stderr=log,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
    try:
        _wait(running, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        try:
            running.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(running: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running.poll() is not None:
            last = (LOG.read_text(encoding="utf-8").strip().splitlines() or ["nothing"])[-1]
            raise DemoError(f"the server ended; the last thing it said was: {last}")
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own loopback
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise DemoError(f"the server did not start within {START_SECONDS:.0f} s; see {LOG.absolute()}")

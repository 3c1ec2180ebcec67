"""The peer of the map benchmarks, as a process: see peer_aider.py."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any


class Peer:
    """Asks aider's repo map in its own environment."""

    def __init__(self, python: str) -> None:
        self.python = python
        self._environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._environment["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network
        self._said = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - as long as it
        self._process = subprocess.Popen(
            [python, "-P", str(Path(__file__).with_name("peer_aider.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=self._environment,
        )

    def ask(self, **question: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._said.seek(0)
            raise SystemExit(f"the peer ended: {self._said.read()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def tokenizer_cache(self) -> str:
        """Return the folder in which the peer's environment holds its tokenizer."""
        code = "import litellm, pathlib; print(pathlib.Path(litellm.__file__).parent)"
        found = subprocess.run(
            [self.python, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=self._environment,
        )
        return str(Path(found.stdout.strip()) / "litellm_core_utils" / "tokenizers")

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)

"""What goes to the probe before a run, and what is believed of what it brings back."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from .grade import Stage, SuiteRun

CANARY = '''\
"""These tests must fail. One that does not says that failing was made impossible."""

import unittest

import pytest


def test_{name}_assertion():
    one, other = 1, 2
    assert one == other, "must fail"


def test_{name}_exception():
    raise ValueError("must fail")


def test_{name}_raises():
    with pytest.raises(KeyError):
        pass


def test_{name}_fail():
    pytest.fail("must fail")


class Test{name}(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(1, 2)
'''
CANARIES = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """One run's folder, key and canaries."""

    folder: Path
    key: bytes
    name: str

    @classmethod
    def prepare(cls, folder: Path) -> "Probe":
        """Fill a folder for one run; nothing in it can be known before."""
        probe = cls(folder=folder, key=secrets.token_bytes(32), name=secrets.token_hex(8))
        source = files(__package__).joinpath("probe.py").read_text(encoding="utf-8")
        (folder / "probe.py").write_text(source, encoding="utf-8")
        (folder / "key").write_bytes(probe.key)
        canary = CANARY.format(name=probe.name)
        (folder / f"canary_{probe.name}.py").write_text(canary, encoding="utf-8")
        return probe

    def command(self, python: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command that runs the suite."""
        # -I: neither the workspace nor the environment decides what is imported first.
        return (python, "-I", "-B", str(self.folder / "probe.py"), str(self.folder), *arguments)

    def read(self, *, output: str, seconds: float) -> SuiteRun:
        """Read the proof, and believe it only where everything holds."""
        stage, reason, outcomes = self._judge()
        return SuiteRun(stage, outcomes=outcomes, output=output, seconds=seconds, reason=reason)

    def _judge(self) -> tuple[Stage, str, dict[str, str]]:
        body = self._signed_body()
        if body is None:
            return Stage.NO_PROOF, "the test run ended without a valid proof", {}
        outcomes = {str(test): str(outcome) for test, outcome in body["outcomes"].items()}
        canaries = {test: outcome for test, outcome in outcomes.items() if self.name in test}
        rest = {test: outcome for test, outcome in outcomes.items() if test not in canaries}
        survivors = [test for test, outcome in canaries.items() if outcome != "failed"]
        if survivors:
            return Stage.TAMPERED, f"a test that must fail did not: {survivors[0]}", {}
        if body["changed"]:
            return Stage.TAMPERED, f"{body['changed'][0]} was replaced while tests ran", {}
        if len(canaries) != CANARIES:
            reason = "the run stopped before its end"
            if errors := body["collection_errors"]:
                reason = f"{errors[0]} could not be collected"
            return Stage.NO_PROOF, reason, rest
        return Stage.FINISHED, "", rest

    def _signed_body(self) -> dict[str, Any] | None:
        try:
            proof = json.loads((self.folder / "proof.json").read_text(encoding="utf-8"))
            body = str(proof["body"])
            signature = str(proof["signature"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        expected = hmac.new(self.key, body.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, expected):
            return None
        value: dict[str, Any] = json.loads(body)
        return value

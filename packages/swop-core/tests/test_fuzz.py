"""A seeded slice of `benchmarks/fuzz_inputs.py`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[1] / "benchmarks" / "fuzz_inputs.py"


@pytest.mark.parametrize("kind", ["source", "config", "manifest", "cache"])
def test_mutations_never_end_in_a_traceback(tmp_path: Path, kind: str) -> None:
    """What is damaged is scanned, or refused with one line."""
    spec = importlib.util.spec_from_file_location("swop_fuzz", DRIVER)
    assert spec is not None
    assert spec.loader is not None
    driver = importlib.util.module_from_spec(spec)
    sys.modules["swop_fuzz"] = driver
    spec.loader.exec_module(driver)
    fuzzer = driver.Fuzzer(tmp_path / "project", seed=20)
    for _ in range(120):
        fuzzer.run(kind)

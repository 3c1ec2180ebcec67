"""Many clients at once, many of which leave: some seconds of `benchmarks/soak.py`."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("seconds", [8, pytest.param(30, marks=pytest.mark.slow)])
def test_nothing_is_left_behind(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No task, no workspace, no process, no admitted request; nothing answered 5xx."""
    folder = Path(__file__).parents[1] / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location("soak", folder / "soak.py")
    driver = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "soak", driver)
    spec.loader.exec_module(driver)
    report = driver.soak(seconds, seed=1)
    assert report.faults == []
    assert {"stream", "leave", "whole", "wrong", "tool", "loop"} <= set(report.asked)
    assert set(report.statuses) <= {0, 200, 404}

"""Generated models come back as they were, or are refused by name."""

from __future__ import annotations

from .drivers import driver

roundtrips = driver("roundtrips")


def test_generated_models_round_trip_or_are_refused() -> None:
    """A seeded slice of the long driver; each outcome is one that is allowed."""
    outcomes = roundtrips.run(250, 7)
    assert outcomes["same"] > 50
    assert outcomes["refused by class"] > 10
    assert set(outcomes) <= {"same", "refused by class", "refused by value"}

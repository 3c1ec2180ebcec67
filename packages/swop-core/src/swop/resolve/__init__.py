"""Drift between the code and a baseline: what changed, how deep it cuts, who agreed to it."""

from .apply import Applied, apply_agreed, apply_resolution
from .drift import accept_path, resolve_schema_drift
from .report import Change, ResolutionReport
from .rules import Category, ChangeKind, Rule, Severity, Tier

__all__ = [
    "Applied",
    "Category",
    "Change",
    "ChangeKind",
    "ResolutionReport",
    "Rule",
    "Severity",
    "Tier",
    "accept_path",
    "apply_agreed",
    "apply_resolution",
    "resolve_schema_drift",
]

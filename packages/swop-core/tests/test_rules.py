"""Every rule's example is run: the change it shows is the change it finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from swop import (
    ResolutionReport,
    generate_manifests,
    load_config,
    resolve_schema_drift,
    scan_project,
)
from swop.resolve.catalogue import RULES
from swop.resolve.catalogue.examples import HEAD
from swop.resolve.rules import Category, Rule, Severity, Tier


def write(root: Path, example: str) -> None:
    """Write one side of an example as a project."""
    parts = re.split(r"^# file: (\S+)\n", f"# file: main.py\n{example}\n", flags=re.MULTILINE)[1:]
    files = {"swop.yaml": "version: 1\n"}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        files[name] = (HEAD if name.endswith(".py") else "") + text
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def drift(root: Path, rule: Rule) -> ResolutionReport:
    """The drift between the two sides of an example."""
    before, after = root / "before", root / "after"
    write(before, rule.before)
    write(after, rule.after)
    old, new = load_config(before / "swop.yaml"), load_config(after / "swop.yaml")
    generate_manifests(scan_project(old), old)
    return resolve_schema_drift(scan_project(new), new, manifests_dir=old.manifests_path)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_the_example_of_a_rule_falls_under_it(tmp_path: Path, rule: Rule) -> None:
    """And under no heavier rule that is not about the same change."""
    changes = drift(tmp_path, rule).changes
    found = {change.rule: change for change in changes}
    assert rule.id in found
    change = found[rule.id]
    assert (change.kind, change.tier, change.severity) == (rule.kind, rule.tier, rule.severity)
    assert change.breaking is (rule.severity is Severity.ERROR)
    assert change.detail


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_without_a_change_no_rule_fires(tmp_path: Path, rule: Rule) -> None:
    """Neither side of an example drifts from itself."""
    for side in (rule.before, rule.after):
        same = Rule(**{name: getattr(rule, name) for name in Rule.__slots__} | {"after": side})
        same = Rule(**{name: getattr(same, name) for name in Rule.__slots__} | {"before": side})
        rules = {change.rule for change in drift(tmp_path / str(len(side)), same).changes}
        assert rules <= {"LOCK_STALE"}


def test_the_catalogue_has_every_tier_and_category() -> None:
    """At least sixty rules; ids are words in capitals, meanings are sentences."""
    assert len(RULES) >= 60
    assert {rule.tier for rule in RULES.values()} == set(Tier)
    assert {rule.category for rule in RULES.values()} == set(Category)
    for name, rule in RULES.items():
        assert re.fullmatch(r"[A-Z]+(_[A-Z]+)+", name)
        assert rule.meaning.endswith(".")


def test_the_documentation_has_every_rule() -> None:
    """The page is the one that the rules write; a package without the docs has none to compare."""
    from swop.resolve.catalogue.page import page

    text = page()
    assert all(f"### {name}\n" in text for name in RULES)
    written = Path(__file__).parents[3] / "docs/guides/contract-rules.md"
    if written.parent.is_dir():
        assert written.read_text(encoding="utf-8") == text

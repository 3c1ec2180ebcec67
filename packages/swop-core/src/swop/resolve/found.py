"""What a comparison finds, before severities and acceptances are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

Key = tuple[str, str, str]  # context, kind, key in the manifest


@dataclass(frozen=True, slots=True)
class About:
    """What findings are about: an artifact, or a class that it uses.

    `old` and `new` are the manifest entries that have to change for it to go away.
    """

    context: str
    target: str
    name: str
    old: Key | None = None
    new: Key | None = None
    output: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: a rule, what it is about, and what was and is."""

    rule: str
    about: About
    detail: str
    field: str | None = None
    was: str | None = None
    now: str | None = None


@dataclass(slots=True)
class Findings:
    """Collects findings; what several artifacts share is said once."""

    items: dict[tuple[object, ...], Found] = field(default_factory=dict)

    def add(
        self,
        rule: str,
        about: About,
        detail: str,
        *,
        field: str | None = None,
        was: str | None = None,
        now: str | None = None,
    ) -> None:
        """Note a finding."""
        what = (rule, about.context, about.target, about.name, field, was, now)
        self.items.setdefault(what, Found(rule, about, detail, field, was, now))

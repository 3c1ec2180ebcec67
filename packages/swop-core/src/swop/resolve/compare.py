"""Comparing two sides of a project: artifacts are paired, then looked into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..contract.described import describe
from ..lock.model import Lock
from ..manifests import Manifest, ManifestEntry
from ..proto.names import identifier, type_name
from .compare_numbers import compare_locks
from .compare_types import compare_shapes
from .found import About, Findings, Found, Key


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison. What is the same on both sides may be left out of both."""

    entries: Mapping[Key, ManifestEntry]
    contexts: frozenset[str]
    events: frozenset[str] = frozenset()
    lock: Lock | None = None


def side_of(manifests: Iterable[Manifest], lock: Lock | None = None) -> Side:
    """A side that is made of whole manifests."""
    entries: dict[Key, ManifestEntry] = {
        (manifest.context, manifest.kind, key): entry
        for manifest in manifests
        for key, entry in manifest.entries.items()
    }
    events = {entry.name for (_, kind, _), entry in entries.items() if kind == "event"}
    return Side(entries, frozenset(key[0] for key in entries), frozenset(events), lock)


def compare(old: Side, new: Side) -> list[Found]:
    """Every difference, in a fixed order."""
    return _Comparison(old, new).run()


@dataclass(slots=True)
class _Comparison:
    old: Side
    new: Side
    findings: Findings = field(default_factory=Findings)

    def run(self) -> list[Found]:
        gone = {key for key in self.old.entries if key not in self.new.entries}
        came = {key for key in self.new.entries if key not in self.old.entries}
        pairs = [(key, key) for key in self.old.entries if key in self.new.entries]
        for find in (_same_name_elsewhere, _same_name_otherwise, self._same_fields):
            for before, after in find(gone, came):
                gone.discard(before)
                came.discard(after)
                pairs.append((before, after))
        for key in sorted(gone):
            self._alone("REMOVED", About(*_named(key, self.old), old=key), "is gone")
        for key in sorted(came):
            self._alone("ADDED", About(*_named(key, self.new), new=key), "is new")
        for before, after in sorted(pairs):
            self._pair(before, after)
        self._contexts()
        compare_locks(self.findings, self.old.lock, self.new.lock)
        return sorted(self.findings.items.values(), key=_order)

    def _alone(self, what: str, about: About, words: str) -> None:
        rule = f"{about.target.upper()}_{what}"
        self.findings.add(rule, about, f"{about.target} {about.name} {words}")

    def _same_fields(self, gone: set[Key], came: set[Key]) -> list[tuple[Key, Key]]:
        """Artifacts that look renamed: the same fields, and only one of each that has them."""
        by_fields: dict[Any, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
        for place, side, keys in ((0, self.old, gone), (1, self.new, came)):
            for key in sorted(keys):
                fields = side.entries[key].fields
                if fields:
                    by_fields[key[0], key[1], fields][place].append(key)
        return [(a[0], b[0]) for a, b in by_fields.values() if len(a) == len(b) == 1]

    def _contexts(self) -> None:
        for name in sorted(self.old.contexts - self.new.contexts):
            text = f"the context {name} is gone"
            self.findings.add("CONTEXT_REMOVED", About(name, "context", name), text)
        for name in sorted(self.new.contexts - self.old.contexts):
            text = f"the context {name} is new"
            self.findings.add("CONTEXT_ADDED", About(name, "context", name), text)

    # ── pairs ────────────────────────────────────────────────────────────────────────

    def _pair(self, before: Key, after: Key) -> None:
        old, new = self.old.entries[before], self.new.entries[after]
        if before == after and old == new:
            return
        about = About(*_named(after, self.new), old=before, new=after)
        self._moves(about, before, after, old, new)
        self._handlers(about, old, new)
        self._emits(about, old, new)
        self._routes(about, old, new)
        self._detected(about, old, new)
        if (old.fields, old.types, old.response, old.name) != (
            new.fields, new.types, new.response, new.name,
        ):  # fmt: skip
            compare_shapes(
                self.findings,
                about,
                describe(old, context=before[0], kind=before[1], key=before[2]),
                describe(new, context=after[0], kind=after[1], key=after[2]),
                self._was(about),
            )

    def _was(self, about: About) -> Callable[[str], Mapping[str, str]]:
        """The old names of fields, where the lock says `was:`."""
        lock = self.new.lock.context(about.context) if self.new.lock else None

        def was(name: str) -> dict[str, str]:
            stem = type_name(name)
            if lock is None:
                return {}
            owner = stem if about.target == "event" else f"{stem}Request"
            numbers = lock.messages.get(owner) or lock.messages.get(stem)
            given = numbers.given.items() if numbers else ()
            return {identifier(field): item.was for field, item in given if item.was}

        return was

    def _moves(
        self, about: About, before: Key, after: Key, old: ManifestEntry, new: ManifestEntry
    ) -> None:
        upper = about.target.upper()
        if before[1] != after[1]:
            text = f"{old.name} was a {before[1]}, is a {after[1]}"
            self._add("ARTIFACT_KIND_CHANGED", about, text, before[1], after[1])
        if before[0] != after[0]:
            text = f"{old.name} moved from {before[0]} to {after[0]}"
            self._add(f"{upper}_MOVED_CONTEXT", about, text, before[0], after[0])
        if old.name != new.name:
            text = f"{old.name} is now {new.name}"
            self._add(f"{upper}_RENAMED", about, text, old.name, new.name)
        elif old.module != new.module and old.module and new.module:
            text = f"{new.name} moved from {old.module} to {new.module}"
            self._add(f"{upper}_MOVED_MODULE", about, text, old.module, new.module)

    def _handlers(self, about: About, old: ManifestEntry, new: ManifestEntry) -> None:
        if old.handlers == new.handlers:
            return
        upper = about.target.upper()
        was, now = (", ".join(_handler(h) for h in side.handlers) for side in (old, new))
        before, after = len(old.handlers), len(new.handlers)
        if before and not after:
            self._add(f"{upper}_UNHANDLED", about, f"{new.name} has no handler any more", was, now)
        elif after > 1 and after > before and about.target != "event":
            text = f"{new.name} has {after} handlers"
            self._add(f"{upper}_HANDLED_TWICE", about, text, was, now)
        elif after != before:
            rule = "HANDLER_ADDED" if after > before else "HANDLER_REMOVED"
            text = f"{new.name} was handled by {was or 'nobody'}, is by {now}"
            self._add(rule, about, text, was, now)
        else:
            self._other_handler(about, old, new)

    def _other_handler(self, about: About, old: ManifestEntry, new: ManifestEntry) -> None:
        for was, now in zip(old.handlers, new.handlers, strict=True):
            shown = _handler(was), _handler(now)
            if shown[0] != shown[1]:
                self._add("HANDLER_MOVED", about, f"{shown[0]} is now {shown[1]}", *shown)
            if was.get("method") != now.get("method"):
                text = f"{shown[1]} takes it by {now.get('method')}, took it by {was.get('method')}"
                self._add("HANDLER_METHOD_CHANGED", about, text)
            if was.get("context") != now.get("context"):
                text = f"{shown[1]} belongs to {now.get('context', about.context)} now"
                self._add("HANDLER_MOVED_CONTEXT", about, text)

    def _emits(self, about: About, old: ManifestEntry, new: ManifestEntry) -> None:
        for name in sorted(set(old.emits) - set(new.emits)):
            text = f"{new.name} does not emit {name} any more"
            self._add("EMITTED_EVENT_REMOVED", about, text, name)
        for name in sorted(set(new.emits) - set(old.emits)):
            self._add("EMITTED_EVENT_ADDED", about, f"{new.name} emits {name}", None, name)
            if name not in self.new.events:
                text = f"{new.name} emits {name}, which no context has"
                self._add("EMITTED_EVENT_UNKNOWN", about, text, None, name)

    def _routes(self, about: About, old: ManifestEntry, new: ManifestEntry) -> None:
        before, after = old.extra.get("bus"), new.extra.get("bus")
        if before == after:
            return
        rule = "BUS_ROUTE_CHANGED"
        if not before or not after:
            rule = "BUS_ROUTE_ADDED" if after else "BUS_ROUTE_REMOVED"
        was, now = _route(before), _route(after)
        self._add(rule, about, f"{new.name} went to {was}, goes to {now}", was, now)

    def _detected(self, about: About, old: ManifestEntry, new: ManifestEntry) -> None:
        guessed, guesses = "detected" in old.extra, "detected" in new.extra
        if guessed == guesses:
            return
        rule = "DETECTION_WEAKENED" if guesses else "DETECTION_STRENGTHENED"
        word = "guessed" if guesses else "said by a decorator"
        self._add(rule, about, f"that {new.name} is a {about.target} is {word} now")

    def _add(
        self, rule: str, about: About, text: str, was: str | None = None, now: str | None = None
    ) -> None:
        self.findings.add(rule, about, text, was=was, now=now)


def _named(key: Key, side: Side) -> tuple[str, str, str]:
    return key[0], key[1], side.entries[key].name


def _same_name_elsewhere(gone: set[Key], came: set[Key]) -> list[tuple[Key, Key]]:
    """The same kind and name in another context, where there is only one."""
    return _unique_pairs(gone, came, lambda key: (key[1], key[2]))


def _same_name_otherwise(gone: set[Key], came: set[Key]) -> list[tuple[Key, Key]]:
    """The same context and name of another kind."""
    return _unique_pairs(gone, came, lambda key: (key[0], key[2]))


def _unique_pairs(
    gone: set[Key], came: set[Key], by: Callable[[Key], tuple[str, str]]
) -> list[tuple[Key, Key]]:
    before: dict[tuple[str, str], list[Key]] = defaultdict(list)
    after: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for keys, groups in ((gone, before), (came, after)):
        for key in sorted(keys):
            groups[by(key)].append(key)
    return [
        (keys[0], after[name][0])
        for name, keys in before.items()
        if len(keys) == 1 and len(after.get(name, ())) == 1
    ]


def _handler(handler: Mapping[str, str]) -> str:
    return f"{handler.get('class', '?')} ({handler.get('file', '?')})"


def _route(route: Any) -> str:
    if not isinstance(route, Mapping):
        return "nowhere"
    return ", ".join(f"{key} {value}" for key, value in route.items())


def _order(found: Found) -> tuple[str, ...]:
    about = found.about
    return (about.context, about.target, about.name, found.field or "", found.rule, found.detail)

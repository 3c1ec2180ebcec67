"""Handlers meet their targets, drafts become detections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..names import path_segment_problem
from .contexts import Contexts
from .drafts import Draft
from .expr import last_name, text_of
from .report import Detection, HandlerRef
from .resolve import ClassRef


@dataclass(slots=True)
class Linked:
    """The detections of a project, sorted by file and line, and what was remarked."""

    detections: list[Detection] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


class Linker:
    """Joins the drafts of all files. It depends on them and the configuration alone."""

    def __init__(
        self,
        contexts: Contexts,
        module_of: Callable[[str], str],
        fingerprint_of: Callable[[str], str],
    ) -> None:
        self.contexts = contexts
        self.module_of = module_of
        self.fingerprint_of = fingerprint_of
        self._kept: dict[ClassRef, tuple[Draft, tuple[object, ...], Detection]] = {}

    def link(self, drafts: Iterable[Draft]) -> Linked:
        """Turn drafts into detections."""
        linked = Linked()
        everything = sorted(drafts, key=lambda item: item.ref)
        context_of: dict[ClassRef, str] = {}
        messages: dict[ClassRef, Draft] = {}
        for draft in everything:
            if draft.kind != "handler" and self._place(draft, None, context_of, linked):
                messages[draft.ref] = draft
        by_name = _by_name(messages.values())
        handlers_of: dict[ClassRef, list[Draft]] = defaultdict(list)
        for draft in everything:
            if draft.kind != "handler":
                continue
            target = self._target(draft, messages, by_name, context_of, linked)
            home = context_of[target] if target else None
            if self._place(draft, home, context_of, linked) and target:
                handlers_of[target].append(draft)
        targets = {
            handler.ref: target for target, handlers in handlers_of.items() for handler in handlers
        }
        self._build(everything, context_of, messages, targets, handlers_of, linked)
        linked.warnings += _same_but_for_case(context_of.values())
        return linked

    def _place(
        self,
        draft: Draft,
        home: str | None,
        context_of: dict[ClassRef, str],
        linked: Linked,
    ) -> bool:
        """Give a draft its context; False when it is outside every context or is refused."""
        rel, where = draft.ref.rel, f"{draft.ref.rel}:{draft.facts.line}"
        declared = self.contexts.of_path(rel)
        name = draft.context or (declared.name if declared else None) or home
        if name is None and self.contexts.declared:
            linked.ignored.append(f"{where}: {draft.facts.name} is outside every declared context")
            return False
        if name is None:
            name = self.contexts.first_segment(rel)
            problem = path_segment_problem(name)
            if problem:
                linked.errors.append(
                    f"{where}: {draft.facts.name} belongs to the context {name!r}, which {problem}"
                )
                return False
        known = self.contexts.config.context(name)
        if (known and known.external) or (declared and declared.external):
            linked.ignored.append(f"{where}: {draft.facts.name} is in an external context")
            return False
        remark = self.contexts.unknown(name)
        if remark:
            linked.warnings.append(f"{where}: {remark}")
        context_of[draft.ref] = name
        return True

    def _target(
        self,
        handler: Draft,
        messages: Mapping[ClassRef, Draft],
        by_name: Mapping[str, list[Draft]],
        context_of: Mapping[ClassRef, str],
        linked: Linked,
    ) -> ClassRef | None:
        """The message that a handler handles, by class or by a name that means one message."""
        if handler.target in messages:
            return handler.target
        if handler.handles is None or handler.target is not None:
            return None
        named = by_name.get(handler.handles, [])
        home = handler.context or getattr(self.contexts.of_path(handler.ref.rel), "name", None)
        near = [item for item in named if context_of[item.ref] == home]
        chosen = near if len(near) == 1 else named
        if len(chosen) == 1:
            return chosen[0].ref
        if handler.via == "decorator":
            what = "several artifacts are" if chosen else "no command, query or event is"
            linked.warnings.append(
                f"{handler.ref.rel}:{handler.facts.line}: {handler.facts.name} handles "
                f"{handler.handles!r}, but {what} called so"
            )
        return None

    def _build(
        self,
        everything: list[Draft],
        context_of: Mapping[ClassRef, str],
        messages: Mapping[ClassRef, Draft],
        targets: Mapping[ClassRef, ClassRef],
        handlers_of: Mapping[ClassRef, list[Draft]],
        linked: Linked,
    ) -> None:
        kept = {}
        for draft in everything:
            if draft.ref not in context_of:
                continue
            target = targets.get(draft.ref)
            about: tuple[object, ...] = (
                context_of[draft.ref],
                self.fingerprint_of(draft.ref.rel),
                self._qualname(messages[target]) if target else None,
                tuple(self._handler_ref(item, context_of) for item in handlers_of[draft.ref])
                if draft.ref in handlers_of
                else (),
                self._emitted(draft, messages),
            )
            before = self._kept.get(draft.ref)
            if before and before[0] is draft and before[1] == about:
                detection = before[2]
            else:
                detection = self._detection(draft, about, handlers_of.get(draft.ref, ()))
            kept[draft.ref] = (draft, about, detection)
            linked.detections.append(detection)
        self._kept = kept
        linked.detections.sort(key=lambda item: (item.source_file, item.source_line, item.qualname))

    def _emitted(self, draft: Draft, messages: Mapping[ClassRef, Draft]) -> tuple[str, ...]:
        events = (messages[ref] for ref in draft.constructs if ref in messages)
        constructed = {event.facts.name for event in events if event.kind == "event"}
        return tuple(sorted(constructed.union(draft.emits)))

    def _handler_ref(self, draft: Draft, context_of: Mapping[ClassRef, str]) -> HandlerRef:
        return HandlerRef(draft.ref.rel, draft.facts.qualname, draft.method, context_of[draft.ref])

    def _qualname(self, draft: Draft) -> str:
        return f"{self.module_of(draft.ref.rel)}.{draft.facts.qualname}"

    def _detection(
        self, draft: Draft, about: tuple[object, ...], handlers: Iterable[Draft]
    ) -> Detection:
        context, fingerprint, target, handler_refs, emits = about
        response, types = draft.response, list(draft.types)
        if draft.kind == "query":
            answering = next((item for item in handlers if item.response), None)
            if answering:
                response = answering.response
                known = {item.name for item in types}
                types += [item for item in answering.response_types if item.name not in known]
        facts = draft.facts
        return Detection(
            kind=draft.kind,
            name=facts.name,
            qualname=self._qualname(draft),
            module=self.module_of(draft.ref.rel),
            context=str(context),
            source_file=draft.ref.rel,
            source_line=facts.line,
            via=draft.via,
            confidence=draft.confidence,
            bases=[text_of(base) for base in facts.bases],
            decorators=[last_name(item) or text_of(item) for _, item in facts.decorators],
            handles=draft.handles,
            emits=list(emits),  # type: ignore[call-overload]
            reason=draft.reason,
            fields=draft.fields,
            file_fingerprint=str(fingerprint),
            handler_method=draft.method,
            target=target,  # type: ignore[arg-type]
            handlers=list(handler_refs),  # type: ignore[call-overload]
            types=sorted(types, key=lambda item: item.name),
            response=response,
        )


def _by_name(drafts: Iterable[Draft]) -> dict[str, list[Draft]]:
    named: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        named[draft.facts.name].append(draft)
    return named


def _same_but_for_case(contexts: Iterable[str]) -> list[str]:
    spellings: dict[str, set[str]] = defaultdict(set)
    for context in contexts:
        spellings[context.casefold()].add(context)
    return [
        f"contexts {' and '.join(map(repr, sorted(names)))} differ only in case: "
        "they are one folder on some systems"
        for _, names in sorted(spellings.items())
        if len(names) > 1
    ]

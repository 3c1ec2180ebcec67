"""From the artifacts of one context to a `.proto` file without numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..contract.described import Artifact, Field, Message, Remark
from ..contract.model import EnumType
from ..contract.terms import OneOf, names_in
from .model import (
    Binding,
    Label,
    ProtoDraft,
    ProtoEnum,
    ProtoField,
    ProtoMessage,
    Rpc,
    Service,
)
from .names import Scope, identifier, json_name, type_name
from .shapes import Place, Shaper, Slot, make_enum

_ORDER = {"command": 0, "query": 1, "event": 2}


def draft_context(
    context: str,
    ident: str,
    artifacts: Iterable[Artifact],
    emits: Mapping[str, Sequence[str]] | None = None,
) -> ProtoDraft:
    """Lay a context out as one file; `emits` gives the events of a command by its key."""
    ordered = sorted(artifacts, key=lambda item: (_ORDER[item.kind], item.key))
    return _Drafter(context, ident, ordered, emits or {}).draft()


@dataclass(slots=True)
class _Own:
    """One artifact's way from the names in its code to the names in the file."""

    artifact: Artifact
    message: str
    named: dict[str, str] = field(default_factory=dict)


class _Drafter:
    def __init__(
        self,
        context: str,
        ident: str,
        artifacts: list[Artifact],
        emits: Mapping[str, Sequence[str]],
    ) -> None:
        self.context = context
        self.ident = ident
        self.artifacts = artifacts
        self.emits = emits
        self.types = Scope()
        self.values = Scope()
        self.rpcs = {"command": Scope(), "query": Scope()}
        self.shaper = Shaper(self.types, self.values)
        self.remarks: list[Remark] = []
        self.messages: list[ProtoMessage] = []
        self.enums: dict[str, ProtoEnum] = {}
        self.members: dict[str, list[list[str]]] = {}

    def draft(self) -> ProtoDraft:
        services = self._service_names()
        owners = [_Own(item, self._message_name(item)) for item in self.artifacts]
        answers = {id(own): self._answer_name(own) for own in owners}
        shared = self._share_types(owners)
        events: dict[str, str] = {}
        rpcs: dict[str, list[Rpc]] = {"command": [], "query": []}
        for own in owners:
            artifact = own.artifact
            self._message(own, artifact.message, own.message, artifact.name)
            if artifact.kind == "event":
                events[artifact.key] = own.message
                continue
            answer = answers[id(own)]
            self._answer(own, answer)
            rpcs[artifact.kind].append(self._rpc(own, answer))
        for name, own, message in shared:
            self._message(own, message, name, message.name)
        return ProtoDraft(
            self.context,
            self.ident,
            tuple(Service(services[kind], kind, tuple(rpcs[kind])) for kind in rpcs if rpcs[kind]),
            tuple(self.messages + sorted(self.shaper.made_messages, key=lambda item: item.name)),
            tuple(
                sorted([*self.enums.values(), *self.shaper.made_enums], key=lambda item: item.name)
            ),
            events,
            tuple(
                dict.fromkeys([r for own in owners for r in own.artifact.remarks] + self.remarks)
            ),
        )

    # ── names ────────────────────────────────────────────────────────────────────────

    def _service_names(self) -> dict[str, str]:
        stem = type_name(self.context)
        return {
            "command": self.types.take(f"{stem}CommandService"),
            "query": self.types.take(f"{stem}QueryService"),
        }

    def _message_name(self, artifact: Artifact) -> str:
        stem = type_name(artifact.key.partition(" (")[0])
        return self.types.take(stem if artifact.kind == "event" else f"{stem}Request")

    def _answer_name(self, own: _Own) -> str:
        if own.artifact.kind == "event":
            return ""
        return self.types.take(f"{type_name(own.artifact.key.partition(' (')[0])}Response")

    def _share_types(self, owners: list[_Own]) -> list[tuple[str, _Own, Message]]:
        """Give every described class one name in the file, shared where it is the same class.

        A contract describes classes by artifact. Two descriptions of one name that differ are
        two classes: the one that is used most keeps the name.
        """
        variants: dict[str, Counter[object]] = {}
        for own in owners:
            for name in [*own.artifact.messages, *own.artifact.enums]:
                variants.setdefault(name, Counter())[_described(own.artifact, name)] += 1
        found: dict[tuple[str, object], str] = {}
        for name in sorted(variants):
            ranked = variants[name].most_common()
            for description, _ in ranked:
                found[name, description] = self._type(name, description)
            if len(ranked) > 1:
                self._tell_twice(name, owners)
        shared: dict[str, tuple[str, _Own, Message]] = {}
        for own in owners:
            own.named[own.artifact.name] = own.message
            for name in [*own.artifact.messages, *own.artifact.enums]:
                own.named[name] = found[name, _described(own.artifact, name)]
            for name, message in own.artifact.messages.items():
                shared.setdefault(own.named[name], (own.named[name], own, message))
        return [shared[name] for name in sorted(shared)]

    def _type(self, name: str, description: object) -> str:
        if not isinstance(description, EnumType):
            return self.types.take(type_name(name))
        members = [value.name for value in description.values]
        enum = make_enum(type_name(name), members, self.types, self.values)
        self.enums[enum.name] = enum
        self.members[enum.name] = [list(p) for p in zip(enum.values, members, strict=True)]
        return enum.name

    def _tell_twice(self, name: str, owners: list[_Own]) -> None:
        users = [own.artifact.name for own in owners if _knows(own.artifact, name)]
        problem = f"{', '.join(users)} use different classes of this name: rename one"
        self.remarks.append(Remark(self.context, name, "", problem))

    # ── messages ─────────────────────────────────────────────────────────────────────

    def _rpc(self, own: _Own, answer: str) -> Rpc:
        artifact = own.artifact
        name = self.rpcs[artifact.kind].take(type_name(artifact.key.partition(" (")[0]))
        emits = tuple(self.emits.get(artifact.key, ())) if artifact.kind == "command" else ()
        return Rpc(name, own.message, answer, emits, artifact.key)

    def _answer(self, own: _Own, name: str) -> None:
        artifact = own.artifact
        if artifact.kind == "command":
            fields = (
                ProtoField("id", "string"),
                ProtoField("emitted_events", "string", "repeated"),
            )
            self.messages.append(ProtoMessage(name, fields))
        elif artifact.answer is None:
            self.messages.append(ProtoMessage(name, (ProtoField("result_json", "string"),)))
        else:
            self._message(own, Message(name, (artifact.answer,)), name, "")

    def _message(self, own: _Own, message: Message, name: str, origin: str) -> None:
        scope = Scope(loose=True)
        json_names = {identifier(item.name) for item in message.fields}
        fields: list[ProtoField] = []
        bindings: list[Binding] = []
        for item in message.fields:
            place = self._place(own, name, item)
            proto_name = scope.take(identifier(item.name))
            if isinstance(item.term, OneOf):
                made, shape = self._union(item.term, proto_name, scope, place)
                fields += made
            else:
                slot = self.shaper.slot(item.term, place)
                alias = _alias(item, proto_name, json_names, scope)
                fields.append(ProtoField(proto_name, slot.type, _label(item, slot), None, alias))
                shape = slot.shape
            has_default = item.default is not None or not (item.required or item.nullable)
            bindings.append(
                Binding(item.name, proto_name, shape, item.alias, item.nullable, has_default)
            )
        self.messages.append(ProtoMessage(name, tuple(fields), origin, bindings=tuple(bindings)))

    def _union(
        self, union: OneOf, group: str, scope: Scope, place: Place
    ) -> tuple[list[ProtoField], list[object]]:
        members = [
            (scope.take(f"{group}_{suffix}"), slot)
            for suffix, slot in self.shaper.members(union, place)
        ]
        fields = [ProtoField(name, slot.type, oneof=group) for name, slot in members]
        return fields, ["oneof", [[name, slot.shape] for name, slot in members]]

    def _place(self, own: _Own, message: str, item: Field) -> Place:
        def find(name: str) -> tuple[str, ProtoEnum | None, list[list[str]]]:
            found = own.named[name]
            return found, self.enums.get(found), self.members.get(found, [])

        def tell(problem: str) -> None:
            owner = message if own.message != message else own.artifact.name
            self.remarks.append(Remark(self.context, owner, item.name, problem))

        return Place(type_name(f"{message}_{item.name}"), find, tell)


def _label(item: Field, slot: Slot) -> Label:
    if slot.label or slot.type.startswith("map<"):
        return slot.label
    return "optional" if item.optional else ""


def _alias(item: Field, proto_name: str, taken: set[str], scope: Scope) -> str | None:
    """The name in JSON, where it is given and no other field's."""
    alias = item.alias
    if alias is None or alias == json_name(proto_name) or alias in taken:
        return None
    if not alias.isprintable() or alias.startswith("[") or "\\" in alias or '"' in alias:
        return None
    return alias if scope.take(alias) == alias else None


def _described(artifact: Artifact, name: str) -> object:
    """What a name means for an artifact, all that it leads to included, as something to compare."""
    if name in artifact.enums:
        return artifact.enums[name]
    seen: dict[str, object] = {}
    todo = [name]
    while todo:
        current = todo.pop()
        if current in seen or current == artifact.name:
            continue
        if current in artifact.enums:
            seen[current] = artifact.enums[current]
            continue
        message = artifact.messages[current]
        seen[current] = message
        todo += [found for item in message.fields for found in names_in(item.term)]
    uses_own = any(
        artifact.name in names_in(item.term)
        for message in seen.values()
        if isinstance(message, Message)
        for item in message.fields
    )
    own = artifact.message if uses_own else None
    return (own, tuple(sorted(seen.items(), key=lambda pair: pair[0])))


def _knows(artifact: Artifact, name: str) -> bool:
    return name in artifact.messages or name in artifact.enums

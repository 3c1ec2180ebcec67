"""Bring stored artifacts up to date: typed steps from each version of a model to the next.

A version of a model says which one it is with a `Literal` field, `version` unless told
otherwise, whose default is the version:

    class SettingsV1(BaseModel):
        version: Literal[1] = 1
        address: str

    class Settings(Json):
        version: Literal[2] = 2
        host: str
        port: int

    settings = Migrations(Settings)

    @settings.step
    def split_address(old: SettingsV1) -> Settings:
        host, _, port = old.address.partition(":")
        return Settings(host=host, port=int(port))

    tree = mount(Tree, "data", migrations=[settings])

What is stored is upgraded in memory when it is loaded; the next commit writes it, so
`worktree.plan(tree)` shows what would change, and `dry_run` does so without mounting. A file
without a version is of the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints
from typing import Literal as LiteralType

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from .artifacts.document import DocumentCodec
from .artifacts.formats import JsonFormat
from .artifacts.model import PydanticArtifact
from .commit.differences import Plan, plan_of
from .errors import MigrationError
from .problems import one_line

Target = TypeVar("Target", bound=PydanticArtifact)
Step = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """One step: from which model, to which, and how."""

    old: type[BaseModel]
    new: type[BaseModel]
    run: Step


class Migrations(Generic[Target]):
    """The chain of steps that leads to the present version of one artifact class."""

    def __init__(self, target: type[Target], *, field: str = "version") -> None:
        self.target = target
        self.field = field
        self._steps: list[_Step] = []
        version_of(target, field)

    def step(self, run: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Add a step. Its annotations say from which model to which it leads."""
        hints = get_type_hints(run)
        new = hints.pop("return", None)
        old = next(iter(hints.values()), None)
        for model in (old, new):
            if not (isinstance(model, type) and issubclass(model, BaseModel)):
                raise MigrationError(
                    f"the step {run.__name__!r} does not say from which model to which it leads",
                    hint="annotate it: def step(old: SettingsV1) -> SettingsV2",
                )
            version_of(model, self.field)
        assert isinstance(old, type)  # noqa: S101 — for the type checker; the loop has refused.
        assert isinstance(new, type)  # noqa: S101
        if any(known.old is old for known in self._steps):
            raise MigrationError(f"two steps lead from {old.__name__}")
        self._steps.append(_Step(old, new, run))
        return run

    def upgrade(self, data: Any) -> Any:
        """Stored data as the present version; the same data where it is that already."""
        chain = self.chain()
        version = data.get(self.field) if isinstance(data, dict) else None
        if version == version_of(self.target, self.field):
            return data
        if version is None and chain:
            version = version_of(chain[0].old, self.field)
        start = next(
            (i for i, step in enumerate(chain) if version_of(step.old, self.field) == version),
            None,
        )
        if start is None:
            known = [version_of(step.old, self.field) for step in chain]
            raise MigrationError(
                f"version {version!r} of {self.target.__name__} is not known; "
                f"steps lead from {known}",
                hint="a newer program may have written it; otherwise add a step",
            )
        return self._run(chain[start:], data)

    def chain(self) -> list[_Step]:
        """The steps in order; raises MigrationError where they do not lead to the target."""
        by_old = {step.old: step for step in self._steps}
        ends = {step.new for step in self._steps}
        first = [step for step in self._steps if step.old not in ends]
        if not self._steps:
            return []
        if len(first) != 1:
            raise MigrationError(
                f"the steps to {self.target.__name__} do not form one chain",
                hint="each step starts where another one ends, except the first",
            )
        chain = [first[0]]
        while chain[-1].new in by_old and len(chain) <= len(by_old):
            chain.append(by_old[chain[-1].new])
        if chain[-1].new is not self.target or len(chain) != len(self._steps):
            raise MigrationError(
                f"the steps end at {chain[-1].new.__name__}, not at {self.target.__name__}"
            )
        return chain

    def _run(self, steps: list[_Step], data: Any) -> Any:
        try:
            model: Any = steps[0].old.model_validate(data, by_name=True, by_alias=True)
        except ValidationError as error:
            old = steps[0].old
            raise MigrationError(
                f"this is not a {old.__name__}: {one_line(error, old)}",
                hint="mend the file, or move it away to start afresh",
            ) from error
        for step in steps:
            try:
                model = step.run(model)
            except Exception as error:
                reason = " ".join(str(error).split())
                raise MigrationError(
                    f"the step {step.run.__name__!r} failed: {type(error).__name__}: {reason}"
                ) from error
            if type(model) is not step.new:
                raise MigrationError(
                    f"the step {step.run.__name__!r} returned {type(model).__name__}, "
                    f"not {step.new.__name__}"
                )
        return from_json(model.model_dump_json(by_alias=False, round_trip=True))


class Chains:
    """The migrations of a tree, by the class that they lead to."""

    def __init__(self, chains: Iterable[Migrations[Any]]) -> None:
        self._by_target = {chain.target: chain for chain in chains}
        for chain in self._by_target.values():
            chain.chain()

    @classmethod
    def of(cls, migrations: Any) -> Chains:
        """One chain, or several."""
        chains = [migrations] if isinstance(migrations, Migrations) else migrations
        if not isinstance(chains, Iterable):
            chains = [chains]
        for chain in (chains := list(chains)):
            if not isinstance(chain, Migrations):
                raise MigrationError(
                    f"{chain!r} is not a chain of migrations", hint="pass Migrations(Settings)"
                )
        return cls(chains)

    def upgrade(self, target: type[Any], stored: bytes) -> tuple[bytes, bytes] | None:
        """The old data as canonical JSON, and the stored form of the present version.

        None where it is of the present version already.
        """
        chain = self._by_target.get(target)
        codec = getattr(target, "__worktree_codec__", None)
        if chain is None or not isinstance(codec, DocumentCodec):
            return None
        before = codec.form.load(stored)
        after = chain.upgrade(before)
        return None if after is before else (JsonFormat().dump(before), codec.form.dump(after))


def version_of(model: type[BaseModel], field: str) -> Any:
    """The version that a model declares itself to be."""
    info = model.model_fields.get(field)
    if info is None or get_origin(info.annotation) is not LiteralType:
        raise MigrationError(
            f"{model.__name__} does not say which version it is",
            hint=f"give it a field {field}: Literal[1] = 1",
        )
    return get_args(info.annotation)[0]


def dry_run(tree: type[Any], where: Any, migrations: Any) -> Plan:
    """What mounting with these migrations and committing would change; writes nothing.

    Artifacts that are not stored yet are left out.
    """
    from .tree import load_only

    mounted, session = load_only(tree, where, migrations)
    return plan_of(session, mounted)


__all__ = ["Chains", "Migrations", "dry_run", "version_of"]

"""A type that is certain to lose data is refused by name, as soon as it is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import BaseModel, Field, PlainSerializer, SecretStr, field_serializer
from typing_extensions import TypeAliasType, TypedDict

from worktree import Worktree, errors, mount
from worktree.artifacts import Json
from worktree.storage import MemoryStorage

from .samples import model


def lossy_fields() -> list[Any]:
    return [
        pytest.param({"secret": (SecretStr, SecretStr(""))}, "asterisks", id="secret"),
        pytest.param({"secrets": (list[SecretStr], [])}, "asterisks", id="nested-secret"),
        pytest.param(
            {"hidden": (Annotated[int, Field(exclude=True)], 0)}, "excluded", id="excluded"
        ),
        pytest.param({"once": (Iterable[int], ())}, "only once", id="iterator"),
        pytest.param({"act": (Callable[[], int], None)}, "function", id="function"),
    ]


@pytest.mark.parametrize(("fields", "reason"), lossy_fields())
def test_a_type_that_would_lose_data_is_refused(fields: dict[str, Any], reason: str) -> None:
    """When the class is created, naming class, field and reason."""
    name = next(iter(fields))
    with pytest.raises(errors.LossyFieldError, match=rf"Sample\.{name}.*{reason}"):
        model(Json, fields)


def test_a_secret_inside_a_model_is_refused() -> None:
    """However deep."""

    class Deep(BaseModel):
        secret: SecretStr

    with pytest.raises(errors.LossyFieldError, match=r"Deep\.secret"):
        model(Json, {"deep": (list[Deep], [])})


def test_a_secret_with_a_serialiser_is_kept() -> None:
    """By a method, or in the annotation."""

    class Vault(Json):
        a: SecretStr = SecretStr("")
        b: Annotated[SecretStr, PlainSerializer(lambda s: s.get_secret_value())] = SecretStr("")

        @field_serializer("a")
        def show(self, a: SecretStr) -> str:
            return a.get_secret_value()

    class Tree(Worktree):
        vault: Vault

    storage = MemoryStorage()
    mount(Tree, storage, initial={"vault": {"a": "x", "b": "y"}})
    back = mount(Tree, storage).vault
    assert (back.a.get_secret_value(), back.b.get_secret_value()) == ("x", "y")


@dataclasses.dataclass
class SecretPoint:
    secret: SecretStr


class SecretPair(NamedTuple):
    secret: SecretStr


class SecretDict(TypedDict):
    secret: SecretStr


@pytest.mark.parametrize(
    ("hint", "path"),
    [
        pytest.param(SecretPoint, "SecretPoint.secret", id="dataclass"),
        pytest.param(dict[str, SecretPair], "SecretPair.secret", id="named-tuple"),
        pytest.param(list[SecretDict], "SecretDict.secret", id="typed-dict"),
        pytest.param(TypeAliasType("Alias", SecretStr), "Sample.field", id="type-alias"),
    ],
)
def test_a_secret_inside_something_else_is_refused(hint: Any, path: str) -> None:
    """Whatever has fields is looked into when the class is created."""
    with pytest.raises(errors.LossyFieldError) as caught:
        model(Json, {"field": (hint, None)})
    assert caught.value.path == path


TREE = TypeAliasType("TREE", "dict[str, TREE] | list[TREE] | int")  # type: ignore[misc]


def test_an_alias_of_itself_is_looked_into_once() -> None:
    """A recursive type ends."""
    sample = model(Json, {"field": (TREE, None)})

    class Tree(Worktree):
        sample: sample  # type: ignore[valid-type]

    storage = MemoryStorage()
    mount(Tree, storage, initial={"sample": {"field": {"a": [1, {"b": []}]}}})
    assert mount(Tree, storage).sample.field == {"a": [1, {"b": []}]}


def test_a_class_that_names_a_later_one(tmp_path: Path) -> None:
    """Is completed when it is mounted, and looked at again."""

    class Early(Json):
        part: Later

    class Later(BaseModel):
        x: int = 3

    class Tree(Worktree):
        early: Early

    assert mount(Tree, tmp_path, initial={"early": {"part": {}}}).early.part.x == 3


def test_a_class_that_names_a_later_one_with_a_secret() -> None:
    """Is refused at the latest when it is mounted."""

    class Early(Json):
        part: Later

    class Later(BaseModel):
        secret: SecretStr

    class Tree(Worktree):
        early: Early

    with pytest.raises(errors.LossyFieldError, match=r"Later\.secret"):
        mount(Tree, "memory:")


def test_a_class_that_names_what_is_never_defined() -> None:
    """Is an error that names class and field."""

    class Lost(Json):
        fine: int = 0
        part: Nowhere | None = None  # type: ignore[name-defined]  # noqa: F821

    class Tree(Worktree):
        lost: Lost

    with pytest.raises(errors.LayoutError, match=r"Lost\.part.*'Nowhere'"):
        mount(Tree, "memory:")

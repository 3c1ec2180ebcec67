"""The decorators and their registry."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swop import CqrsRegistry, command, event, get_registry, handler, query, reset_registry

SERVICE = """
from swop import command, event, handler


@command("billing", emits=["InvoiceIssued"])
class IssueInvoice:
    number: int


@event("billing")
class InvoiceIssued:
    number: int


@handler(IssueInvoice)
class IssueInvoiceHandler:
    def handle(self, command: IssueInvoice) -> int:
        return 1
"""


@pytest.fixture(autouse=True)
def empty_registry() -> Iterator[None]:
    reset_registry()
    yield
    reset_registry()


def test_a_decorator_changes_nothing_but_a_mark() -> None:
    """The same class comes back, and knows its kind and context."""

    class Issue:
        pass

    assert command("billing", emits=["Issued", Issue])(Issue) is Issue
    record = Issue.__swop_cqrs__  # type: ignore[attr-defined]
    assert (record.kind, record.context, record.emits) == (
        "command",
        "billing",
        ("Issued", "Issue"),
    )
    assert record.qualname.endswith("Issue")
    assert get_registry().all() == [record]


def test_source_is_looked_up_when_it_is_asked_for(tmp_path: Path) -> None:
    """File and line are right, decorator included, and were not known before."""
    file = tmp_path / "service.py"
    file.write_text(SERVICE)
    spec = importlib.util.spec_from_file_location("service_under_test", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["service_under_test"] = module
    try:
        spec.loader.exec_module(module)
        record = module.IssueInvoice.__swop_cqrs__
        assert record._source is None
        assert (record.source_file, record.source_line) == (str(file), 5)
        assert module.IssueInvoiceHandler.__swop_cqrs__.context == "billing"
    finally:
        del sys.modules["service_under_test"]


def test_a_class_without_a_file_has_no_place() -> None:
    """A class made in a REPL has a record all the same."""
    made = type("Made", (), {"__module__": "nowhere"})
    event("x")(made)
    assert (made.__swop_cqrs__.source_file, made.__swop_cqrs__.source_line) == (None, None)


def test_the_registry_sorts_and_counts() -> None:
    """Records are found by kind and context; a class decorated again is not doubled."""

    @query("b")
    class Find: ...

    @handler(Find, context="a")
    class Finder: ...

    query("b")(Find)
    registry = get_registry()
    assert registry.summary() == {"query": 1, "handler": 1}
    assert registry.contexts() == ["a", "b"]
    assert [item.handles for item in registry.of_kind("handler")] == ["Find"]
    assert [item.kind for item in registry.by_context("b")] == ["query"]
    registry.clear()
    assert registry.all() == []
    assert isinstance(registry, CqrsRegistry)


@pytest.mark.parametrize("wrong", [pytest.param("", id="empty"), pytest.param(None, id="nothing")])
def test_a_context_is_needed(wrong: object) -> None:
    """An empty context is refused where it is written."""
    with pytest.raises(ValueError, match="non-empty context"):
        command(wrong)  # type: ignore[arg-type]


def test_a_target_is_needed() -> None:
    """A handler of nothing is refused where it is written."""
    with pytest.raises(TypeError, match="class or a non-empty name"):
        handler(3)  # type: ignore[arg-type]


def test_importing_the_decorators_loads_little() -> None:
    """A service that only decorates loads neither YAML, nor dataclasses, nor the scanner."""
    script = "import sys; from swop import command; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(eval(done.stdout))
    assert not loaded & {
        "yaml",
        "dataclasses",
        "inspect",
        "typing",
        "swop.scan",
        "swop.config",
        "ast",
    }

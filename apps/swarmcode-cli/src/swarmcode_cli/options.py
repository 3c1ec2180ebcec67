"""The options that every command has, and what they come to."""

import functools
import inspect
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .output import show, show_json
from .progress import Tell, shown

if TYPE_CHECKING:
    from .settings import Settings

USUAL_FILE = Path("swarmcode.yaml")

_COMMON: dict[str, Any] = {
    "config": Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="The settings file.", show_default="swarmcode.yaml, if there"
        ),
    ],
    "assignments": Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.NAME=VALUE", help="Any setting, for this run."),
    ],
    "as_json": Annotated[bool, typer.Option("--json", help="Print JSON, for a program.")],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")],
    "print_config": Annotated[
        bool, typer.Option("--print-config", help="Print the settings in force, and stop.")
    ],
}
_DEFAULTS: dict[str, Any] = {"config": None, "assignments": None}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command: the common options.

    Attributes:
        config: the settings file that was named.
        assignments: single settings, as `section.name=value`.
        as_json: print for a program.
        quiet: say nothing but the result.
        print_config: print the settings, and stop.
    """

    config: Path | None = None
    assignments: tuple[str, ...] = ()
    as_json: bool = False
    quiet: bool = False
    print_config: bool = False

    def settings(self, flags: Mapping[str, Any] | None = None) -> "Settings":
        """Read the settings; with --print-config, print them and stop."""
        from . import wiring
        from .settings import Sources

        file = self.config or (USUAL_FILE if USUAL_FILE.is_file() else None)
        sources = Sources(file, os.environ, flags or {}, self.assignments)
        settings = wiring.settings(sources)
        if self.print_config:
            self._print(settings)
            raise typer.Exit
        logging.basicConfig(level=str(settings.get("general", "log_level")).upper())
        return settings

    def progress(self) -> AbstractContextManager[Tell]:
        """Show how far a step is, where somebody is looking."""
        return shown(quiet=self.quiet or self.as_json)

    def answer(self, data: Mapping[str, Any], text: str) -> None:
        """Print a result: for a program or for a person."""
        if self.as_json:
            show_json(data)
        elif text:
            show(text)

    def _print(self, settings: "Settings") -> None:
        from .render.settings import as_document, as_yaml

        self.answer(as_document(settings), as_yaml(settings))


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the common options; it gets them as its first argument, a `Call`."""

    @functools.wraps(function)
    def with_options(**given: Any) -> None:
        common = {name: given.pop(name) for name in _COMMON}
        call = Call(**{**common, "assignments": tuple(common["assignments"] or ())})
        function(call, **given)

    own = list(inspect.signature(function).parameters.values())[1:]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_DEFAULTS.get(name, False),
            annotation=annotation,
        )
        for name, annotation in _COMMON.items()
    ]
    with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *added]
    )
    with_options.__annotations__ = {**function.__annotations__, **_COMMON}
    with_options.__annotations__.pop(next(iter(inspect.signature(function).parameters)))
    return with_options

"""Which commands may run, matched on their words. No shell ever reads a command."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from ..errors import CommandRefusedError

_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.")
_FOR_A_SHELL = re.compile(r"[;|&<>()`$]+")
_ASSIGNMENT = re.compile(r"^([A-Za-z_]\w*)=(.*)$", re.DOTALL)
_LOADER = re.compile(r"^(?:LD_|DYLD_|PATH$|GLIBC_|GCONV_|IFS$|BASH_)")


@dataclass(frozen=True, slots=True)
class Command:
    """A command as words, with the variables set before it."""

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


DEFAULT_COMMANDS = (
    "pytest", "py.test", "python -m pytest", "python3 -m pytest",
    "python -m unittest", "python3 -m unittest", "python -m doctest", "python3 -m doctest",
    "python -m tox", "python -m nox", "tox", "nox", "trial", "stestr",
    "uv run pytest", "poetry run pytest", "hatch test", "pdm run pytest",
    "npm test", "npm run test", "yarn test", "pnpm test", "pnpm run test",
    "node --test", "npx jest", "npx vitest", "npx mocha", "jest", "vitest", "mocha", "deno test",
    "bun test", "go test", "go vet", "go build", "cargo test", "cargo check", "cargo nextest",
    "make test", "make check", "mvn test", "gradle test", "./gradlew test", "ctest",
    "dotnet test", "bundle exec rspec", "rspec", "mix test", "phpunit", "swift test",
    "ruff check", "mypy", "pyright", "tsc --noEmit", "npx tsc --noEmit",
)  # fmt: skip


class Allowlist:
    """Commands that may run: each entry is the words that a command must begin with."""

    def __init__(self, commands: tuple[str, ...] = DEFAULT_COMMANDS) -> None:
        self.commands = commands
        self._prefixes = tuple(tuple(shlex.split(command)) for command in commands)

    def parse(self, command: str) -> Command:
        """Return the command as words. Raises CommandRefusedError for what may not run."""
        words = _words(command)
        environment = []
        while words and (found := _ASSIGNMENT.match(words[0])):
            if _LOADER.match(found[1]):
                raise CommandRefusedError(command, f"the variable {found[1]} may not be set")
            environment.append((found[1], found[2]))
            words = words[1:]
        if not any(tuple(words[: len(prefix)]) == prefix for prefix in self._prefixes):
            raise CommandRefusedError(command, f"use one of: {', '.join(self.commands)}")
        return Command(tuple(words), tuple(environment))


def _words(command: str) -> list[str]:
    """Split a command as a shell would, and refuse what only a shell could carry out."""
    if "\n" in command.strip() or "\x00" in command:
        raise CommandRefusedError(command, "it must be one line")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CommandRefusedError(command, f"it is not well formed ({error})") from None
    if found := _FOR_A_SHELL.search(_QUOTED.sub("", command)):
        why = f"{found[0]!r} needs a shell, and there is none; give one plain command"
        raise CommandRefusedError(command, why)
    if not words:
        raise CommandRefusedError(command, "it is empty")
    return words

"""Write docs/reference/commands.md from the commands themselves.

    python .ci/command_reference.py           print the page
    python .ci/command_reference.py --write   write it

A command that the page does not tell of does not exist for a reader; a test compares.
"""

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
import typer.main
from members import ROOT, read_members
from typer.core import TyperCommand, TyperGroup

Command = TyperCommand | TyperGroup

PAGE = ROOT / "docs/reference/commands.md"
EVERYWHERE = {"--help", "--install-completion", "--show-completion"}
INTRODUCTION = """# Commands

Generated from the commands: `COMMAND --help` says the same. Exit codes are the same everywhere:
0 for yes, 1 for no, 2 for a request that could not be carried out. Where a command distinguishes
more, its guide says so.
"""


def commands() -> Iterator[tuple[str, Command]]:
    """Yield the name and the command of every member that installs one."""
    for member in read_members().values():
        for name in member.commands:
            app = importlib.import_module(f"{member.module}.app").app
            command = typer.main.get_command(app)
            assert isinstance(command, Command)
            yield name, command


def page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION]
    for name, command in sorted(commands()):
        parts += section(name, command, level=2)
    return "\n".join(parts)


def section(path: str, command: Command, *, level: int) -> list[str]:
    """Return the Markdown of a command, and of all below it."""
    context = typer.Context(command, info_name=path)
    parts = [f"{'#' * level} {path}\n", f"{help_of(command)}\n"]
    parts += table(command, context)
    children = command.commands if isinstance(command, TyperGroup) else {}
    for name, child in sorted(children.items()):
        if not child.hidden and isinstance(child, Command):
            parts += section(f"{path} {name}", child, level=min(level + 1, 4))
    return parts


def help_of(command: Command) -> str:
    """Return what the command says of itself, as plain paragraphs."""
    return re.sub(r"\s*\f.*", "", command.help or "", flags=re.DOTALL).replace("\b\n", "").strip()


def table(command: Command, context: typer.Context) -> list[str]:
    """Return a table of the arguments and options; empty where there is none worth telling."""
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or EVERYWHERE & set(parameter.opts):
            continue
        name, text = (escape(cell) for cell in record)
        rows.append(f"| `{name}` | {text} |")
    return ["\n".join(["| | |", "|---|---|", *rows]) + "\n"] if rows else []


def escape(cell: str) -> str:
    """Return a cell that stays one cell."""
    return re.sub(r"\s+", " ", cell).replace("|", "\\|").strip()


def main(arguments: list[str] | None = None) -> int:
    """Print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args(arguments).write:
        Path(PAGE).write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

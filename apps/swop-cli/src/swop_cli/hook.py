"""`swop hook`: the git pre-commit hook."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import exits
from .output import remark, show
from .settings import RootOption

if TYPE_CHECKING:
    from swop import HookResult

hook = typer.Typer(no_args_is_help=True, help="Refuse commits that break a contract.")


@hook.command("install")
def install(
    *,
    root: RootOption = Path(),
    force: Annotated[bool, typer.Option("--force", help="Set a hook that is there aside.")] = False,
) -> None:
    """Put the hook where git looks for it: in worktrees, and with core.hooksPath, too."""
    from swop import install_hook

    _end(install_hook(root, force=force, command=[sys.executable, "-m", "swop_cli"]))


@hook.command("uninstall")
def uninstall(*, root: RootOption = Path()) -> None:
    """Remove the hook, and put back what it set aside."""
    from swop import uninstall_hook

    _end(uninstall_hook(root))


@hook.command("status")
def status(*, root: RootOption = Path()) -> None:
    """Say whether the hook is installed and would run."""
    from swop import hook_status

    _end(hook_status(root))


@hook.command("run")
def run(*, root: RootOption = Path()) -> None:
    """What the hook does: hold what is staged against the manifests of the last commit.

    Exit code 1 refuses the commit; so does 2, when nothing could be compared.
    """
    from swop.tools.guard import guard_commit

    verdicts = guard_commit(root)
    for verdict in verdicts:
        remark(verdict.format().splitlines())
    if not all(verdict.allowed for verdict in verdicts):
        raise typer.Exit(exits.FINDINGS)


def _end(result: HookResult) -> None:
    show(result.format())
    raise typer.Exit(exits.FAILED if result.status == "error" else exits.OK)

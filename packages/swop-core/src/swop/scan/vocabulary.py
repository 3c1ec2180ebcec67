"""The words that make a class a command, a query, an event or a handler."""

from __future__ import annotations

from typing import Literal

DetectionKind = Literal["command", "query", "event", "handler"]
DetectionVia = Literal["decorator", "heuristic", "contract"]

KINDS: tuple[DetectionKind, ...] = ("command", "query", "event", "handler")
OURS = "swop"

BASE_KINDS: dict[str, DetectionKind] = {
    "BaseCommand": "command",
    "Command": "command",
    "CommandBase": "command",
    "BaseQuery": "query",
    "Query": "query",
    "QueryBase": "query",
    "BaseEvent": "event",
    "Event": "event",
    "EventBase": "event",
    "DomainEvent": "event",
    "BaseHandler": "handler",
    "Handler": "handler",
    "CommandHandler": "handler",
    "QueryHandler": "handler",
}

SUFFIX_KINDS: dict[str, DetectionKind] = {
    "Command": "command",
    "Cmd": "command",
    "Query": "query",
    "Qry": "query",
    "Event": "event",
    "Evt": "event",
    "Handler": "handler",
}

CONFIDENCE_BOTH = 0.9
CONFIDENCE_BASE = 0.8
CONFIDENCE_SUFFIX = 0.7

# Libraries in which "command", "event" and "handler" mean something else. A class that
# descends from one of theirs is taken for ours only when a decorator of ours says so.
FOREIGN = frozenset(
    {
        "aiogram",
        "argparse",
        "asyncio",
        "celery",
        "cement",
        "cleo",
        "cliff",
        "click",
        "cmd",
        "concurrent",
        "discord",
        "disnake",
        "distutils",
        "django",
        "email",
        "enum",
        "flask",
        "hikari",
        "html",
        "http",
        "kivy",
        "kombu",
        "logging",
        "multiprocessing",
        "nextcord",
        "optparse",
        "pygame",
        "queue",
        "rest_framework",
        "sched",
        "selectors",
        "setuptools",
        "socketserver",
        "sqlalchemy",
        "sqlmodel",
        "telegram",
        "threading",
        "tkinter",
        "tornado",
        "typer",
        "unittest",
        "urllib",
        "watchdog",
        "werkzeug",
        "wsgiref",
        "wx",
        "xml",
        "PyQt5",
        "PyQt6",
        "PySide2",
        "PySide6",
    }
)


def suffix_kind(name: str) -> DetectionKind | None:
    """The kind that a class's name ends in; a bare `Command` names no artifact."""
    for suffix, kind in SUFFIX_KINDS.items():
        if name.endswith(suffix) and name != suffix and name not in BASE_KINDS:
            return kind
    return None

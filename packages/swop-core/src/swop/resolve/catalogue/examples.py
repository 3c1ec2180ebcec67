"""The small projects of the rules' examples."""

from __future__ import annotations

HEAD = (
    "from dataclasses import dataclass, field\n"
    "from datetime import date, datetime\n"
    "from decimal import Decimal\n"
    "from enum import Enum\n"
    "from typing import *\n"
    "from uuid import UUID\n"
    "from swop import command, event, handler, query\n"
)
LOCK = "# file: swop.lock.yml\n"
PAY = "@command('shop')\nclass Pay: amount: int"
MARKS = {"command": "@command('shop')", "query": "@query('shop')", "event": "@event('shop')"}


def fields(*lines: str, kind: str = "command", name: str = "Pay") -> str:
    """An artifact with these fields."""
    return f"{MARKS[kind]}\nclass {name}:\n    {_lines(lines)}"


def item(*lines: str, kind: str = "command") -> str:
    """A class `Item` with these fields, and an artifact that uses it."""
    return f"class Item:\n    {_lines(lines)}\n{fields('item: Item', kind=kind)}"


def enum(*members: str, kind: str = "command") -> str:
    """An enum with these members, and an artifact that uses it."""
    return f"class Color(Enum):\n    {_lines(members)}\n{fields('color: Color', kind=kind)}"


def answer(annotation: str) -> str:
    """A query whose handler answers this."""
    arrow = f" -> {annotation}" if annotation else ""
    return (
        "class Row:\n    id: int\n@query('shop')\nclass Find: id: int\n"
        f"@handler(Find)\nclass Finder:\n    def handle(self, q: Find){arrow}: ..."
    )


def handled(*handlers: str, kind: str = "command", method: str = "handle") -> str:
    """An artifact with these handlers."""
    parts = [f"{MARKS[kind]}\nclass Pay: amount: int"]
    parts += [
        f"@handler(Pay)\nclass {name}:\n    def {method}(self, it: Pay) -> int: ..."
        for name in handlers
    ]
    return "\n".join(parts)


def numbers(*lines: str, block: str = "fields") -> str:
    """A lock with these lines under one message, or one enum."""
    group = "messages" if block == "fields" else "enums"
    owner = "PayRequest" if block == "fields" else "Color"
    inner = "".join(f"\n          {line}" for line in lines)
    return (
        f"{fields('amount: int')}\n{LOCK}version: 1\ncontexts:\n  shop:\n    {group}:\n"
        f"      {owner}:{inner}"
    )


def _lines(lines: tuple[str, ...]) -> str:
    return "\n    ".join(lines) or "pass"

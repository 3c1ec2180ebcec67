"""The labelled cases. See `expand` for their form."""

from __future__ import annotations

from .expand import Case

KINDS = ("command", "query", "event")
NOUNS = ("Invoice", "Order", "Product", "Customer", "Shipment")

# ── our decorators, under every name that Python lets them have ──────────────────────────

IMPORTS = Case(
    "imports",
    """
=== ops.py
from dataclasses import dataclass
$how

@$use("billing")
@dataclass
class Issue$noun:  #= $kind billing
    number: int

@dataclass
class ${noun}Line:  #= -
    amount: int
""",
    {"kind": KINDS, "noun": NOUNS[:3], "how": ("from swop import $kind",), "use": ("$kind",)},
)

ALIASED = Case(
    "aliased",
    """
=== ops.py
$how

@$use("sales", emits=["Done"])
class Register$noun:  #= $kind sales
    number: int

@$use(context="sales")
class Drop$noun:  #= $kind sales
    number: int

class $noun:  #= -
    number: int
""",
    {
        "kind": KINDS,
        "noun": NOUNS[:2],
        "how": (
            "from swop import $kind as c\nuse = c",
            "import swop\nuse = swop.$kind",
            "import swop as s\nuse = s.$kind",
            "from swop.cqrs import $kind as use",
            "import swop.cqrs.decorators as d\nuse = d.$kind",
            "from swop import *\nuse = $kind",
            "try:\n    from swop import $kind as use\nexcept ImportError:\n    use = None",
            "if 0:\n    use = None\nelse:\n    from swop import $kind as use",
        ),
        "use": ("use",),
    },
)

REEXPORTED = Case(
    "reexported",
    """
=== shared/__init__.py
from .marks import $kind as mark, other
=== shared/marks.py
from swop import $kind, handler as other
=== shared/facade.py
from . import marks
from .marks import *
=== ops.py
$how

@$use("stock")
class Count$noun:  #= $kind stock
    number: int

@$answer(Count$noun)
class Counter$noun:  #= handler stock Count$noun
    def handle(self, message):
        return None
=== unrelated.py
from shared_elsewhere import mark

@mark("stock")
class Weigh$noun:  #= -
    number: int
""",
    {
        "kind": KINDS,
        "noun": NOUNS[:2],
        "how": (
            "from $pkg.shared import mark as use, other as answer",
            "from .shared import mark as use, other as answer",
            "from .shared.marks import $kind as use, other as answer",
            "from . import shared\nuse, answer = 0, 0\nuse = shared.mark\nanswer = shared.other",
            "from .shared.facade import marks\nuse = marks.$kind\nanswer = marks.other",
            "import $pkg.shared.marks as m\nuse = m.$kind\nanswer = m.other",
            "from .shared.facade import $kind as use, other as answer",
        ),
        "use": ("use",),
        "answer": ("answer",),
    },
)

APPLIED = Case(
    "applied",
    """
=== marks.py
from functools import partial
from swop import $kind
sales = $kind("sales")
stock = partial($kind, "stock")
=== ops.py
from .marks import sales, stock as in_stock
from . import marks

@sales
class Sell$noun:  #= $kind sales
    number: int

@in_stock()
class Keep$noun:  #= $kind stock
    number: int

@marks.sales
class Resell$noun:  #= $kind sales
    number: int
""",
    {"kind": KINDS, "noun": NOUNS[:2]},
)

CONTEXTS = Case(
    "contexts",
    """
=== names.py
from enum import Enum, StrEnum
PREFIX = "north"
BILLING = "billing"
JOINED = PREFIX + "-billing"
class Names:  #= -
    BILLING = "billing"
class Kinds(Enum):  #= -
    BILLING = "billing"
=== ops.py
from swop import $kind
from .names import BILLING, JOINED, PREFIX, Names, Kinds
from . import names
LOCAL = BILLING

@$kind(BILLING)
class A$noun:  #= $kind billing
    number: int
@$kind(names.BILLING)
class B$noun:  #= $kind billing
    number: int
@$kind(Names.BILLING)
class C$noun:  #= $kind billing
    number: int
@$kind(Kinds.BILLING.value)
class D$noun:  #= $kind billing
    number: int
@$kind(context=LOCAL)
class E$noun:  #= $kind billing
    number: int
@$kind(JOINED)
class F$noun:  #= $kind north-billing
    number: int
@$kind(f"{PREFIX}-sales")
class G$noun:  #= $kind north-sales
    number: int
@$kind("bil" "ling")
class H$noun:  #= $kind billing
    number: int
@$kind(compute())
class I$noun:  #= $kind $pkg
    number: int
""",
    {"kind": KINDS, "noun": NOUNS[:2]},
)

PLACES = Case(
    "places",
    """
=== ops.py
from swop import $kind, handler

class Outer:  #= -
    from swop import $kind as inner

    @inner("sales")
    class Nested$noun:  #= $kind sales
        number: int

    class Deeper:  #= -
        @$kind("sales")
        class Deepest$noun:  #= $kind sales
            number: int

def build():
    from swop import $kind as local

    @local("sales")
    class Local$noun:  #= $kind sales
        number: int
    return Local$noun

def shadowed($kind):
    @$kind("sales")
    class Shadowed$noun:  #= -
        number: int

if True:
    @$kind("sales")
    class Branched$noun:  #= $kind sales
        number: int
else:
    pass

try:
    pass
except ValueError:
    pass
finally:
    @$kind("sales")
    class Final$noun:  #= $kind sales
        number: int

async def work():
    async with build() as thing:
        @Outer.inner("sales")
        class Awaited$noun:  #= $kind sales
            number: int

@(
    $kind
)("sales")
class Wrapped$noun:  #= $kind sales
    number: int

@handler(Outer.Nested$noun)
class Answers$noun:  #= handler sales Nested$noun
    def handle(self, message): ...
""",
    {"kind": KINDS, "noun": NOUNS[:2]},
)

# ── decorators of the same names that are not ours ───────────────────────────────────────

FOREIGN = Case(
    "foreign",
    """
=== tool.py
$how

@$use("billing")
class Run$noun:  #= -
    number: int

@$use
class Stop$noun:  #= -
    number: int
""",
    {
        "kind": ("command", "query", "event", "handler"),
        "noun": NOUNS[:1],
        "use": ("use",),
        "how": (
            "from click import $kind as use",
            "import click\nuse = click.$kind",
            "import discord.ext.commands as d\nuse = d.$kind",
            "from typer import $kind as use",
            "def use(x):\n    return x",
            "from .local import $kind as use",
            "from swop import $kind as use\nfrom click import $kind as use",
            "class Bot:  #= -\n    def $kind(self, name): ...\nuse = Bot().$kind",
            "use = unknown",
        ),
    },
)

UNBOUND = Case(
    "unbound",
    """
=== ops.py
@$kind("billing")
class Unbound$noun:  #= -
    number: int
""",
    {"kind": (*KINDS, "handler"), "noun": NOUNS[:2]},
)

# ── bases ────────────────────────────────────────────────────────────────────────────────

BASES = Case(
    "bases",
    """
=== ops.py
$how

class Make$noun($base):  #= $kind $pkg
    number: int

class Tidy$noun(Make$noun):  #= $kind $pkg
    later: int
""",
    {
        "noun": NOUNS[:1],
        "how,base": (),
    },
)


def _bases() -> list[Case]:
    known = {
        "command": ("BaseCommand", "Command", "CommandBase"),
        "query": ("BaseQuery", "Query", "QueryBase"),
        "event": ("BaseEvent", "Event", "EventBase", "DomainEvent"),
    }
    cases = []
    for kind, names in known.items():
        for name in names:
            hows = (
                (f"from mediator import {name}", name),
                ("import mediator", f"mediator.{name}"),
                (f"from mediator import {name} as Root", "Root"),
                (f"class {name}:  #= -\n    pass", name),
                (f"import mediator\nRoot = mediator.{name}", "Root"),
                (f"from mediator import {name}", f"{name}[int]"),
                (f"from mediator import {name} as R\nRoot = R[int]", "Root"),
            )
            for number, (how, base) in enumerate(hows):
                values = {"kind": [kind], "noun": NOUNS[:2], "how": [how], "base": [base]}
                cases.append(Case(f"bases_{name}_{number}", BASES.text, values))
    return cases


ACROSS = Case(
    "across",
    """
=== kernel/__init__.py
from .messages import Message$kindname as Root
=== kernel/messages.py
from mediator import $base
class Message$kindname($base):  #= $kind $pkg
    stamp: int
class Unrelated:  #= -
    pass
=== middle.py
from .kernel import Root
class Middle$noun(Root):  #= $kind $pkg
    pass
Short = Middle$noun
=== leaf.py
from . import middle
from .middle import Short as Brief
from .kernel.messages import Unrelated
class Leaf$noun(middle.Middle$noun):  #= $kind $pkg
    number: int
class Twig$noun(Brief):  #= $kind $pkg
    number: int
class Stone$noun(Unrelated):  #= -
    number: int
class Mixed$noun(Unrelated, Brief):  #= $kind $pkg
    number: int
""",
    {
        "noun": NOUNS[:2],
        "kind": ("command",),
        "base": ("Command", "BaseCommand"),
        "kindname": ("One",),
    },
)
ACROSS_EVENT = Case(
    "across_event",
    ACROSS.text,
    {"noun": NOUNS[:2], "kind": ("event",), "base": ("DomainEvent", "Event"), "kindname": ("Two",)},
)
ACROSS_QUERY = Case(
    "across_query",
    ACROSS.text,
    {"noun": NOUNS[:2], "kind": ("query",), "base": ("Query", "QueryBase"), "kindname": ("Three",)},
)

GENERIC = Case(
    "generic",
    """
=== ops.py
from typing import Generic, TypeVar
from swop import command
$how
T = TypeVar("T")

@command("billing")
class Issue$noun:  #= command billing
    number: int

class Typed(Handler[T], Generic[T]):  #= -
    pass

class Issues$noun(Handler[Issue$noun]):  #= handler billing Issue$noun
    def handle(self, message): ...

class Second$noun(Handler[Issue$noun, int]):  #= handler billing Issue$noun
    async def __call__(self, message): ...

class Third$noun(Typed[Issue$noun]):  #= handler billing Issue$noun
    def execute(self, message): ...

class Fourth$noun(Issues$noun):  #= handler billing Issue$noun
    pass

class Plain$noun(Handler):  #= handler billing Issue$noun
    def handle(self, message: Issue$noun) -> None: ...

class Quoted$noun(Handler["Issue$noun"]):  #= handler billing Issue$noun
    def run(self, message): ...
""",
    {
        "noun": NOUNS,
        "how": (
            "from mediator import Handler",
            "from mediator import BaseHandler as Handler",
            "import mediator\nHandler = mediator.CommandHandler",
            "class Handler:  #= -\n    def __class_getitem__(cls, item): return cls",
        ),
    },
)

HANDLERS = Case(
    "handlers",
    """
=== messages.py
from swop import command, query, event
@command("billing")
class Issue$noun:  #= command billing
    number: int
@query("catalog")
class Find$noun:  #= query catalog
    number: int
@event("billing")
class ${noun}Issued:  #= event billing
    number: int
=== answers.py
from swop import handler as answers
from .messages import *
from .messages import Find$noun as Asked
from . import messages as m
@answers(Issue$noun)
class A$noun:  #= handler billing Issue$noun
    def handle(self, c): ...
@answers(Asked)
class B$noun:  #= handler catalog Find$noun
    def execute(self, q): ...
@answers(m.${noun}Issued)
class C$noun:  #= handler billing ${noun}Issued
    def run(self, e): ...
@answers("Only$noun$n")
class D$noun:  #= handler billing Only$noun$n
    def __call__(self, c): ...
@answers(Issue$noun, context="ledger")
class E$noun:  #= handler ledger Issue$noun
    def handle(self, c): ...
@answers(target=Issue$noun)
class F$noun:  #= handler billing Issue$noun
    def handle(self, c): ...
=== more.py
from swop import command
@command("billing")
class Only$noun$n:  #= command billing
    number: int
""",
    {"noun": NOUNS},
)

# ── names ────────────────────────────────────────────────────────────────────────────────

SUFFIXES = Case(
    "suffixes",
    """
=== ops.py
from dataclasses import dataclass
@dataclass
class Issue$noun$suffix:  #= $kind $pkg
    number: int
class $suffix:  #= -
    pass
class ${suffix}Registry:  #= -
    pass
class ${noun}${suffix}Factory:  #= -
    pass
""",
    {},
)


def _suffixes() -> list[Case]:
    kinds = {
        "Command": "command",
        "Cmd": "command",
        "Query": "query",
        "Qry": "query",
        "Event": "event",
        "Evt": "event",
        "Handler": "handler",
    }
    return [
        Case(
            f"suffix_{suffix}",
            SUFFIXES.text,
            {"noun": NOUNS[:4], "suffix": [suffix], "kind": [kind]},
        )
        for suffix, kind in kinds.items()
    ]


TEMPTING = Case(
    "tempting",
    """
=== ops.py
import abc
import enum
import logging
import threading
from typing import Protocol
from unittest import TestCase

class $noun:  #= -
    number: int
class ${noun}Commander:  #= -
    pass
class ${noun}Eventually:  #= -
    pass
class ${noun}commandeer:  #= -
    pass
class Prevent:  #= -
    pass
class Subcommand:  #= -
    pass
class ${noun}LogHandler(logging.Handler):  #= -
    def handle(self, record): ...
class ${noun}StreamHandler(logging.StreamHandler):  #= -
    def handle(self, record): ...
class ${noun}DoneEvent(threading.Event):  #= -
    pass
class Bad${noun}Command(Exception):  #= -
    pass
class Unknown${noun}Query(KeyError):  #= -
    pass
class ${noun}Event(enum.Enum):  #= -
    CREATED = "created"
class ${noun}Kinds(str, enum.Enum):  #= -
    A = "a"
class Test${noun}Handler(TestCase):  #= -
    def run(self, result=None): ...
class Some${noun}Handler(Protocol):  #= -
    def handle(self, command): ...
class Abstract${noun}Handler(abc.ABC):  #= -
    @abc.abstractmethod
    def handle(self, command): ...
class Half${noun}Command:  #= -
    @abc.abstractmethod
    def validate(self): ...
class ${noun}Repository:  #= -
    def handle(self): ...
class ${noun}Service:  #= -
    def execute(self, command): ...
""",
    {"noun": NOUNS},
)

FRAMEWORKS = Case(
    "frameworks",
    """
=== manage.py
from $module import $base
class Import${noun}($base):  #= -
    def handle(self, *args, **options): ...
class Export${noun}Command($base):  #= -
    def run(self): ...
class Again$noun(Import$noun):  #= -
    pass
""",
    {},
)


def _frameworks() -> list[Case]:
    pairs = (
        ("django.core.management.base", "BaseCommand"),
        ("distutils.core", "Command"),
        ("setuptools", "Command"),
        ("click", "Command"),
        ("cleo.commands.command", "Command"),
        ("discord.ext.commands", "Command"),
        ("http.server", "BaseHTTPRequestHandler"),
        ("sqlalchemy.orm", "Query"),
        ("asyncio", "Event"),
        ("multiprocessing", "Event"),
        ("tkinter", "Event"),
        ("logging", "Handler"),
        ("urllib.request", "BaseHandler"),
        ("watchdog.events", "FileSystemEventHandler"),
        ("socketserver", "BaseRequestHandler"),
        ("telegram.ext", "CommandHandler"),
        ("flask.cli", "Command"),
    )
    return [
        Case(
            f"framework_{number}",
            FRAMEWORKS.text,
            {"noun": NOUNS[:2], "module": [module], "base": [base]},
        )
        for number, (module, base) in enumerate(pairs)
    ]


# ── ways to state fields: the decorator counts, whatever the class is built with ─────────

STYLES = Case(
    "styles",
    """
=== ops.py
$how
from swop import $kind as mark

@mark("styles")
$deco
class Put$noun$base:  #= $kind styles
    number: int
    note: str = ""

$deco
class Bare$noun$base:  #= -
    number: int
""",
    {},
)


def _styles() -> list[Case]:
    styles = (
        ("from dataclasses import dataclass", "@dataclass", ""),
        ("import dataclasses as dc", "@dc.dataclass(frozen=True, slots=True)", ""),
        ("from pydantic import BaseModel", "", "(BaseModel)"),
        ("import attr", "@attr.s(auto_attribs=True)", ""),
        ("from attrs import define", "@define", ""),
        ("import msgspec", "", "(msgspec.Struct)"),
        ("from typing import NamedTuple", "", "(NamedTuple)"),
        ("from typing import TypedDict", "", "(TypedDict)"),
        ("import abc", "", "(abc.ABC)"),
        ("from enum import Enum", "", "(Enum)"),
    )
    return [
        Case(
            f"style_{number}",
            STYLES.text,
            {"kind": KINDS, "noun": NOUNS[:2], "how": [how], "deco": [deco], "base": [base]},
        )
        for number, (how, deco, base) in enumerate(styles)
    ]


UNICODE = Case(
    "unicode",
    """
=== ops.py
# -*- coding: utf-8 -*-
from swop import \uff43ommand, query as frage, event as événement
@command("rechnung")
class Überweisung:  #= command rechnung
    größe: int
@frage("rechnung")
class 検索:  #= query rechnung
    n: int
@événement("rechnung")
class \u041f\u043b\u0430\u0442\u0451\u0436:  #= event rechnung
    n: int
class \u041f\u043b\u0430\u0442\u0451\u0436Handler:  #= handler $pkg
    n: int
class Äußerst:  #= -
    n: int
""",
    {"x": ("a", "b")},
)

CASES: list[Case] = [
    IMPORTS,
    ALIASED,
    REEXPORTED,
    APPLIED,
    CONTEXTS,
    PLACES,
    FOREIGN,
    UNBOUND,
    *_bases(),
    ACROSS,
    ACROSS_EVENT,
    ACROSS_QUERY,
    GENERIC,
    HANDLERS,
    *_suffixes(),
    TEMPTING,
    *_frameworks(),
    *_styles(),
    UNICODE,
]

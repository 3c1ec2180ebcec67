"""Rules about artifacts as wholes: whether they are there, where, and who handles them."""

from __future__ import annotations

from ..rules import Category, ChangeKind, Rule, Severity, Tier
from .examples import MARKS, PAY, fields, handled

_SOURCE, _WIRE, _CATALOGUE = Tier.SOURCE, Tier.WIRE, Tier.CATALOGUE
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SCHEMA, _MISSING, _UNEXPECTED = Category.SCHEMA, Category.MISSING, Category.UNEXPECTED
_META = ChangeKind.METADATA
_OTHER = "@command('shop')\nclass Other: x: int\n"


def _whole(kind: str) -> tuple[Rule, ...]:
    """The rules that a command, a query and an event each have."""
    upper, mark = kind.upper(), MARKS[kind]
    one = f"{_OTHER}{mark}\nclass Pay: amount: int"
    return (
        Rule(
            f"{upper}_REMOVED", _SOURCE, _ERROR, ChangeKind.REMOVED, _MISSING,
            f"The {kind} is gone: who sends or reads it has nothing to send or read.",
            one, _OTHER,
        ),
        Rule(
            f"{upper}_ADDED", _CATALOGUE, _INFO, ChangeKind.ADDED, _UNEXPECTED,
            f"The {kind} is new: the baseline does not know it.",
            _OTHER, one,
        ),
        Rule(
            f"{upper}_RENAMED", _SOURCE, _ERROR, ChangeKind.RENAMED, _SCHEMA,
            f"A {kind} with the same fields stands where one of another name stood.",
            one, one.replace("Pay", "Settle"),
        ),
        Rule(
            f"{upper}_MOVED_CONTEXT", _SOURCE, _ERROR, _META, _SCHEMA,
            f"The {kind} belongs to another context: its package and its routes are others.",
            one, f"{_OTHER}{mark.replace('shop', 'bank')}\nclass Pay: amount: int",
        ),
        Rule(
            f"{upper}_MOVED_MODULE", _SOURCE, _WARNING, _META, _SCHEMA,
            f"The {kind} is imported from elsewhere.",
            one, f"{_OTHER}# file: more.py\n{mark}\nclass Pay: amount: int",
        ),
    )  # fmt: skip


RULES: tuple[Rule, ...] = (
    *_whole("command"),
    *_whole("query"),
    *_whole("event"),
    Rule(
        "ARTIFACT_KIND_CHANGED", _SOURCE, _ERROR, _META, _SCHEMA,
        "A command became a query or an event, or the other way round.",
        PAY, fields("amount: int", kind="event"),
    ),
    Rule(
        "CONTEXT_REMOVED", _SOURCE, _ERROR, ChangeKind.REMOVED, _MISSING,
        "A whole context is gone.",
        f"{PAY}\n@command('bank')\nclass Book: x: int", PAY,
    ),
    Rule(
        "CONTEXT_ADDED", _CATALOGUE, _INFO, ChangeKind.ADDED, _UNEXPECTED,
        "A context is new.",
        PAY, f"{PAY}\n@command('bank')\nclass Book: x: int",
    ),
    Rule(
        "COMMAND_UNHANDLED", _SOURCE, _ERROR, _META, _MISSING,
        "The command had a handler and has none.",
        handled("Payer"), handled(),
    ),
    Rule(
        "QUERY_UNHANDLED", _SOURCE, _ERROR, _META, _MISSING,
        "The query had a handler and has none.",
        handled("Payer", kind="query"), handled(kind="query"),
    ),
    Rule(
        "EVENT_UNHANDLED", _SOURCE, _WARNING, _META, _MISSING,
        "The event had a handler and has none.",
        handled("Payer", kind="event"), handled(kind="event"),
    ),
    Rule(
        "COMMAND_HANDLED_TWICE", _SOURCE, _ERROR, _META, _UNEXPECTED,
        "The command has more than one handler.",
        handled("Payer"), handled("Payer", "Second"),
    ),
    Rule(
        "QUERY_HANDLED_TWICE", _SOURCE, _ERROR, _META, _UNEXPECTED,
        "The query has more than one handler.",
        handled("Payer", kind="query"), handled("Payer", "Second", kind="query"),
    ),
    Rule(
        "HANDLER_ADDED", _CATALOGUE, _INFO, _META, _UNEXPECTED,
        "A handler is new.",
        handled(kind="event"), handled("Payer", kind="event"),
    ),
    Rule(
        "HANDLER_REMOVED", _CATALOGUE, _WARNING, _META, _MISSING,
        "One of several handlers is gone.",
        handled("Payer", "Second", kind="event"), handled("Payer", kind="event"),
    ),
    Rule(
        "HANDLER_MOVED", _CATALOGUE, _INFO, _META, _SCHEMA,
        "The handler is another class, or stands in another file.",
        handled("Payer"), handled("Settler"),
    ),
    Rule(
        "HANDLER_METHOD_CHANGED", _CATALOGUE, _INFO, _META, _SCHEMA,
        "Another method of the handler takes the message.",
        handled("Payer"), handled("Payer", method="execute"),
    ),
    Rule(
        "HANDLER_MOVED_CONTEXT", _CATALOGUE, _WARNING, _META, _SCHEMA,
        "The handler belongs to another context.",
        handled("Payer"),
        handled("Payer").replace("(Pay)", "(Pay, context='bank')"),
    ),
    Rule(
        "EMITTED_EVENT_ADDED", _CATALOGUE, _INFO, _META, _UNEXPECTED,
        "More events follow from it.",
        f"{PAY}\n@event('shop')\nclass Paid: x: int",
        "@command('shop', emits=['Paid'])\nclass Pay: amount: int\n"
        "@event('shop')\nclass Paid: x: int",
    ),
    Rule(
        "EMITTED_EVENT_REMOVED", _CATALOGUE, _WARNING, _META, _MISSING,
        "An event does not follow from it any more: who waits for it waits in vain.",
        "@command('shop', emits=['Paid'])\nclass Pay: amount: int",
        PAY,
    ),
    Rule(
        "EMITTED_EVENT_UNKNOWN", _CATALOGUE, _WARNING, _META, _MISSING,
        "It says that it emits an event which no context has.",
        PAY, "@command('shop', emits=['Nothing'])\nclass Pay: amount: int",
    ),
    Rule(
        "BUS_ROUTE_CHANGED", _WIRE, _ERROR, _META, _SCHEMA,
        "Messages go to another exchange, stream or topic: old ones stay where nobody reads.",
        f"{PAY}\n# file: swop.yaml\nversion: 1\nbus: {{type: redis}}",
        f"{PAY}\n# file: swop.yaml\nversion: 1\nbus: {{type: kafka}}",
    ),
    Rule(
        "BUS_ROUTE_REMOVED", _WIRE, _ERROR, _META, _MISSING,
        "Messages have no route any more.",
        f"{PAY}\n# file: swop.yaml\nversion: 1\nbus: {{type: redis}}", PAY,
    ),
    Rule(
        "BUS_ROUTE_ADDED", _CATALOGUE, _INFO, _META, _UNEXPECTED,
        "Messages have a route now.",
        PAY, f"{PAY}\n# file: swop.yaml\nversion: 1\nbus: {{type: redis}}",
    ),
    Rule(
        "DETECTION_WEAKENED", _CATALOGUE, _WARNING, _META, _SCHEMA,
        "What a decorator said is only guessed now: a rename may make it vanish.",
        "@command('ops')\nclass PayCommand: amount: int\n# file: ops.py\n",
        "class PayCommand: amount: int\n# file: ops.py\n",
    ),
    Rule(
        "DETECTION_STRENGTHENED", _CATALOGUE, _INFO, _META, _SCHEMA,
        "What was guessed is now said by a decorator.",
        "class PayCommand: amount: int\n# file: ops.py\n",
        "@command('ops')\nclass PayCommand: amount: int\n# file: ops.py\n",
    ),
)  # fmt: skip

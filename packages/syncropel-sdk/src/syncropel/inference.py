"""Asking for an inference: the question's body, and finding its answer in a thread. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .errors import ArgumentTypeError, InvalidArgumentError

QUERY_KIND: Final = "infer.query.v1"
RESULT_KIND: Final = "infer.result.v1"
_DEFAULT_SHAPE: Final = {"kind": "inference.answer.v1"}
_KNOWN: Final = frozenset(
    {
        "kind", "_v", "_refs", "correlation_id", "answer", "provenance", "trust_summary",
        "cost_actual_usd", "cost_charged_but_failed_usd", "fold_function", "chosen_response_id",
        "latency_ms",
    }
)  # fmt: skip


@dataclass
class InferOptions:
    """How long to wait for an answer, where to ask, and how to hear that there is none.

    With `fail_open` a question that is refused or not answered in time is an `InferPending`
    with its `error`, as every other failure of the client is a result; without it, an exception.
    """

    wait: bool = True
    poll_interval_ms: int = 500
    poll_timeout_ms: int = 300_000
    thread: str | None = None
    fail_open: bool = False


@dataclass
class InferPending:
    """A question without an answer: not waited for, or with `error`, which says why.

    `pending` is False where none will come, because the question never arrived.
    """

    correlation_id: str
    thread_id: str
    pending: bool = True
    error: str | None = None


@dataclass
class ProvenanceEntry:
    """One responder's share in an answer."""

    responder_did: str
    response_record_id: str
    weight: float
    match_level: str
    trust_at_dispatch: float


@dataclass
class TrustSummary:
    """How far the contributors of an answer were trusted."""

    mean: float = 0.0
    min: float = 0.0
    max: float = 0.0
    n_contributors: int = 0


@dataclass
class InferResult:
    """An answer; `extra` holds what newer servers add."""

    answer: Any = None
    provenance: list[ProvenanceEntry] = field(default_factory=list)
    trust_summary: TrustSummary = field(default_factory=TrustSummary)
    cost_actual_usd: float = 0.0
    cost_charged_but_failed_usd: float = 0.0
    fold_function: str = ""
    chosen_response_id: str | None = None
    know_record_id: str = ""
    thread_id: str = ""
    latency_ms: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def build_infer_input(input_: dict[str, Any]) -> dict[str, Any]:
    """Return the question's input as its own copy.

    Raises:
        ArgumentTypeError: it is no dictionary.
    """
    if not isinstance(input_, dict):
        raise ArgumentTypeError(
            f"infer input must be a dict, got {type(input_).__name__}", field="input"
        )
    return dict(input_)


def build_infer_query_body(request: dict[str, Any]) -> dict[str, Any]:
    """Return the body of an `infer.query.v1` record.

    The request needs `input`, `responders` (at least one predicate) and `fold` (with its
    `function`); `answer_shape` and `metadata` go along.
    """
    if not isinstance(request, dict):
        raise ArgumentTypeError(
            f"infer request must be a dict, got {type(request).__name__}", field="request"
        )
    responders, fold = request.get("responders"), request.get("fold")
    if not isinstance(responders, list) or not responders:
        raise InvalidArgumentError(
            "infer request requires at least one responder predicate", field="responders"
        )
    if not isinstance(fold, dict) or not fold.get("function"):
        raise InvalidArgumentError(
            "infer request requires a fold spec with a 'function' field", field="fold"
        )
    body = {
        "kind": QUERY_KIND,
        "input": build_infer_input(request.get("input")),  # type: ignore[arg-type]
        "answer_shape": request.get("answer_shape") or dict(_DEFAULT_SHAPE),
        "responders": responders,
        "fold": fold,
    }
    if request.get("metadata"):
        body["metadata"] = request["metadata"]
    return body


def find_infer_result(
    records: Iterable[Mapping[str, Any]], correlation_id: str
) -> InferResult | None:
    """Find the answer to a question among the records of its thread."""
    for record in records:
        body = record.get("body")
        if (
            isinstance(body, Mapping)
            and body.get("kind") == RESULT_KIND
            and body.get("correlation_id") == correlation_id
        ):
            return _result(record, body)
    return None


def _result(record: Mapping[str, Any], body: Mapping[str, Any]) -> InferResult:
    provenance = body.get("provenance")
    chosen, latency = body.get("chosen_response_id"), body.get("latency_ms")
    return InferResult(
        answer=body.get("answer"),
        provenance=[
            _provenance(entry)
            for entry in (provenance if isinstance(provenance, list) else [])
            if isinstance(entry, Mapping)
        ],
        trust_summary=_trust(body.get("trust_summary")),
        cost_actual_usd=_number(body.get("cost_actual_usd")),
        cost_charged_but_failed_usd=_number(body.get("cost_charged_but_failed_usd")),
        fold_function=_text(body.get("fold_function")),
        chosen_response_id=chosen if isinstance(chosen, str) else None,
        know_record_id=_text(record.get("id")),
        thread_id=_text(record.get("thread")),
        latency_ms=None if latency is None else _number(latency),
        extra={name: value for name, value in body.items() if name not in _KNOWN},
    )


def _provenance(entry: Mapping[str, Any]) -> ProvenanceEntry:
    return ProvenanceEntry(
        _text(entry.get("responder_did")),
        _text(entry.get("response_record_id")),
        _number(entry.get("weight")),
        _text(entry.get("match_level")),
        _number(entry.get("trust_at_dispatch")),
    )


def _trust(value: object) -> TrustSummary:
    if not isinstance(value, Mapping):
        return TrustSummary()
    return TrustSummary(
        _number(value.get("mean")),
        _number(value.get("min")),
        _number(value.get("max")),
        int(_number(value.get("n_contributors"))),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

"""The doors that take records: one, or a batch."""

from collections.abc import Sequence
from typing import Any

from .check import Refusal, parse_json
from .machine import Admission, Ingested, Kernel
from .requests import BadParameterError, Intake, Reply, Request, refused


def emit(kernel: Kernel, request: Request, admit: Admission) -> Intake | Reply:
    """POST /v1/records."""
    record = parse_json(request.body)
    if isinstance(record, Refusal):
        return refused(record)
    return Intake([kernel.judge(record, admit=admit)], _finish_one)


def batch(kernel: Kernel, request: Request, admit: Admission) -> Intake | Reply:
    """POST /v1/records/batch."""
    body = parse_json(request.body)
    if isinstance(body, Refusal):
        return refused(body)
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not records:
        raise BadParameterError('a batch is {"records": [record, …]}')
    if len(records) > kernel.limits.batch_records:
        return refused(
            Refusal(413, "BATCH_TOO_LARGE", f"at most {kernel.limits.batch_records} records")
        )
    return Intake([kernel.judge(record, admit=admit) for record in records], _finish_batch)


def _finish_one(outcomes: Sequence[Ingested | Refusal]) -> Reply:
    [outcome] = outcomes
    if isinstance(outcome, Refusal):
        return refused(outcome)
    if outcome.created:
        return Reply(201, outcome.record)
    return Reply(200, {**outcome.record, "status": "known"})


def _finish_batch(outcomes: Sequence[Ingested | Refusal]) -> Reply:
    results = [_result(index, outcome) for index, outcome in enumerate(outcomes)]
    return Reply(200, {"object": "batch", "results": results})


def _result(index: int, outcome: Ingested | Refusal) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"index": index, "http_status": outcome.status, **outcome.to_dict()}
    record = outcome.record
    return {
        "index": index,
        "id": record["id"],
        "sequence": record["sequence"],
        "status": "created" if outcome.created else "known",
    }

"""Every documented door, as a function from a request to a reply.

Whatever carries HTTP (the mock's transport, an ASGI program, a test server) hands requests in
and writes replies out; the answers themselves are decided here, once.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from ..errors import FilterError, StoreError
from . import reads, writes
from .check import Refusal
from .machine import Admission, Kernel, everybody_is_welcome
from .requests import BadParameterError, Intake, Reply, Request, refused
from .trouble import refusal_of

ReadDoor = Callable[[Kernel, Request, str], Reply]
WriteDoor = Callable[[Kernel, Request, Admission], Intake | Reply]

WRITES: Final[dict[str, WriteDoor]] = {
    "/v1/records": writes.emit,
    "/v1/records/batch": writes.batch,
}
READS: Final[dict[str, dict[str, ReadDoor]]] = {
    "/health": {"GET": reads.health},
    "/v1/capabilities": {"GET": reads.capabilities},
    "/v1/records": {"GET": reads.records},
    "/v1/records/query": {"POST": reads.rich_query},
    "/v1/records/search": {"POST": reads.search},
    "/v1/records/*": {"GET": reads.record},
    "/v1/threads": {"GET": reads.threads},
    "/v1/threads/*/records": {"GET": reads.thread_records},
    "/v1/threads/*/state": {"GET": reads.thread_state},
    "/v1/threads/*/watch": {"GET": reads.watch},
    "/v1/sync/changes": {"GET": reads.changes},
}


def answer(kernel: Kernel, request: Request) -> Reply:
    """Answer a request; every fault of the caller's is a documented error object."""
    prepared = prepare(kernel, request)
    if isinstance(prepared, Reply):
        return prepared
    return prepared.finish(kernel.commit(prepared.judged))


def prepare(
    kernel: Kernel, request: Request, *, admit: Admission = everybody_is_welcome
) -> Intake | Reply:
    """Answer a request that reads; of one that writes, do all but the writing.

    `admit` is what this caller may write.
    """
    if len(request.body) > kernel.limits.batch_bytes:
        return refused(Refusal(413, "BODY_TOO_LARGE", f"at most {kernel.limits.batch_bytes} bytes"))
    shape, argument = shape_of(request.method, request.path)
    try:
        if request.method == "POST" and shape in WRITES:
            return WRITES[shape](kernel, request, admit)
        door = READS.get(shape, {}).get(request.method)
        return _no_door(request, shape) if door is None else door(kernel, request, argument)
    except (BadParameterError, FilterError) as error:
        return refused(Refusal(400, "INVALID_QUERY", str(error)))
    except StoreError as error:
        return refused(refusal_of(error))


def shape_of(method: str, path: str) -> tuple[str, str]:
    """Return a path with its argument replaced by a star, and the argument."""
    parts = path.strip("/").split("/")
    if len(parts) == 4 and parts[:2] == ["v1", "threads"]:
        return f"/v1/threads/*/{parts[3]}", unquote(parts[2])
    if len(parts) == 3 and parts[:2] == ["v1", "records"] and method == "GET":
        return "/v1/records/*", unquote(parts[2])
    return "/" + "/".join(parts), ""


def _no_door(request: Request, shape: str) -> Reply:
    allowed = set(READS.get(shape, ())) | ({"POST"} if shape in WRITES else set())
    if allowed:
        return refused(
            Refusal(405, "METHOD_NOT_ALLOWED", f"this door takes {', '.join(sorted(allowed))}")
        )
    return refused(Refusal(404, "NOT_FOUND", f"there is no door {request.path[:200]}"))

"""Every fault as an error object with its status; none as a traceback."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from .errors import ApiError, BadRequestError, InternalError, MethodError, NotFoundError

log = logging.getLogger(__name__)
_TAG = re.compile(r"[\[\]()\s<>-]|^(str|int|float|bool|list|tuple|dict|constrained.*|[A-Z]\w*)$")


def install(app: FastAPI) -> None:
    """Make an app answer with error objects alone."""
    app.add_exception_handler(ApiError, _api)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answer(error: ApiError) -> JSONResponse:
    """The response for an error."""
    return JSONResponse(error.body(), error.status, headers=error.headers())


async def _api(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    request.scope.setdefault("state", {}).setdefault("told", {})["error"] = error.code or error.kind
    return answer(error)


async def _validation(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return answer(_told(error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    path, method = request.url.path, request.method
    if error.status_code == 404:
        told: ApiError = NotFoundError(f"there is nothing at {method} {path}", code="unknown_url")
    elif error.status_code == 405:
        told = MethodError(f"{path} does not take {method}", code="method_not_allowed")
    else:
        told = BadRequestError(str(error.detail))
    response = answer(told)
    response.headers.update(error.headers or {})
    return response


async def _unexpected(request: Request, error: Exception) -> Response:
    identifier = request.scope.get("state", {}).get("request_id", "")
    log.error("request %s failed", identifier, exc_info=error)
    return answer(InternalError(f"the server failed; its log has more under {identifier}"))


def _told(errors: Sequence[Any]) -> BadRequestError:
    """The most specific of a request's faults, in one line.

    Where a value may be of several types, each type has its own complaint; the one that got
    furthest is what was meant.
    """
    first = max(errors, key=lambda error: len(_path(error["loc"])))
    path = _path(first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    name, colon, rest = message.partition(": ")
    if not path and colon and name.isidentifier():
        path, message = [name], rest
    where = _written(path)
    return BadRequestError(
        f"{where}: {message}" if where else message,
        code=None if first["type"] == "value_error" else str(first["type"]),
        param=where or None,
    )


def _path(location: Sequence[int | str]) -> list[int | str]:
    """The location without pydantic's names of types."""
    return [part for part in location[1:] if isinstance(part, int) or not _TAG.search(part)]


def _written(path: Sequence[int | str]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text

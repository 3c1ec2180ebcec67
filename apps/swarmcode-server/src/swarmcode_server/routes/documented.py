"""What the OpenAPI document says of answers: errors have one shape, and answers have examples."""

from __future__ import annotations

from typing import Any

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


def error(description: str) -> dict[str, Any]:
    """An answer that is an error object."""
    return {"description": description, "content": {"application/json": {"schema": _ERROR}}}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: error("The request is wrong."),
    401: error("A key is missing or not known."),
    403: error("The key may not do this."),
    404: error("There is no such model."),
    405: error("The path is there, the method is not."),
    408: error("The request did not arrive in time."),
    413: error("The request is too large."),
    429: error("The key's limit is reached; see `retry-after`."),
    500: error("A fault of the server."),
    502: error("The model or the upstream failed."),
    503: error("The server is full or stopping; see `retry-after`."),
    504: error("The model or the upstream took too long."),
}


def _answer(example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": "The answer; events where `stream` is true.",
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": example},
            "text/event-stream": {"schema": {"type": "string"}},
        },
    }


_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
_HEAD = {"created": 1_790_000_000, "model": "my-model"}
CHAT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            **_HEAD,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Hello!", "refusal": None},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": _USAGE,
        }
    ),
    **ERRORS,
}
COMPLETION_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer(
        {
            "id": "cmpl-1",
            "object": "text_completion",
            **_HEAD,
            "choices": [
                {"index": 0, "text": " return a + b", "logprobs": None, "finish_reason": "length"}
            ],
            "usage": _USAGE,
        }
    ),
    **ERRORS,
}
RESPONSE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer(
        {
            "id": "resp_1",
            "object": "response",
            "status": "completed",
            "model": "my-model",
            "output": [
                {
                    "id": "msg_1_0",
                    "type": "message",
                    "status": "completed",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "Hello!", "annotations": []}],
                }
            ],
            "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12},
        }
    ),
    **ERRORS,
}
MODEL_ANSWERS: dict[int | str, dict[str, Any]] = {
    401: ERRORS[401],
    403: ERRORS[403],
    404: ERRORS[404],
}

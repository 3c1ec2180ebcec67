"""The errors of swarmcode-server, drawn as a tree.

ServerError                      everything that swarmcode-server raises on purpose
├── SettingsError                a setting that cannot be used (.field); also a ValueError
├── MissingExtraError            a library that comes with an extra is not installed (.command)
├── LoadError                    a model or an adapter that cannot be loaded (.name)
│   └── AdapterRefusedError      an adapter that is not what its signer published, or is unsafe
└── ApiError                     what a client is told: .status, .kind, .code, .param, .retry_after
    ├── BadRequestError          400: the request itself is wrong
    │   └── ContextLengthError   the prompt is longer than the model's context
    ├── NoKeyError               401: no key, or one that is not known
    ├── ForbiddenError           403: the key may not do this
    ├── NotFoundError            404: no such model, tool, response or path
    ├── MethodError              405: the path is there, the method is not
    ├── SlowRequestError         408: the request did not arrive in time
    ├── TooLargeError            413: the request is larger than the limit
    ├── RateLimitError           429: too many requests or tokens for this key
    ├── InternalError            500: a fault of the server; the request id finds it in the log
    ├── EngineFailedError        502: the model or the upstream failed
    ├── UnavailableError         503: draining, still loading, full, or no upstream is healthy
    └── EngineTimeoutError       504: the model or the upstream took too long
"""

from __future__ import annotations

from typing import Any, ClassVar


class ServerError(Exception):
    """Catch this to catch whatever swarmcode-server raises on purpose."""


class SettingsError(ServerError, ValueError):
    """A setting that cannot be used."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        super().__init__(f"{field}: {problem}")


class MissingExtraError(ServerError):
    """A feature needs a library that an extra of this package brings."""

    def __init__(self, feature: str, *, extra: str) -> None:
        self.feature = feature
        self.command = f"pip install 'swarmcode-server[{extra}]'"
        super().__init__(f"{feature} needs an extra: {self.command}")


class LoadError(ServerError):
    """A model or an adapter that cannot be loaded."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        super().__init__(f"{name}: {problem}")


class AdapterRefusedError(LoadError):
    """An adapter that is not what its signer published, or that is unsafe to load."""


class ApiError(ServerError):
    """What a client is told, in the shape that OpenAI's clients read."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "server_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.param = message, code, param
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The error object."""
        told = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": told}

    def headers(self) -> dict[str, str]:
        """The headers that clients act on."""
        if self.retry_after is None:
            return {}
        return {"retry-after": str(max(1, round(self.retry_after)))}


class BadRequestError(ApiError):
    """The request itself is wrong."""

    status, kind = 400, "invalid_request_error"


class ContextLengthError(BadRequestError):
    """The prompt is longer than the model's context."""

    def __init__(self, tokens: int, most: int) -> None:
        self.tokens, self.most = tokens, most
        super().__init__(
            f"the prompt has {tokens} tokens, and this model's context is {most}: shorten it",
            code="context_length_exceeded",
            param="messages",
        )


class NoKeyError(ApiError):
    """No key, or one that is not known."""

    status, kind = 401, "authentication_error"

    def __init__(self, message: str) -> None:
        super().__init__(message, code="invalid_api_key")

    def headers(self) -> dict[str, str]:
        """Say how to authenticate."""
        return {"www-authenticate": "Bearer"}


class ForbiddenError(ApiError):
    """The key may not do this."""

    status, kind = 403, "permission_error"


class NotFoundError(ApiError):
    """No such model, tool, response or path."""

    status, kind = 404, "invalid_request_error"


class MethodError(ApiError):
    """The path is there, the method is not."""

    status, kind = 405, "invalid_request_error"


class SlowRequestError(ApiError):
    """The request did not arrive in time."""

    status, kind = 408, "invalid_request_error"


class TooLargeError(ApiError):
    """The request is larger than the limit."""

    status, kind = 413, "invalid_request_error"


class RateLimitError(ApiError):
    """Too many requests or tokens for this key."""

    status, kind = 429, "rate_limit_error"


class InternalError(ApiError):
    """A fault of the server."""


class EngineFailedError(ApiError):
    """The model or the upstream failed."""

    status = 502


class UnavailableError(ApiError):
    """Draining, still loading, full, or no upstream is healthy."""

    status = 503


class EngineTimeoutError(ApiError):
    """The model or the upstream took too long."""

    status = 504

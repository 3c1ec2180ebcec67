"""Asking a server, for commands that read: one question, one answer or one clear error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from syncropel.nesting import read_json

from .errors import RemoteError

Record = dict[str, Any]
_PAGE = 500


class Remote:
    """A server's doors, as far as commands need them."""

    def __init__(self, http: httpx.Client, endpoint: str) -> None:
        self._http = http
        self._endpoint = endpoint

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what a door answers.

        Raises:
            RemoteError: it did not answer, refused, or is no kernel.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        return self._answer("GET", path, params=given)

    def post(self, path: str, value: Any) -> Any:
        """Return what a door answers to a JSON value."""
        return self._answer("POST", path, json=value)

    def everything(self, *, thread: str | None = None) -> Iterator[Record]:
        """Visit all records by ascending sequence."""
        cursor = "0"
        while True:
            page = self.get("/v1/sync/changes", since=cursor, limit=_PAGE, thread=thread)
            yield from (entry["record"] for entry in page["records"])
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise RemoteError(
                f"no answer ({reason}); is `syncropel serve` running?", endpoint=self._endpoint
            ) from error
        try:
            value = read_json(response.content)
        except (ValueError, RecursionError):
            raise RemoteError(
                f"answered {response.status_code} without JSON; this is no kernel",
                endpoint=self._endpoint,
            ) from None
        if response.is_success and isinstance(value, dict):
            return value
        said = value if isinstance(value, dict) else {}
        code, message = str(said.get("code", "")), str(said.get("message", ""))
        raise RemoteError(
            f"{response.status_code} {code}: {message}"[:500], endpoint=self._endpoint, code=code
        )


@contextmanager
def asking(endpoint: str, api_key: str | None) -> Iterator[Remote]:
    """Open a connection for one command."""
    headers = {"x-api-key": api_key} if api_key else {}
    try:
        http = httpx.Client(base_url=endpoint, headers=headers, timeout=60.0)
    except (httpx.InvalidURL, ValueError) as error:
        raise RemoteError(f"is no address: {error}", endpoint=endpoint) from error
    with http:
        yield Remote(http, endpoint)

"""A tree on a web server that lets files be read and written: WebDAV, with entity tags.

PUT and DELETE carry the entity tag that was read (`If-Match`, `If-None-Match`); folders are made
with MKCOL and listed with PROPFIND. Many servers make entity tags of a coarse clock and check
them before they write, not while. So a commit locks the tree (LOCK), and compares the content
itself; on a server without locks two writers within one tick of its clock can miss each other.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import threading
import time
import weakref
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote, urlsplit

from ..errors import LockTimeoutError, StorageError, WrongKindError
from .contract import Change, Entry, Expected, Stored, Token
from .filesystem.signatures import token_of
from .per_object import MovedError, PerObjectStorage

_PROPFIND = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'
_LOCK = (
    b'<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
    b"<locktype><write/></locktype><owner>worktree</owner></lockinfo>"
)
_LOCK_SECONDS = 60
_DAV = "{DAV:}"
_MISSING = {404, 410}


class HttpStorage(PerObjectStorage):
    """Files below an http:// or https:// address.

    A user and password may stand in the address (`https://ann:secret@host/tree`); they are sent
    with every request, and never shown. Redirects are not followed.
    """

    def __init__(
        self,
        url: str,
        *,
        partial_commits: bool = False,
        timeout: float = 30.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(partial_commits=partial_commits, folders=True)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise StorageError(f"{url!r} is no http:// or https:// address")
        self._is_secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/")
        self._headers = {**_authorization(parts.username, parts.password), **(headers or {})}
        self._timeout = timeout
        self._shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self._base}"
        self._local = threading.local()
        self._idle: list[http.client.HTTPConnection] = []
        weakref.finalize(self, _close_all, self._idle)

    def apply(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Check and change under a lock of the whole tree, where the server has locks."""
        self._make_root()
        self._local.lock = self._lock()
        try:
            return super().apply(changes, expected)
        finally:
            self._unlock()

    def get_object(self, key: str) -> Stored | None:
        """GET; the token is a digest of the content."""
        return self._fetch(key)[0]

    def put_object(self, key: str, data: bytes, current: Stored | None) -> Token:
        """PUT, where the server still has what is expected."""
        condition = self._condition(key, current)
        status, _, _ = self._ask("PUT", key, body=data, headers=condition)
        self._expect(status, {200, 201, 204}, key)
        return token_of(data)

    def delete_object(self, key: str, current: Stored) -> None:
        """DELETE, where the server still has what is expected."""
        condition = self._condition(key, current)
        status, _, _ = self._ask("DELETE", key, headers=condition)
        self._expect(status, {200, 202, 204}, key)

    def list_folder(self, folder: str) -> list[Entry] | None:
        """PROPFIND, one level deep."""
        status, _, body = self._ask(
            "PROPFIND",
            f"{folder}/" if folder else "",
            body=_PROPFIND,
            headers={"Depth": "1", "Content-Type": "application/xml"},
        )
        if status in _MISSING:
            return None
        self._expect(status, {207}, folder)
        return self._entries_of(folder, body)

    def make_folder(self, key: str) -> None:
        """MKCOL; somebody else may have been faster."""
        status, _, _ = self._ask("MKCOL", f"{key}/")
        self._expect(status, {201, 405}, key)

    def delete_folder(self, key: str) -> None:
        """DELETE of a folder."""
        status, _, _ = self._ask("DELETE", f"{key}/")
        self._expect(status, {200, 202, 204, *_MISSING}, key)

    def locate(self, key: str) -> str:
        """The address, without the user and password."""
        return f"{self._shown}/{key}" if key else self._shown

    def _fetch(self, key: str) -> tuple[Stored | None, str]:
        """An object, and the server's tag of it."""
        status, headers, body = self._ask("GET", key)
        if status in _MISSING:
            return None, ""
        if headers.get("location", "").endswith("/"):
            raise WrongKindError(
                "an object was expected, a folder found", location=self.locate(key)
            )
        self._expect(status, {200}, key)
        return Stored(body, token_of(body)), headers.get("etag", "")

    def _condition(self, key: str, expected: Stored | None) -> dict[str, str]:
        """The header that holds a write to what is there now, which must be what is expected."""
        found, tag = self._fetch(key)
        if (found and found.token) != (expected and expected.token):
            raise MovedError("it was changed meanwhile", location=self.locate(key))
        if found is None:
            return {"If-None-Match": "*"}
        return {"If-Match": tag} if tag else {}

    def _entries_of(self, folder: str, body: bytes) -> list[Entry] | None:
        if b"<!DOCTYPE" in body:
            raise StorageError("the server's listing has a document type; it is not read")
        try:
            responses = ET.fromstring(body).findall(f"{_DAV}response")  # noqa: S314 — see above.
        except ET.ParseError as error:
            raise StorageError(
                f"the server's listing cannot be read: {error}", location=self.locate(folder)
            ) from error
        here = f"{self._base}/{folder}".rstrip("/")
        entries = []
        for response in responses:
            path = unquote(urlsplit(response.findtext(f"{_DAV}href", "")).path).rstrip("/")
            is_folder = response.find(f".//{_DAV}collection") is not None
            if path == here and not is_folder and folder:
                return None
            if path != here:
                name = path.rpartition("/")[2]
                entries.append(Entry(name, "folder" if is_folder else "object"))
        return entries

    def _expect(self, status: int, good: set[int], key: str) -> None:
        if status in good:
            return
        if status == 412:
            raise MovedError("it was changed meanwhile", location=self.locate(key))
        if status == 405:
            raise WrongKindError(
                "the server takes this for something else", location=self.locate(key)
            )
        reason = http.client.responses.get(status, "")
        hint = "check the address" if status < 500 else "look at the server's log"
        if status in {401, 403}:
            hint = "check the user, the password and the permissions"
        raise StorageError(
            f"the server answered {status} {reason}", location=self.locate(key), hint=hint
        )

    # ── locks ─────────────────────────────────────────────────────────────────────────

    def _lock(self) -> str:
        """Lock the tree; "" where the server has no locks. A lock left behind times out."""
        deadline = time.monotonic() + self._timeout
        headers = {"Depth": "infinity", "Timeout": f"Second-{_LOCK_SECONDS}"}
        while True:
            status, got, _ = self._ask("LOCK", "", body=_LOCK, headers=headers)
            if status in {405, 501}:
                return ""
            if status != 423:
                self._expect(status, {200, 201}, "")
                return got.get("lock-token", "")
            if time.monotonic() > deadline:
                raise LockTimeoutError(
                    f"somebody else holds the lock for more than {self._timeout} s",
                    location=self._shown,
                    hint=f"a lock that was left behind ends after {_LOCK_SECONDS} s",
                )
            time.sleep(0.02)

    def _unlock(self) -> None:
        lock, self._local.lock = self._local.lock, ""
        if lock:
            self._ask("UNLOCK", "", headers={"Lock-Token": lock})

    def _make_root(self) -> None:
        if self.list_folder("") is None:
            status, _, _ = self._ask("MKCOL", "")
            self._expect(status, {201, 405}, "")

    # ── requests ──────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Close the connections that are idle; the next request opens a new one."""
        _close_all(self._idle)

    def _ask(
        self, method: str, key: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request; where an idle connection turns out to be closed, a new one is tried."""
        target = quote(f"{self._base}/{key}") or "/"
        sent = {**self._headers, **(headers or {})}
        lock = getattr(self._local, "lock", "")
        if lock and method not in {"GET", "PROPFIND", "UNLOCK"}:
            sent["If"] = f"<{quote(self._base) or '/'}> ({lock})"
        try:
            connection = self._idle.pop()
        except IndexError:  # None is left: several threads may ask at once.
            connection = None
        if connection is not None and method in {"GET", "PROPFIND"}:
            try:
                return self._exchange(connection, method, target, body, sent)
            except (http.client.HTTPException, OSError):
                connection = None
        try:
            return self._exchange(connection or self._connect(), method, target, body, sent)
        except (http.client.HTTPException, OSError) as error:
            raise StorageError(
                f"the server cannot be reached: {error}",
                location=self.locate(key),
                hint="check that it runs, and the address",
            ) from error

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            connection.request(method, target, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        got = {name.lower(): value for name, value in response.getheaders()}
        return response.status, got, content

    def _connect(self) -> http.client.HTTPConnection:
        if not self._is_secure:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout, context=context
        )


def _close_all(connections: list[http.client.HTTPConnection]) -> None:
    while connections:
        connections.pop().close()


def _authorization(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    secret = base64.b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode()
    return {"Authorization": f"Basic {secret}"}

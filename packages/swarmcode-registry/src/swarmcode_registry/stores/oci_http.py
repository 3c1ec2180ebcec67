"""The part of the OCI distribution protocol that a store needs, over httpx.

Uploads and downloads that break off are resumed where the registry says it stopped, a few times
in one call; where a folder for upload sessions is given, also by the next process. An upload is
resumed after its last whole chunk, by registries that keep one that broke off within a chunk; the
common open-source registry (version 2) forgets that one, and its file is sent from the beginning.
"""

import base64
import hashlib
import re
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from .._extras import extra
from ..canonical import read_json
from ..errors import ManifestError, NotFoundError, StoreError, TransferError
from ..files import write_atomically
from ..progress import OnProgress, Progress
from .modelpack import OCI_MANIFEST
from .protocol import Blob

ATTEMPTS = 5
LARGEST_ANSWER = 16 << 20
BLOCK = 1 << 18
CHUNK = 16 << 20
_LOOPBACK = re.compile(r"^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$")

ReadPart = Callable[[int, int], bytes]


class Registry:
    """One registry, by its host. Plain HTTP is spoken with this machine only."""

    def __init__(
        self,
        host: str,
        *,
        credentials: tuple[str, str] | None = None,
        sessions: Path | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.host = host
        self._httpx = extra("httpx", extra="oci", feature="an OCI registry")
        self._base = f"{'http' if _LOOPBACK.match(host) else 'https'}://{host}"
        self._client = self._httpx.Client(timeout=60.0, headers={"User-Agent": "swarmcode"})
        weakref.finalize(self, self._client.close)  # a store has no end of its own
        self._credentials = credentials
        self._authorization: dict[str, str] = {}
        self._sessions = sessions
        self._open_sessions: dict[str, str] = {}
        self._pause = pause

    # ── manifests and tags ────────────────────────────────────────────────────────────────────

    def get_manifest(self, repository: str, reference: str) -> bytes | None:
        """Return a manifest's bytes, or None where there is none."""
        url = f"/v2/{repository}/manifests/{reference}"
        answer = self._ask("GET", url, headers={"Accept": OCI_MANIFEST}, accept={200, 404})
        if answer.status_code == 404:
            return None
        data: bytes = answer.content
        promised = answer.headers.get("Docker-Content-Digest")
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if promised not in {None, digest}:
            raise StoreError(f"{self.host} promises {promised} for {reference} and sends {digest}")
        return data

    def put_manifest(self, repository: str, reference: str, data: bytes) -> None:
        """Put a manifest under a tag; what it lists must be there."""
        url = f"/v2/{repository}/manifests/{reference}"
        headers = {"Content-Type": OCI_MANIFEST}
        self._ask("PUT", url, headers=headers, content=data, accept={200, 201, 202})

    def tags(self, repository: str) -> list[str] | None:
        """Return every tag of a repository, or None where there is no such repository."""
        return self._pages(f"/v2/{repository}/tags/list?n=1000", "tags")

    def repositories(self) -> list[str]:
        """Return the names of the repositories, where the registry tells them."""
        return self._pages("/v2/_catalog?n=1000", "repositories") or []

    # ── blobs ─────────────────────────────────────────────────────────────────────────────────

    def has_blob(self, repository: str, blob: Blob) -> bool:
        """Say whether a blob is there, in its full length."""
        url = f"/v2/{repository}/blobs/{blob.digest}"
        answer = self._ask("HEAD", url, accept={200, 404})
        length = answer.headers.get("Content-Length", str(blob.size))
        there = bool(answer.status_code == 200 and length == str(blob.size))
        if there:
            self._forget_session(blob)  # of a process that ended before it could
        return there

    def get_blob(self, repository: str, digest: str, start: int) -> Iterator[bytes]:
        """Yield a blob from an offset on, resuming a few times if the connection breaks."""
        url, done, problem = f"/v2/{repository}/blobs/{digest}", start, ""
        for attempt in range(ATTEMPTS):
            self._pause(0.1 * attempt)
            headers = {"Range": f"bytes={done}-", "Accept-Encoding": "identity"} if done else {}
            try:
                with self._stream(url, headers) as answer:
                    if done and answer.status_code == 200:
                        raise StoreError(f"{self.host} does not send parts of blobs: start anew")
                    for block in answer.iter_raw(BLOCK):
                        done += len(block)
                        yield block
                return
            except self._httpx.TransportError as error:
                problem = str(error) or type(error).__name__
        raise TransferError(
            f"{self.host} broke off {digest} at byte {done} ({problem}): run it again to go on"
        )

    def put_blob(
        self, repository: str, blob: Blob, read: ReadPart, on_progress: OnProgress
    ) -> None:
        """Send a blob in chunks, going on where the registry says that an upload stopped.

        Progress is told when the registry has a chunk, not when it was sent.
        """
        problem = ""
        for attempt in range(ATTEMPTS):
            self._pause(0.1 * attempt)
            try:
                location, done = self._session(repository, blob)
                while done < blob.size:
                    chunk = read(done, CHUNK)
                    location = self._send(location, blob, chunk, done)
                    done += len(chunk)
                    on_progress(Progress("upload", blob.path, len(chunk), blob.size))
                self._close(location, blob)
                return
            except self._httpx.TransportError as error:
                problem = str(error) or type(error).__name__
        raise TransferError(
            f"{self.host} broke off {blob.path} ({problem}): publish again to go on"
        )

    def _session(self, repository: str, blob: Blob) -> tuple[str, int]:
        """Return the address of an upload, and how much of the blob it has already."""
        known = self._open_sessions.get(blob.sha256) or self._stored_session(blob)
        if known is not None and (resumed := self._received(known)) is not None:
            return resumed
        url = f"/v2/{repository}/blobs/uploads/"
        answer = self._try("POST", url, headers={"Content-Length": "0"}, accept={202})
        return self._keep_session(blob, answer), 0

    def _received(self, location: str) -> tuple[str, int] | None:
        """Return where an upload goes on and from which byte; None where it is forgotten."""
        answer = self._try("GET", location, accept={204, 400, 404, 416})
        found = re.fullmatch(r"(?:bytes=)?0-(\d+)", answer.headers.get("Range", ""))
        if answer.status_code != 204 or not found or found.group(1) == "0":
            return None
        return self._location(answer) if "Location" in answer.headers else location, (
            int(found.group(1)) + 1
        )

    def _send(self, location: str, blob: Blob, chunk: bytes, start: int) -> str:
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"{start}-{start + len(chunk) - 1}",
        }
        answer = self._try("PATCH", location, headers=headers, content=chunk, accept={202})
        return self._keep_session(blob, answer)

    def _close(self, location: str, blob: Blob) -> None:
        glue = "&" if urlsplit(location).query else "?"
        url = f"{location}{glue}digest={blob.digest}"
        answer = self._try("PUT", url, headers={"Content-Length": "0"}, accept={201, 204, 400})
        self._forget_session(blob)
        if answer.status_code == 400:
            raise TransferError(
                f"{self.host} refused {blob.path}: it is not the one that was hashed; publish it "
                "again"
            )

    def _keep_session(self, blob: Blob, answer: Any) -> str:
        location = self._location(answer)
        self._open_sessions[blob.sha256] = location
        if self._sessions is not None:
            write_atomically(self._sessions / blob.sha256, location.encode())
        return location

    def _stored_session(self, blob: Blob) -> str | None:
        if self._sessions is None or not (path := self._sessions / blob.sha256).is_file():
            return None
        location = path.read_text(encoding="ascii", errors="replace")
        return location if location.startswith(f"{self._base}/") else None

    def _forget_session(self, blob: Blob) -> None:
        self._open_sessions.pop(blob.sha256, None)
        if self._sessions is not None:
            (self._sessions / blob.sha256).unlink(missing_ok=True)

    def _location(self, answer: Any) -> str:
        return self._ours(str(answer.headers.get("Location", "")))

    def _ours(self, url: str) -> str:
        """Return an address in full; a registry may not send our credentials to another host."""
        whole = urljoin(f"{self._base}/", url)
        if urlsplit(whole)[:2] != urlsplit(self._base)[:2]:
            raise StoreError(f"{self.host} sends elsewhere, to {urlsplit(whole).netloc!r}")
        return whole

    # ── asking ────────────────────────────────────────────────────────────────────────────────

    def _pages(self, url: str, field: str) -> list[str] | None:
        found: list[str] = []
        while url:
            answer = self._ask("GET", url, accept={200, 404})
            if answer.status_code == 404:
                return None
            found += _texts(self.host, answer.content, field)
            url = str(answer.links.get("next", {}).get("url", ""))
            if (
                url
                and urlsplit(urljoin(f"{self._base}/", url)).netloc != urlsplit(self._base).netloc
            ):
                raise StoreError(f"{self.host} continues its list elsewhere: {url}")
        return found

    def _ask(
        self,
        method: str,
        url: str,
        *,
        accept: set[int],
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Any:
        """Ask, and explain a connection that fails."""
        try:
            return self._try(method, url, accept=accept, headers=headers, content=content)
        except self._httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise StoreError(f"no registry answers at {self.host}: {reason}") from error

    def _try(
        self,
        method: str,
        url: str,
        *,
        accept: set[int],
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Any:
        """Ask, once more with credentials if the registry wants some; refuse a wrong answer."""
        target = urljoin(f"{self._base}/", url)
        sent = dict(headers or {})
        answer = self._client.request(
            method, target, headers=sent | self._authorization, content=content
        )
        if answer.status_code == 401 and self._log_in(answer):
            answer = self._client.request(
                method, target, headers=sent | self._authorization, content=content
            )
        return self._accepted(answer, accept)

    @contextmanager
    def _stream(self, url: str, headers: Mapping[str, str]) -> Iterator[Any]:
        """Open a blob to read; a registry may send elsewhere for it, without our credentials."""
        with self._client.stream(
            "GET", self._base + url, headers=dict(headers) | self._authorization
        ) as answer:
            if answer.status_code == 401 and self._log_in(answer):
                raise self._httpx.TransportError("the registry wanted credentials anew")
            if answer.status_code not in {301, 302, 303, 307, 308}:
                yield self._accepted(answer, {200, 206})
                return
            elsewhere = urljoin(self._base + url, answer.headers.get("Location", ""))
        self._refuse_in_clear(elsewhere)
        with self._client.stream("GET", elsewhere, headers=dict(headers)) as answer:
            yield self._accepted(answer, {200, 206})

    def _refuse_in_clear(self, url: str) -> None:
        """Follow a registry elsewhere over TLS only, or one on this machine within it."""
        here = _LOOPBACK.match(self.host) and _LOOPBACK.match(urlsplit(url).netloc)
        if urlsplit(url).scheme != "https" and not here:
            raise StoreError(f"{self.host} sends elsewhere over plain HTTP, to {url!r}")

    def _accepted(self, answer: Any, accept: set[int]) -> Any:
        if answer.status_code in accept:
            return answer
        what = f"{answer.request.method} {answer.request.url.path}"
        if answer.status_code in {401, 403}:
            raise StoreError(f"{self.host} does not let you in ({what}): check the credentials")
        if answer.status_code == 404:
            raise NotFoundError(f"{self.host} has nothing at {what}")
        raise StoreError(f"{self.host} answers {answer.status_code} to {what}")

    def _log_in(self, answer: Any) -> bool:
        """Make the header that the registry asks for; False where nothing new can be tried."""
        challenge = answer.headers.get("WWW-Authenticate", "")
        if self._authorization and challenge.lower().startswith("basic"):
            return False
        if challenge.lower().startswith("basic") and self._credentials:
            self._authorization = {"Authorization": _basic(self._credentials)}
            return True
        if challenge.lower().startswith("bearer"):
            self._authorization = {"Authorization": f"Bearer {self._token(challenge)}"}
            return True
        return False

    def _token(self, challenge: str) -> str:
        asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = asked.pop("realm", "")
        self._refuse_in_clear(realm)
        headers = {"Authorization": _basic(self._credentials)} if self._credentials else {}
        answer = self._accepted(self._client.get(realm, params=asked, headers=headers), {200})
        document = _document(self.host, answer.content)
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str):
            raise StoreError(f"{self.host} gave no token")
        return token


def _basic(credentials: tuple[str, str]) -> str:
    return f"Basic {base64.b64encode(':'.join(credentials).encode()).decode()}"


def _document(host: str, data: bytes) -> Mapping[str, Any]:
    try:
        document = read_json(data) if len(data) <= LARGEST_ANSWER else None
    except ManifestError as error:
        raise StoreError(f"{host} answers with something that is not JSON") from error
    if not isinstance(document, dict):
        raise StoreError(f"{host} answers with something that is not a JSON object")
    return document


def _texts(host: str, data: bytes, field: str) -> list[str]:
    values = _document(host, data).get(field) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise StoreError(f"{host} answers with a list of {field} that is not one")
    return values

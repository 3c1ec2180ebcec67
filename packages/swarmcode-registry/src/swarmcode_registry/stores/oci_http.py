"""The part of the OCI distribution protocol that a store needs, over httpx.

Asking, logging in, manifests and tags, and reading blobs: a download that breaks off is resumed a
few times in one call. Sending blobs is in `oci_upload`.
"""

import base64
import hashlib
import re
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from .._extras import extra
from ..canonical import read_json
from ..errors import ManifestError, NotFoundError, StoreError, TransferError
from .modelpack import OCI_MANIFEST
from .protocol import Blob

ATTEMPTS = 5
LARGEST_ANSWER = 16 << 20
MOST_PAGES = 200
_LOOPBACK = re.compile(r"^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$")
_REDIRECTS = {301, 302, 303, 307, 308}
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')

# What a request carries: bytes, or what yields them anew each time that the request is sent.
Body = bytes | Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a registry answered, read whole."""

    status: int
    headers: Mapping[str, str]  # whatever the case of their names
    content: bytes


class Registry:
    """One registry, by its host. Plain HTTP is spoken with this machine only."""

    def __init__(
        self,
        host: str,
        *,
        credentials: tuple[str, str] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.host = host
        self.pause = pause
        self.base = f"{'http' if _LOOPBACK.match(host) else 'https'}://{host}"
        self._httpx = extra("httpx", extra="oci", feature="an OCI registry")
        # A registry that compressed its answers would send other bytes than a blob's.
        headers = {"User-Agent": "swarmcode", "Accept-Encoding": "identity"}
        self._client = self._httpx.Client(timeout=60.0, headers=headers)
        weakref.finalize(self, self._client.close)  # a store has no end of its own
        self._credentials = credentials
        self._authorization: dict[str, str] = {}

    @property
    def broken(self) -> type[Exception]:
        """What `attempt` raises where the connection fails: trying again may help."""
        error: type[Exception] = self._httpx.TransportError
        return error

    # ── manifests and tags ────────────────────────────────────────────────────────────────────

    def get_manifest(self, repository: str, reference: str) -> bytes | None:
        """Return a manifest's bytes, or None where there is none."""
        url = f"/v2/{repository}/manifests/{reference}"
        answer = self.ask("GET", url, headers={"Accept": OCI_MANIFEST}, accept={200, 404})
        if answer.status == 404:
            return None
        promised = answer.headers.get("Docker-Content-Digest")
        digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        if promised not in {None, digest}:
            raise StoreError(f"{self.host} promises {promised} for {reference} and sends {digest}")
        return answer.content

    def put_manifest(self, repository: str, reference: str, data: bytes) -> None:
        """Put a manifest under a tag; what it lists must be there."""
        url = f"/v2/{repository}/manifests/{reference}"
        headers = {"Content-Type": OCI_MANIFEST}
        self.ask("PUT", url, headers=headers, body=data, accept={200, 201, 202})

    def tags(self, repository: str) -> list[str] | None:
        """Return every tag of a repository, or None where there is no such repository."""
        return self._pages(f"/v2/{repository}/tags/list?n=1000", "tags")

    def repositories(self) -> list[str]:
        """Return the names of the repositories, where the registry tells them."""
        return self._pages("/v2/_catalog?n=1000", "repositories") or []

    # ── blobs ─────────────────────────────────────────────────────────────────────────────────

    def has_blob(self, repository: str, blob: Blob) -> bool:
        """Say whether a blob is there, in its full length."""
        answer = self.ask("HEAD", f"/v2/{repository}/blobs/{blob.digest}", accept={200, 404})
        length = answer.headers.get("Content-Length", str(blob.size))
        return answer.status == 200 and length == str(blob.size)

    def get_blob(self, repository: str, digest: str, start: int) -> Iterator[bytes]:
        """Yield a blob from an offset on, resuming a few times if the connection breaks."""
        url, done, problem = f"/v2/{repository}/blobs/{digest}", start, ""
        for attempt in range(ATTEMPTS):
            self.pause(0.1 * attempt)
            headers = {"Range": f"bytes={done}-"} if done else {}
            try:
                with self._blob(url, headers) as answer:
                    if done and answer.status_code == 200:
                        raise StoreError(f"{self.host} does not send parts of blobs: start anew")
                    for block in answer.iter_raw():
                        done += len(block)
                        yield block
                return
            except self.broken as error:
                problem = str(error) or type(error).__name__
        raise TransferError(
            f"{self.host} broke off {digest} at byte {done} ({problem}): run it again to go on"
        )

    @contextmanager
    def _blob(self, url: str, headers: Mapping[str, str]) -> Iterator[Any]:
        """Open a blob to read; a registry may send elsewhere for it, without our credentials."""
        with self._client.stream(
            "GET", self.base + url, headers=dict(headers) | self._authorization
        ) as answer:
            if answer.status_code == 401 and self._log_in(answer.headers):
                raise self.broken("the registry wanted credentials anew")
            if answer.status_code not in _REDIRECTS:
                self._check(answer.status_code, {200, 206}, f"GET {url}")
                yield answer
                return
            elsewhere = urljoin(self.base + url, answer.headers.get("Location", ""))
        self._refuse_in_clear(elsewhere)
        with self._client.stream("GET", elsewhere, headers=dict(headers)) as answer:
            self._check(answer.status_code, {200, 206}, f"GET {url}")
            yield answer

    # ── asking ────────────────────────────────────────────────────────────────────────────────

    def ask(
        self,
        method: str,
        url: str,
        *,
        accept: set[int],
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
    ) -> Answer:
        """Ask, and explain a connection that fails."""
        try:
            return self.attempt(method, url, accept=accept, headers=headers, body=body)
        except self.broken as error:
            reason = str(error) or type(error).__name__
            raise StoreError(f"no registry answers at {self.host}: {reason}") from error

    def attempt(
        self,
        method: str,
        url: str,
        *,
        accept: set[int],
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
    ) -> Answer:
        """Ask, once more with credentials if the registry wants some; refuse a wrong answer."""
        target, sent = self.own(url), dict(headers or {})
        answer = self._send(method, target, sent | self._authorization, body)
        if answer.status == 401 and self._log_in(answer.headers):
            answer = self._send(method, target, sent | self._authorization, body)
        self._check(answer.status, accept, f"{method} {urlsplit(target).path}")
        return answer

    def own(self, url: str) -> str:
        """Return an address in full, which must be this registry's: others get no credentials."""
        whole = urljoin(f"{self.base}/", url)
        if urlsplit(whole)[:2] != urlsplit(self.base)[:2]:
            raise StoreError(f"{self.host} sends elsewhere, to {urlsplit(whole).netloc!r}")
        return whole

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: Body) -> Answer:
        """Send one request, and read a bounded answer: whoever answers may not fill the memory."""
        content = body if isinstance(body, bytes) else body()
        data = b""
        with self._client.stream(method, url, headers=headers, content=content) as answer:
            for block in answer.iter_raw():
                data += block
                if len(data) > LARGEST_ANSWER:
                    raise StoreError(f"{self.host} answers with more than {LARGEST_ANSWER} bytes")
        return Answer(answer.status_code, answer.headers, data)

    def _pages(self, url: str, field: str) -> list[str] | None:
        found: list[str] = []
        for _ in range(MOST_PAGES):
            answer = self.ask("GET", url, accept={200, 404})
            if answer.status == 404:
                return None
            found += _texts(self.host, answer.content, field)
            following = _NEXT.search(answer.headers.get("Link", ""))
            if following is None:
                return found
            url = urljoin(self.own(url), following[1])
        raise StoreError(f"{self.host} continues its list of {field} without end")

    def _check(self, status: int, accept: set[int], what: str) -> None:
        if status in accept:
            return
        if status in {401, 403}:
            raise StoreError(f"{self.host} does not let you in ({what}): check the credentials")
        if status == 404:
            raise NotFoundError(f"{self.host} has nothing at {what}")
        raise StoreError(f"{self.host} answers {status} to {what}")

    def _refuse_in_clear(self, url: str) -> None:
        """Follow a registry elsewhere over TLS only, or one on this machine within it."""
        here = _LOOPBACK.match(self.host) and _LOOPBACK.match(urlsplit(url).netloc)
        if urlsplit(url).scheme != "https" and not here:
            raise StoreError(f"{self.host} sends elsewhere over plain HTTP, to {url!r}")

    # ── logging in ────────────────────────────────────────────────────────────────────────────

    def _log_in(self, headers: Mapping[str, str]) -> bool:
        """Make the header that the registry asks for; False where nothing new can be tried."""
        challenge = headers.get("WWW-Authenticate", "")
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
        url = str(self._httpx.URL(realm).copy_merge_params(asked))
        answer = self._send("GET", url, headers, b"")
        self._check(answer.status, {200}, f"GET {urlsplit(url).path}")
        document = _document(self.host, answer.content)
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str):
            raise StoreError(f"{self.host} gave no token")
        return token


def _basic(credentials: tuple[str, str]) -> str:
    return f"Basic {base64.b64encode(':'.join(credentials).encode()).decode()}"


def _document(host: str, data: bytes) -> Mapping[str, Any]:
    try:
        document = read_json(data)
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

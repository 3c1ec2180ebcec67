"""Sending blobs to an OCI registry: small ones in one request, large ones in chunks.

A chunk that the registry has taken in is not sent again, neither by the next attempt nor, where a
folder for upload sessions is given, by the next process. Chunks grow while they go quickly, for
each costs the registry a write to its disk. Registries differ in what they keep of a chunk that
broke off: the common open-source one (version 2) then forgets the upload, and its file is sent
from the beginning.

Bodies go out block by block: given a large body as one piece, an HTTP client copies what is left
of it each time that the socket takes in a part.
"""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import TransferError
from ..files import write_atomically
from ..progress import OnProgress, Progress
from .oci_http import ATTEMPTS, Answer, Body, Registry
from .protocol import Blob
from .transfer import part_of

FIRST_CHUNK = 8 << 20
LARGEST_CHUNK = 64 << 20
QUICK = 1.0  # seconds: after a chunk that took less, the next one is twice as large


class Uploads:
    """Blobs on their way into one registry."""

    def __init__(self, registry: Registry, *, sessions: Path | None = None) -> None:
        self._registry = registry
        self._sessions = _Sessions(sessions)

    def has(self, repository: str, blob: Blob) -> bool:
        """Say whether a blob is there; then nothing is left to go on with."""
        there = self._registry.has_blob(repository, blob)
        if there:
            self._sessions.forget(blob)  # of a process that ended before it could
        return there

    def put(self, repository: str, blob: Blob, on_progress: OnProgress) -> None:
        """Send a blob, going on where the registry says that an upload stopped.

        Progress is told when the registry has something, not when it was sent.
        """
        send = self._send_whole if blob.size <= FIRST_CHUNK else self._send_in_chunks
        problem = ""
        for attempt in range(ATTEMPTS):
            self._registry.pause(0.1 * attempt)
            try:
                send(repository, blob, on_progress)
                return
            except self._registry.broken as error:
                problem = str(error) or type(error).__name__
        raise TransferError(
            f"{self._registry.host} broke off {blob.path} ({problem}): publish again to go on"
        )

    def _send_whole(self, repository: str, blob: Blob, on_progress: OnProgress) -> None:
        self._finish(self._begin(repository), blob, start=0)
        on_progress(Progress("upload", blob.path, blob.size, blob.size))

    def _send_in_chunks(self, repository: str, blob: Blob, on_progress: OnProgress) -> None:
        location, done = self._resumed(blob) or (self._begin(repository), 0)
        chunk = FIRST_CHUNK
        while done < blob.size:
            size = min(chunk, blob.size - done)
            began = time.monotonic()
            location = self._send_chunk(location, blob, done, size)
            self._sessions.keep(blob, location)
            done += size
            on_progress(Progress("upload", blob.path, size, blob.size))
            if time.monotonic() - began < QUICK:
                chunk = min(2 * chunk, LARGEST_CHUNK)
        try:
            self._finish(location, blob, start=done)
        finally:
            self._sessions.forget(blob)

    # ── the requests ──────────────────────────────────────────────────────────────────────────

    def _begin(self, repository: str) -> str:
        """Return the address of a new upload."""
        answer = self._registry.attempt(
            "POST",
            f"/v2/{repository}/blobs/uploads/",
            headers={"Content-Length": "0"},
            accept={202},
        )
        return self._location(answer)

    def _resumed(self, blob: Blob) -> tuple[str, int] | None:
        """Return where an earlier upload goes on, and from which byte; None where there is none."""
        known = self._sessions.of(blob)
        if known is None or not known.startswith(f"{self._registry.base}/"):
            return None
        answer = self._registry.attempt("GET", known, accept={204, 400, 404, 416})
        found = re.fullmatch(r"(?:bytes=)?0-(\d+)", answer.headers.get("Range", ""))
        if answer.status != 204 or not found or not 0 < int(found[1]) < blob.size:
            return None
        location = self._location(answer) if "Location" in answer.headers else known
        return location, int(found[1]) + 1

    def _send_chunk(self, location: str, blob: Blob, start: int, size: int) -> str:
        """Send a part of a blob; return where the next one goes."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
            "Content-Range": f"{start}-{start + size - 1}",
        }
        answer = self._registry.attempt(
            "PATCH", location, headers=headers, body=_body(blob, start, size), accept={202}
        )
        return self._location(answer)

    def _finish(self, location: str, blob: Blob, *, start: int) -> None:
        """Send what is left of a blob, and have the registry check the whole of it."""
        glue = "&" if urlsplit(location).query else "?"
        size = blob.size - start
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        answer = self._registry.attempt(
            "PUT",
            f"{location}{glue}digest={blob.digest}",
            headers=headers,
            body=_body(blob, start, size),
            accept={201, 204, 400},
        )
        if answer.status == 400:
            raise TransferError(
                f"{self._registry.host} refused {blob.path}: it is not the one that was hashed; "
                "publish it again"
            )

    def _location(self, answer: Answer) -> str:
        return self._registry.own(str(answer.headers.get("Location", "")))


class _Sessions:
    """Where interrupted uploads go on, by blob: in memory, and in a folder where one is given."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, str] = {}

    def of(self, blob: Blob) -> str | None:
        if blob.sha256 in self._known or self._folder is None:
            return self._known.get(blob.sha256)
        path = self._folder / blob.sha256
        return path.read_text(encoding="ascii", errors="replace") if path.is_file() else None

    def keep(self, blob: Blob, location: str) -> None:
        self._known[blob.sha256] = location
        if self._folder is not None:
            write_atomically(self._folder / blob.sha256, location.encode())

    def forget(self, blob: Blob) -> None:
        self._known.pop(blob.sha256, None)
        if self._folder is not None:
            (self._folder / blob.sha256).unlink(missing_ok=True)


def _body(blob: Blob, start: int, size: int) -> Body:
    return lambda: part_of(blob, start, size)

"""A node's HTTP API: bringing it CAR files, and getting them back.

Content ids are computed here, never taken from the node; what a node answers is compared.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._extras import extra
from ..canonical import canonical
from ..errors import StoreError
from .car import Build, Car, cid_text, file_of, write_car

TIMEOUT = 60.0
PATIENCE = 1.0  # for learning whether a node is there at all


class IPFSClient:
    """An IPFS node, by the address of its HTTP API."""

    def __init__(self, gateway: str = "http://localhost:5001") -> None:
        self._address = gateway.rstrip("/")
        self._httpx = extra("httpx", extra="ipfs", feature="an IPFS node")

    def is_up(self) -> bool:
        """Say whether a node answers."""
        try:
            answer = self._httpx.post(f"{self._address}/api/v0/version", timeout=PATIENCE)
            return bool(answer.status_code == 200 and "Version" in answer.json())
        except (self._httpx.HTTPError, ValueError):
            return False

    def has(self, root: str) -> bool:
        """Say whether the node has pinned everything below a content id."""
        params = {"arg": root, "type": "recursive", "cid-base": "base32"}
        try:
            answer = self._httpx.post(
                f"{self._address}/api/v0/pin/ls", params=params, timeout=TIMEOUT
            )
            return bool(answer.status_code == 200 and root in answer.json().get("Keys", {}))
        except (self._httpx.HTTPError, ValueError) as error:
            raise StoreError(f"no IPFS node answers at {self._address}: {error}") from error

    def upload_json(self, document: Mapping[str, Any]) -> str:
        """Bring a document's canonical bytes to the node; return their content id."""
        return self._upload(file_of(canonical(document)))

    def upload_file(self, path: str | os.PathLike[str]) -> str:
        """Bring a file to the node; return its content id."""
        return self._upload(file_of(Path(path)))

    def upload(self, build: Build) -> str:
        """Bring what is built to the node; return its content id."""
        return self._upload(build)

    def import_car(self, car: Path, root: str) -> None:
        """Bring a CAR file to the node, which must pin its root."""
        with car.open("rb") as file:
            answer = self._post("dag/import", {"pin-roots": "true"}, {"file": (car.name, file)})
        roots = [
            line.get("Root", {}).get("Cid", {}).get("/")
            for line in _lines(answer.text)
            if isinstance(line.get("Root"), Mapping)
        ]
        if roots != [root]:
            raise StoreError(f"the IPFS node at {self._address} took in {roots}, not {root}")

    def export_car(self, root: str, target: Path) -> None:
        """Fetch everything below a content id into a CAR file whose blocks are checked."""
        url = f"{self._address}/api/v0/dag/export"
        part = target.with_name(f".{target.name}.part")
        try:
            with (
                self._httpx.stream("POST", url, params={"arg": root}, timeout=TIMEOUT) as answer,
                part.open("wb") as file,
            ):
                if answer.status_code != 200:
                    raise StoreError(f"the IPFS node answers {answer.status_code} to {root}")
                for block in answer.iter_raw():
                    file.write(block)
            with Car(part) as car:
                if cid_text(car.root) != root:
                    raise StoreError(f"the IPFS node sent {cid_text(car.root)}, not {root}")
            part.replace(target)
        except self._httpx.HTTPError as error:
            raise StoreError(f"no IPFS node answers at {self._address}: {error}") from error
        finally:
            part.unlink(missing_ok=True)

    def _upload(self, build: Build) -> str:
        with tempfile.TemporaryDirectory(prefix="swarmcode-") as scratch:
            car = Path(scratch, "upload.car")
            with car.open("wb") as file:
                root = cid_text(write_car(build, file))
            self.import_car(car, root)
        return root

    def _post(self, verb: str, params: Mapping[str, str], files: Mapping[str, Any]) -> Any:
        try:
            answer = self._httpx.post(
                f"{self._address}/api/v0/{verb}", params=params, files=files, timeout=TIMEOUT
            )
        except self._httpx.HTTPError as error:
            raise StoreError(f"no IPFS node answers at {self._address}: {error}") from error
        if answer.status_code != 200:
            raise StoreError(f"the IPFS node answers {answer.status_code} to {verb}")
        return answer


def _lines(text: str) -> list[dict[str, Any]]:
    try:
        return [line for line in map(json.loads, text.splitlines()) if isinstance(line, dict)]
    except ValueError as error:
        raise StoreError("the IPFS node answered with something that is not JSON") from error

"""Who may come in, and what they may do here.

On loopback everybody on this machine may, but no web page: a browser names the page's origin
and the host it believes to talk to, and neither may be a stranger's. With `auth`, every request
needs an API key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from syncropel.kernel import Admission, Checked, Refusal
from syncropel.kernel.doors import WRITES

from ..keys import ApiKey, KeyRing

OPEN: Final = frozenset({"/", "/page.css", "/page.js", "/openapi.json", "/health"})
"""What needs no key: the page asks for one itself."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in."""

    key: ApiKey | None = None

    @property
    def admit(self) -> Admission:
        """The rule for what they write."""
        return self._admit

    def _admit(self, checked: Checked) -> Refusal | None:
        if self.key is None:
            return None
        actor, kind = checked.fields["actor"], checked.fields["body"].get("kind")
        if not self.key.speaks_for(actor):
            return Refusal(
                403,
                "DID_CLAIM_DENIED",
                f"this key speaks for {self.key.did}, not for {actor[:200]}",
            )
        if not self.key.may_publish(kind):
            return Refusal(
                403, "NAMESPACE_REJECTED", f"this key may not publish the kind {str(kind)[:200]}"
            )
        return None


class Gate:
    """Lets requests in, or says why not."""

    def __init__(self, keys: KeyRing | None, *, hosts: frozenset[str] = frozenset()) -> None:
        self._keys = keys
        self._hosts = hosts

    async def caller(self, method: str, path: str, headers: Mapping[str, str]) -> Caller | Refusal:
        """Return who calls."""
        stranger = self._stranger(headers)
        if stranger is not None:
            return stranger
        if self._keys is None or path in OPEN:
            return Caller()
        key = await self._keys.find(_presented(headers))
        if key is None:
            return Refusal(
                401, "AUTH_REQUIRED", "send an API key as x-api-key or as a bearer token"
            )
        scope = "write" if method == "POST" and path in WRITES else "read"
        if scope not in key.scopes:
            return Refusal(403, "SCOPE_FORBIDDEN", f"this key lacks the scope {scope!r}")
        return Caller(key)

    def _stranger(self, headers: Mapping[str, str]) -> Refusal | None:
        host = headers.get("host", "")
        if self._hosts and _name(host) not in self._hosts:
            return Refusal(403, "HOST_FORBIDDEN", f"this server is not called {host[:200]!r}")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return Refusal(403, "ORIGIN_FORBIDDEN", "pages of other sites may not come in")
        return None


def _presented(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return headers.get("x-api-key") or bearer


def _name(host: str) -> str:
    """Return a host header without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()

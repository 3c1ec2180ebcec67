"""Fetching the keys of a `did:web`, with httpx.

A DID comes from whoever wrote the record, so what is fetched is bounded: https alone, no
redirects, no local machines, 64 KiB, ten seconds, a small cache. Not defended against: a
public name that resolves to a private address. Verify behind a proxy where that matters.
"""

import asyncio
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from typing import Any, Final

import httpx

from ..errors import IdentityError, ResolutionError
from ..nesting import read_json
from .did import did_of_key, key_of_did, key_of_multibase, web_document_url

_MAX_DOCUMENT: Final = 65_536
_MAX_CACHED: Final = 1_024


class WebResolver:
    """Resolves `did:web` (and, without fetching, `did:key`).

    Pass your own `httpx.AsyncClient` for a proxy or a private certificate authority; it stays
    yours to close.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        seconds: float = 10.0,
        fresh_for: float = 300.0,
        allow_local: bool = False,
    ) -> None:
        self._client = client
        self._seconds = seconds
        self._fresh_for = fresh_for
        self._allow_local = allow_local
        self._cache: OrderedDict[str, tuple[float, frozenset[str]]] = OrderedDict()

    async def keys(self, did: str) -> frozenset[str]:
        """Return the Ed25519 keys that the DID's document lists, as `did:key` texts.

        Raises:
            IdentityError: the DID is of a method that cannot be resolved.
            ResolutionError: its document could not be fetched or does not fit.
        """
        if did.startswith("did:key:"):
            return frozenset({did_of_key(key_of_did(did))})
        cached = self._cache.get(did)
        if cached and cached[0] > time.monotonic():
            return cached[1]
        keys = keys_of_document(did, await self._fetch(did))
        self._cache[did] = (time.monotonic() + self._fresh_for, keys)
        if len(self._cache) > _MAX_CACHED:
            self._cache.popitem(last=False)
        return keys

    async def _fetch(self, did: str) -> bytes:
        url = web_document_url(did, allow_local=self._allow_local)
        headers = {"accept": "application/did+json, application/json"}
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(
                    "GET", url, headers=headers, follow_redirects=False
                ) as response,
            ):
                if response.status_code != 200:
                    raise ResolutionError(did, f"{url} answered {response.status_code}")
                document = bytearray()
                async for chunk in response.aiter_bytes():
                    document += chunk
                    if len(document) > _MAX_DOCUMENT:
                        raise ResolutionError(did, f"{url} is larger than {_MAX_DOCUMENT} bytes")
                return bytes(document)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ResolutionError(did, f"{type(error).__name__}: {error}") from error
        except TimeoutError:
            raise ResolutionError(did, f"no answer within {self._seconds} s") from None


def keys_of_document(did: str, document: bytes) -> frozenset[str]:
    """Return the keys that a DID document lets sign assertions.

    Raises:
        ResolutionError: it is no document of this DID.
    """
    try:
        value = read_json(document)
    except (ValueError, RecursionError):
        raise ResolutionError(did, "its document is no JSON") from None
    if not isinstance(value, dict) or value.get("id") != did:
        raise ResolutionError(did, "its document is of another DID")
    methods = value.get("verificationMethod")
    allowed = _assertion_ids(did, value)
    found = set()
    for method in methods if isinstance(methods, list) else []:
        key = _key_of_method(method)
        if key and (allowed is None or _full_id(did, method.get("id")) in allowed):
            found.add(key)
    return frozenset(found)


def _assertion_ids(did: str, document: dict[str, Any]) -> set[str] | None:
    """Return the methods listed for assertions; None where the document lists none."""
    listed = document.get("assertionMethod")
    if not isinstance(listed, list):
        return None
    return {_full_id(did, item) for item in listed if isinstance(item, str)}


def _full_id(did: str, fragment: object) -> str:
    return f"{did}{fragment}" if str(fragment).startswith("#") else str(fragment)


def _key_of_method(method: object) -> str | None:
    if not isinstance(method, dict):
        return None
    multibase, jwk = method.get("publicKeyMultibase"), method.get("publicKeyJwk")
    try:
        if isinstance(multibase, str):
            return did_of_key(key_of_multibase(multibase))
        if isinstance(jwk, dict) and (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
            return did_of_key(urlsafe_b64decode(str(jwk.get("x")) + "=="))
    except (IdentityError, ValueError):
        return None
    return None

"""Credentials for OCI registries: passwords and tokens, against the real registry server."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from swarmcode_registry import (
    Progress,
    Release,
    SigningKey,
    StoreError,
    pull,
)
from swarmcode_registry.stores.oci import OciStore

Releasing = Callable[..., Release]


def test_credentials_come_from_the_environment(
    make_registry: Callable[..., Any], release: Releasing, tmp_path: Path
) -> None:
    """Against the server's own htpasswd check."""
    # The bcrypt hash of "open sesame".
    hashed = "$2b$05$pSvw5fGZ8MX.U2gy9ip3b.TIP7PiFQg06ua9yfiYmVGBus02YIjpu"
    (tmp_path / "htpasswd").write_text(f"alice:{hashed}\n")
    auth = f"auth: {{htpasswd: {{realm: here, path: {tmp_path / 'htpasswd'}}}}}\n"
    server = make_registry(extra=auth)
    address = f"oci://{server.host}"
    known = {"SWARMCODE_OCI_USER": "alice", "SWARMCODE_OCI_PASSWORD": "open sesame"}
    for environment in ({}, known | {"SWARMCODE_OCI_PASSWORD": "wrong"}):
        with pytest.raises(StoreError, match="check the credentials"):
            OciStore(address, environment=environment).push(release())
    store = OciStore(address, environment=known)
    store.push(release())
    assert store.agents() == ["alice/fixer"]


class Tokens:
    """A token server as registries use them: it knows one password, and signs what it grants."""

    def __init__(self, folder: Path, *, lifetime: int = 300) -> None:
        self.lifetime = lifetime
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
        day = timedelta(days=1)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
        made = made.public_key(self.key.public_key()).serial_number(7)
        made = made.not_valid_before(datetime.now(UTC) - day).not_valid_after(
            datetime.now(UTC) + day
        )
        self.certificate = made.sign(self.key, hashes.SHA256())
        self.bundle = folder / "tokens.pem"
        self.bundle.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.asked: list[str] = []

    def grant(self, scopes: list[str]) -> str:
        chain = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER))
        access = [
            {"type": kind, "name": name, "actions": actions.split(",")}
            for kind, name, actions in (scope.split(":") for scope in scopes)
        ]
        head = {"alg": "ES256", "typ": "JWT", "x5c": [chain.decode()]}
        now = int(time.time())
        claims = {
            "iss": "tokens", "sub": "alice", "aud": "registry", "jti": uuid.uuid4().hex,
            "exp": now + self.lifetime, "nbf": now - 10, "iat": now, "access": access,
        }  # fmt: skip
        body = ".".join(unpadded(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self.key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{body}.{unpadded(r.to_bytes(32) + s.to_bytes(32))}"


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def token_registry(
    make_registry: Callable[..., Any], wrong_server: Callable[..., str]
) -> Callable[[Tokens], str]:
    """A real registry that wants tokens of a token server; returns its address."""

    def make(tokens: Tokens) -> str:
        def reply(path: str) -> tuple[int, dict[str, str], bytes]:
            scopes = parse_qs(urlsplit(path).query).get("scope", [])
            tokens.asked += scopes
            return 200, {}, json.dumps({"token": tokens.grant(scopes)}).encode()

        realm = wrong_server(reply).replace("oci:", "http:") + "/token"
        settings = f"realm: '{realm}', service: registry, issuer: tokens"
        server = make_registry(
            extra=f"auth: {{token: {{{settings}, rootcertbundle: {tokens.bundle}}}}}\n"
        )
        return f"oci://{server.host}/team"

    return make


def test_bearer_tokens_are_fetched_where_the_registry_says(
    token_registry: Callable[[Tokens], str], release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """As the large public registries do it: a token for each scope, from a server beside it."""
    address = token_registry(tokens := Tokens(tmp_path))
    OciStore(address, environment={}).push(release())
    pull("alice/fixer", store=address, into=tmp_path / "got", expect=key.address)
    assert {scope.split(":")[1] for scope in tokens.asked} == {"team/alice/fixer"}
    assert any("push" in scope for scope in tokens.asked)


def test_a_token_that_expires_while_a_file_travels(
    token_registry: Callable[[Tokens], str],
    make_adapter: Callable[..., Path],
    release: Releasing,
    key: SigningKey,
    tmp_path: Path,
) -> None:
    """Another one is fetched, and the chunk that was refused is sent again, as a whole."""
    address = token_registry(tokens := Tokens(tmp_path, lifetime=300))
    made = release(folder=make_adapter(tmp_path / "big", rows=400_000))  # 26 MB: two chunks
    refused = []

    def wait(event: Progress) -> None:
        if event.step == "upload" and event.path.endswith(".safetensors") and not refused:
            refused.append(len(tokens.asked))
            store._registry._authorization = {"Authorization": f"Bearer {expired}"}

    tokens.lifetime = -3600
    expired = tokens.grant(["repository:team/alice/fixer:pull,push"])
    tokens.lifetime = 300
    store = OciStore(address, environment={})
    store.push(made, on_progress=wait)
    assert len(tokens.asked) > refused[0]
    pull("alice/fixer", store=address, into=tmp_path / "got", expect=key.address)

"""`syncropel keys`: who may come in, and whose signatures count."""

import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from syncropel.identity import did_of_key

from . import keys, signers
from .options import AsJson, DbPath, PostgresDsn
from .render import age, fail, failing, table
from .wiring import opened

keys_app = typer.Typer(
    no_args_is_help=True, help="Make and revoke API keys; say whose signatures count."
)


@keys_app.command("create")
def create(
    did: Annotated[str, typer.Argument(help="The actor it speaks for; * for any.")],
    *,
    scope: Annotated[
        list[str] | None, typer.Option(help="read or write; both without.", show_default=False)
    ] = None,
    namespace: Annotated[
        list[str] | None, typer.Option(help="Kinds it may publish begin so.", show_default="all")
    ] = None,
    db: DbPath = None,
    postgres: PostgresDsn = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once, and only its hash is kept."""
    with failing(), opened(db, postgres) as store:
        key, text = keys.create(
            store.notes, did, scopes=scope or keys.SCOPES, namespaces=namespace or ()
        )
    if as_json:
        typer.echo(json.dumps({**_shown(key), "key": text}))
    else:
        typer.echo(text)
        typer.echo(f"for {did}; it is shown this once", err=True)


@keys_app.command("list")
def list_keys(*, db: DbPath = None, postgres: PostgresDsn = None, as_json: AsJson = False) -> None:
    """List API keys (not the keys themselves) and trusted signers."""
    with failing(), opened(db, postgres) as store:
        known, trusted = keys.all_keys(store.notes), signers.trusted(store.notes)
    if as_json:
        signing = {did: sorted(each) for did, each in trusted.items()}
        typer.echo(json.dumps({"keys": [_shown(key) for key in known], "signers": signing}))
        return
    rows = [
        (key.id, key.did, " ".join(sorted(key.scopes)), " ".join(key.namespaces),
         age(time.time() - key.created_at))
        for key in known
    ]  # fmt: skip
    table(("key", "speaks for", "may", "namespaces", "age"), rows)
    if trusted:
        typer.echo("")
        table(
            ("signs for", "with"), [(did, each) for did, all_ in trusted.items() for each in all_]
        )


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as list shows it.")],
    *, db: DbPath = None, postgres: PostgresDsn = None,
) -> None:  # fmt: skip
    """Take a key back; servers stop taking it within a second."""
    with failing(), opened(db, postgres) as store:
        if not keys.revoke(store.notes, key_id):
            fail(f"there is no key {key_id!r}")
    typer.echo(f"{key_id} revoked")


@keys_app.command("trust")
def trust(
    did: Annotated[str, typer.Argument(help="A DID that is no did:key.")],
    key: Annotated[str, typer.Argument(help="The did:key that may sign for it.")],
    *, db: DbPath = None, postgres: PostgresDsn = None,
) -> None:  # fmt: skip
    """Let a key sign for a DID: nothing is fetched to find out."""
    with failing(), opened(db, postgres) as store:
        signers.trust(store.notes, did, key)
    typer.echo(f"{key} may sign for {did}")


@keys_app.command("distrust")
def distrust(
    did: Annotated[str, typer.Argument(help="The DID.")],
    *, db: DbPath = None, postgres: PostgresDsn = None,
) -> None:  # fmt: skip
    """Forget all keys that may sign for a DID."""
    with failing(), opened(db, postgres) as store:
        if not signers.distrust(store.notes, did):
            fail(f"nobody signs for {did!r}")
    typer.echo(f"nobody signs for {did} any more")


@keys_app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="Where the private key is put.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make an Ed25519 key to sign records with, and say its did:key."""
    signing = Ed25519PrivateKey.generate()
    with failing():
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            fail(f"{file}: there is a file already")
        with os.fdopen(descriptor, "wb") as out:
            out.write(signing.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    did = did_of_key(signing.public_key().public_bytes_raw())
    typer.echo(json.dumps({"did": did, "file": str(file)}) if as_json else did)


def _shown(key: keys.ApiKey) -> dict[str, object]:
    return {
        "id": key.id, "did": key.did, "scopes": sorted(key.scopes),
        "namespaces": list(key.namespaces), "created_at": key.created_at,
    }  # fmt: skip

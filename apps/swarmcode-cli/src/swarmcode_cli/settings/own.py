"""The sections that belong to the command itself, rather than to a library."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class General:
    """Where a project keeps things.

    Attributes:
        data_dir: the project's data: snapshots, rows, records of every run.
        artifacts_dir: what training and publishing make.
        log_level: how much the libraries say on standard error.
    """

    data_dir: Path = Path("data")
    artifacts_dir: Path = Path("artifacts")
    log_level: LogLevel = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What is recorded about every step, and where it is sent.

    Attributes:
        actor: the DID that the records name; the key's own where a key is given.
        key: an Ed25519 private key (PEM) that signs every record.
        endpoint: a Syncropel server to send the records to; none leaves them on this machine.
        api_key_variable: the environment variable that holds the server's key.
    """

    actor: str = "did:sync:agent:swarmcode"
    key: Path | None = None
    endpoint: str | None = None
    api_key_variable: str = "SYNCROPEL_API_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """Whom `verify` and `pull` trust.

    Attributes:
        expect: an address, a public key (PEM), or a trust file.
    """

    expect: str = "trust.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """What is looked at where a repository has commands, queries and events.

    Attributes:
        map: add them to the code map.
        drift: measure, in evaluations, the contracts that a patch breaks.
    """

    map: bool = True
    drift: bool = True

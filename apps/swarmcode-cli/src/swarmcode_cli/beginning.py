"""A new project: its settings file, the schema for editors, its tree, and perhaps a key."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from .errors import ProjectError
from .options import USUAL_FILE

SCHEMA_FILE = "swarmcode.schema.json"
IGNORED = ("/data/", "/artifacts/", "/*.keystore.json")

SETTINGS = Template("""\
# yaml-language-server: $$schema=$schema
# `swarmcode run` goes from here to a published agent. `--print-config` shows every setting.

ingest:
  source: $source
  branch: HEAD            # what is checked out; or a branch, a tag, a commit

synth:
  proof: required         # keep only rows that tests prove
  synthetic: 200          # and this many planted bugs, proven too

train:
  model_name: $model

publish:
  name: $name
  version: 0.1.0
  keystore: $keystore
""")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was made.

    Attributes:
        made: files that are new.
        kept: files that were there, and stay as they are.
        address: whose signature the new key makes; None where no key was asked for.
    """

    made: tuple[str, ...]
    kept: tuple[str, ...]
    address: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new project is to be."""

    source: str = "."
    model: str = "Qwen/Qwen2.5-Coder-7B-Instruct"
    name: str = "swarmcode-agent"
    keystore: Path | None = None
    force: bool = False


def begin(
    wanted: Wanted, *, data_dir: Path, schema: dict[str, Any], make_key: Callable[[Path], str]
) -> Beginning:
    """Write what is missing; what is there stays, unless it is to be written anew."""
    if wanted.keystore is not None and wanted.keystore.exists():
        raise ProjectError(f"{wanted.keystore} exists already: choose another file for the key")
    made: list[str] = []
    kept: list[str] = []
    schema_path = data_dir / SCHEMA_FILE
    data_dir.mkdir(parents=True, exist_ok=True)
    schema_path.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    made.append(schema_path.as_posix())
    if USUAL_FILE.exists() and not wanted.force:
        kept.append(str(USUAL_FILE))
    else:
        USUAL_FILE.write_text(_settings(wanted, schema_path), encoding="utf-8")
        made.append(str(USUAL_FILE))
    if _ignore():
        made.append(".gitignore")
    address = None
    if wanted.keystore is not None:
        address = make_key(wanted.keystore)
        made.append(str(wanted.keystore))
    return Beginning(tuple(made), tuple(kept), address)


def _settings(wanted: Wanted, schema: Path) -> str:
    keystore = json.dumps(str(wanted.keystore)) if wanted.keystore else "null"
    note = "" if wanted.keystore else "          # or the variable SWARMCODE_PRIVATE_KEY"
    return SETTINGS.substitute(
        schema=schema.as_posix(),
        source=json.dumps(wanted.source),
        model=json.dumps(wanted.model),
        name=json.dumps(wanted.name),
        keystore=keystore + note,
    )


def _ignore() -> bool:
    """Keep data, artifacts and keys out of git, where the project is in one."""
    path = Path(".gitignore")
    if not Path(".git").exists():
        return False
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [line for line in IGNORED if line not in lines]
    if missing:
        text = "".join(f"{line}\n" for line in [*lines, *missing])
        path.write_text(text, encoding="utf-8")
    return bool(missing)

"""`python -m swarmcode_server`: keys, and a server from a JSON file of settings.

python -m swarmcode_server keys add NAME [--tools] [--admin] [--file keys.json]
python -m swarmcode_server keys remove NAME [--file keys.json]
python -m swarmcode_server serve SETTINGS.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from swarmcode_agent import untrusted_json

from .errors import ServerError, SettingsError
from .keys import add_key, remove_key
from .run import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 where it did what was asked, 2 where it could not."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ServerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m swarmcode_server")
    commands = parser.add_subparsers(required=True)
    serving = commands.add_parser("serve", help="serve what a JSON file of settings names")
    serving.add_argument("settings", type=Path)
    serving.set_defaults(run=_serve)
    keys = commands.add_parser("keys", help="make and forget keys").add_subparsers(required=True)
    adding = keys.add_parser("add", help="make a key, and show it once")
    adding.add_argument("name")
    adding.add_argument("--tools", action="store_true", help="it may run tools")
    adding.add_argument("--admin", action="store_true", help="it may load and unload adapters")
    for limit in ("requests-per-minute", "tokens-per-minute", "concurrent"):
        adding.add_argument(f"--{limit}", type=int)
    adding.set_defaults(run=_add)
    removing = keys.add_parser("remove", help="forget a key")
    removing.add_argument("name")
    removing.set_defaults(run=_remove)
    for command in (adding, removing):
        command.add_argument("--file", type=Path, default=Path("keys.json"))
    return parser


def _serve(options: argparse.Namespace) -> int:
    try:
        settings = untrusted_json.loads(options.settings.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError("settings", f"{options.settings} cannot be read ({error})") from None
    if not isinstance(settings, dict):
        raise SettingsError("settings", f"{options.settings} is not a JSON object")
    serve(settings)
    return 0


def _add(options: argparse.Namespace) -> int:
    token = add_key(
        options.file,
        options.name,
        tools=options.tools,
        admin=options.admin,
        requests_per_minute=options.requests_per_minute,
        tokens_per_minute=options.tokens_per_minute,
        concurrent=options.concurrent,
    )
    sys.stdout.write(f"{token}\n")
    return 0


def _remove(options: argparse.Namespace) -> int:
    if not remove_key(options.file, options.name):
        raise SettingsError("keys_file", f"{options.file} has no key {options.name!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

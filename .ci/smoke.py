"""Prove that an installed wheel is whole: run by the Python of an environment that holds it alone.

    python smoke.py DISTRIBUTION MODULE

Every module of the package is imported (an undeclared dependency shows here; only the library of
a declared extra may be missing), every exported
name resolves, the type marker and the licence travelled along, and each command answers
`--version` with the version that the metadata says.
"""

import importlib
import importlib.metadata
import pkgutil
import re
import subprocess
import sys
from pathlib import Path


def fail(problem: str) -> None:
    """Stop with one line."""
    sys.exit(f"smoke: {problem}")


# Modules that are not called as the library that brings them.
LIBRARIES = {"yaml": "pyyaml"}


def plain(name: str) -> str:
    """Return a library's or module's name as an index compares it."""
    top = re.sub(r"[-_.]+", "-", name.split(".", maxsplit=1)[0]).lower()
    return LIBRARIES.get(top, top)


def libraries_of_extras(metadata: importlib.metadata.Distribution) -> set[str]:
    """Return what the extras bring: a module that is for an extra alone may need it."""
    return {
        plain(found.group())
        for requirement in metadata.requires or ()
        if "extra ==" in requirement and (found := re.match(r"[A-Za-z0-9_-]+", requirement))
    }


def main(distribution: str, module: str) -> None:
    """Check one installed distribution."""
    metadata = importlib.metadata.distribution(distribution)
    package = importlib.import_module(module)
    for name in package.__all__:
        if not hasattr(package, name):
            fail(f"{module}.__all__ names {name!r}, which is not there")

    extras = libraries_of_extras(metadata)
    for info in pkgutil.walk_packages(package.__path__, f"{module}."):
        if not info.name.endswith("__main__"):
            try:
                importlib.import_module(info.name)
            except ModuleNotFoundError as error:
                if plain(error.name or "") not in extras:
                    fail(f"{info.name} needs {error.name}, which {distribution} does not declare")

    files = {str(path) for path in metadata.files or ()}
    if f"{module}/py.typed" not in files:
        fail(f"{distribution} ships no {module}/py.typed: type checkers would ignore its types")
    if not any(path.endswith("licenses/LICENSE") for path in files):
        fail(f"{distribution} ships no licence")
    stray = sorted(path for path in files if path.split("/")[0] in {"tests", "benchmarks", "src"})
    if stray:
        fail(f"{distribution} ships what is not for users: {stray[:3]}")

    commands = [entry for entry in metadata.entry_points if entry.group == "console_scripts"]
    for command in commands:
        run = subprocess.run(
            [Path(sys.executable).with_name(command.name), "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if run.returncode != 0 or metadata.version not in run.stdout:
            fail(f"`{command.name} --version` answers {run.returncode}: {run.stdout}{run.stderr}")
    print(f"{distribution} {metadata.version}: imports, types, licence, {len(commands)} commands")


if __name__ == "__main__":
    main(*sys.argv[1:])

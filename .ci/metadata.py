"""Refuse a built distribution whose metadata an index would refuse, or a reader would miss.

python .ci/metadata.py FOLDER-OF-WHEELS
"""

import sys
import zipfile
from pathlib import Path

from packaging.metadata import InvalidMetadata, Metadata

PYTHONS = {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13, 14)}
LINKS = {"Changelog", "Documentation", "Homepage", "Issues", "Source"}


def read_metadata(wheel: Path) -> Metadata:
    """Return the validated core metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Metadata.from_email(archive.read(name), validate=True)


def problems(metadata: Metadata) -> list[str]:
    """Return what is wrong or missing, one line each."""
    found = []
    if metadata.license_expression != "Apache-2.0" or not metadata.license_files:
        found.append("the licence must be the expression Apache-2.0, with its file")
    if missing := PYTHONS - set(metadata.classifiers or ()):
        found.append(f"classifiers are missing: {', '.join(sorted(missing))}")
    if missing := LINKS - set(metadata.project_urls or {}):
        found.append(f"project.urls lacks {', '.join(sorted(missing))}")
    if not metadata.summary or len(metadata.summary) > 200:
        found.append("the description must be one line of at most 200 characters")
    if metadata.description_content_type != "text/markdown" or not metadata.description:
        found.append("the README must be there, as Markdown")
    if any(" @ " in str(requirement) for requirement in metadata.requires_dist or ()):
        found.append("a dependency by address: an index would refuse it")
    return found


def main(folder: str) -> int:
    """Check every wheel of a folder."""
    wheels = sorted(Path(folder).glob("*.whl"))
    if not wheels:
        print(f"{folder}: no wheel there; build them first", file=sys.stderr)
        return 2
    failed = False
    for wheel in wheels:
        try:
            found = problems(read_metadata(wheel))
        except (InvalidMetadata, ExceptionGroup) as error:
            found = [str(error), *map(str, getattr(error, "exceptions", ()))]
        for problem in found:
            failed = True
            print(f"{wheel.name}: {problem}", file=sys.stderr)
    print(f"metadata of {len(wheels)} wheels read")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

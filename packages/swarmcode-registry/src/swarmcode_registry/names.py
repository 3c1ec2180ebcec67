"""What may stand in a name: agents, versions, references, and the paths of files.

Names are kept to what every store can hold. An agent's name is an OCI repository name; a version
is a Semantic Versioning 2 version without build metadata (an OCI tag cannot hold a `+`). A path is
confined: it stays inside its folder on every operating system, and no two paths of one agent
fall together where the case of letters, or their composition, does not count.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering

from .errors import BadReferenceError, UnsafeFileError

AGENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
NUMBER = r"(?:0|[1-9][0-9]{0,8})"
IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
VERSION = rf"{NUMBER}\.{NUMBER}\.{NUMBER}(?:-{IDENTIFIER}(?:\.{IDENTIFIER})*)?"
TAG = r"[A-Za-z_][A-Za-z0-9._-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}"

LONGEST_NAME = 128
LONGEST_SEGMENT = 255
LONGEST_PATH = 1024
LATEST = "latest"

# The package's own files, which stand beside the agent's.
MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "model.sig"
RESERVED = frozenset({MANIFEST_FILE, SIGNATURE_FILE})

_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\u0080-\u009f\ud800-\udfff]')
_INVISIBLE = {"Cf", "Zl", "Zp"}


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version, ordered by the rules of Semantic Versioning."""

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(VERSION, self.text) or len(self.text) > LONGEST_NAME:
            raise BadReferenceError(self.text, "is not a version like 1.2.3 or 1.2.3-rc.1")

    @property
    def is_prerelease(self) -> bool:
        """Say whether this is a version that `latest` passes over."""
        return "-" in self.text

    def __lt__(self, other: "Version") -> bool:
        return self._key() < other._key()

    def _key(self) -> tuple[object, ...]:
        core, _, pre = self.text.partition("-")
        numbers = tuple(int(number) for number in core.split("."))
        parts = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")
        )
        return (*numbers, 1) if not pre else (*numbers, 0, parts)


@dataclass(frozen=True, slots=True)
class Reference:
    """`NAME`, `NAME:VERSION`, `NAME:TAG` or `NAME@sha256:…`."""

    name: str
    label: str = LATEST
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read a reference as people type it."""
        name, at, digest = text.partition("@")
        if at:
            return cls(agent_name(name), digest=content_digest(digest))
        name, colon, label = text.partition(":")
        return cls(agent_name(name), version_or_tag(label) if colon else LATEST)

    @property
    def floats(self) -> bool:
        """Say whether the store decides which version this is: `latest`, or a tag."""
        return self.digest is None and not self.label[:1].isdigit()

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.label}"


def agent_name(text: str) -> str:
    """Return an agent's name, or raise `BadReferenceError`."""
    if len(text) > LONGEST_NAME or not re.fullmatch(AGENT, text):
        raise BadReferenceError(
            text, "is not an agent's name: use lower-case letters, digits and . _ - between them"
        )
    return text


def content_digest(text: str) -> str:
    """Return a digest, or raise `BadReferenceError`."""
    if not re.fullmatch(DIGEST, text):
        raise BadReferenceError(text, "is not a digest: sha256: and 64 lower-case hex digits")
    return text


def version_or_tag(text: str) -> str:
    """Return a version or a tag's name, or raise `BadReferenceError`."""
    return text if re.fullmatch(TAG, text) else Version(text).text


def tag_name(text: str) -> str:
    """Return the name of a tag that may be set, or raise `BadReferenceError`."""
    if not re.fullmatch(TAG, text):
        raise BadReferenceError(
            text, "is not a tag: a letter first, then letters, digits and . _ -"
        )
    if text == LATEST or text.startswith(("sha256-", "yanked.")):
        raise BadReferenceError(text, "is a tag that the registry itself keeps: choose another")
    return text


def confined(path: str) -> str:
    """Return a file's path inside its folder, or raise `UnsafeFileError` if it could leave it."""
    segments = path.split("/")
    if problem := _path_problem(path) or next(filter(None, map(_segment_problem, segments)), ""):
        raise UnsafeFileError(ascii(path)[1:-1], problem)
    return path


def apart(paths: Iterable[str]) -> None:
    """Refuse paths that fall together on some file system, or where a file is also a folder."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        folded = _folded(path)
        if folded in files:
            raise UnsafeFileError(path, f"is the same file as {files[folded]} on some file systems")
        files[folded] = path
        parts = folded.split("/")
        folders |= {"/".join(parts[:end]): path for end in range(1, len(parts))}
    for folded in files.keys() & folders.keys():
        raise UnsafeFileError(files[folded], f"is a file here and a folder in {folders[folded]}")


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", path).casefold())


def _path_problem(path: str) -> str:
    if path.split("/", maxsplit=1)[0].casefold() in RESERVED:
        return "is a name that the registry itself uses: rename the file"
    if _FORBIDDEN.search(path):
        return "holds a character that is not allowed in a file's name"
    if len(path.encode()) > LONGEST_PATH:
        return f"is longer than {LONGEST_PATH} bytes"
    if unicodedata.normalize("NFC", path) != path:
        return "is not in Unicode's composed form (NFC): rename the file"
    if any(unicodedata.category(letter) in _INVISIBLE for letter in path):
        return "holds an invisible character: rename the file"
    return ""


def _segment_problem(segment: str) -> str:
    if segment in {"", ".", ".."}:
        return "does not stay inside its folder: use a relative path without . or .."
    if segment[-1] in ". " or segment[0] == " ":
        return "begins or ends with a space, or ends with a dot"
    if segment.split(".", maxsplit=1)[0].rstrip().lower() in _DEVICES:
        return "is the name of a device on Windows: rename the file"
    if len(segment.encode()) > LONGEST_SEGMENT:
        return f"has a part longer than {LONGEST_SEGMENT} bytes"
    return ""

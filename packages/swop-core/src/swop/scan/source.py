"""Source bytes to text and syntax tree, where every refusal has a line and a reason."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import warnings

_UTF_8 = {"utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii"}
_PLAIN_ENCODINGS = _UTF_8 | {"latin-1", "latin1", "iso-8859-1", "iso-8859-15", "cp1252"}
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


class SourceProblemError(Exception):
    """Why a file cannot be read as Python, and on which line."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def parse(data: bytes) -> ast.Module:
    """The syntax tree of a source file.

    Raises:
        SourceProblemError: the bytes are not Python that this interpreter can read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is not ours to report
            return ast.parse(data)
    except SyntaxError as error:
        raise SourceProblemError(_reason(error, data), _line(error, data)) from None
    except (RecursionError, MemoryError):
        message = "nested too deeply to be read: split the expression"
        raise SourceProblemError(message, _longest_line(data)) from None
    except (ValueError, LookupError) as error:
        raise SourceProblemError(f"not readable as Python: {error}", _nul_line(data)) from None


def text_for_search(data: bytes) -> bytes:
    """What identifiers look like to Python, as UTF-8, for files where bytes do not show it.

    Python folds identifiers to NFKC, and a coding line can change what bytes mean. For plain
    ASCII files this is the file itself; a file that cannot be decoded is given back as it is.
    """
    cookie = coding_of(data)
    if data.isascii() and cookie in _PLAIN_ENCODINGS:
        return data
    import unicodedata

    try:
        text = data.decode("utf-8-sig" if cookie in _UTF_8 else cookie)
    except (UnicodeError, LookupError, ValueError):
        return data
    return unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")


def coding_of(data: bytes) -> str:
    """The encoding a source file declares in its first two lines, in lower case."""
    end = data.find(b"\n", data.find(b"\n") + 1)
    head = data if end < 0 else data[:end]
    if b"coding" not in head:
        return "utf-8"
    first, second = [*re.split(rb"\r\n?|\n", head, maxsplit=2), b""][:2]
    match = _COOKIE.match(first)
    if match is None and (not first.strip() or first.lstrip(b" \t\f\xef\xbb\xbf").startswith(b"#")):
        match = _COOKIE.match(second)
    return match[1].decode("ascii", "replace").lower().replace("_", "-") if match else "utf-8"


def _reason(error: SyntaxError, data: bytes) -> str:
    what = " ".join(str(error.msg).split()) or "invalid syntax"
    if "codec can't decode" in what or "Non-UTF-8" in what:
        return "not UTF-8 text: save the file as UTF-8, or name its encoding on the first line"
    if "unknown encoding" in what or "encoding problem" in what:
        return f"unknown encoding {coding_of(data)!r} on the coding line"
    version = ".".join(map(str, sys.version_info[:2]))
    return f"not valid Python {version}: {what}"


def _line(error: SyntaxError, data: bytes) -> int:
    if error.lineno:
        return error.lineno
    return _nul_line(data) if b"\0" in data else _undecodable_line(data)


def _nul_line(data: bytes) -> int:
    return data.count(b"\n", 0, max(data.find(b"\0"), 0)) + 1


def _undecodable_line(data: bytes) -> int:
    try:
        data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0])
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    except (SyntaxError, LookupError):
        return 1
    return 1


def _longest_line(data: bytes) -> int:
    lines = data.split(b"\n")
    return max(range(len(lines)), key=lambda index: len(lines[index])) + 1

"""Reading YAML that may be anything: every failure is one typed error with its line."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

MAX_BYTES = 64 * 1024 * 1024

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlProblemError(Exception):
    """What is wrong with a YAML text, and on which line (counted from 1)."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


class _Loader(_Base):  # type: ignore[misc]
    """The safe loader, which also refuses a key given twice: the second would win silently."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 (PyYAML's signature)
        seen: set[str] = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.tag != "tag:yaml.org,2002:merge":
                if key_node.value in seen:
                    line = key_node.start_mark.line + 1
                    raise YamlProblemError(f"the key {key_node.value!r} is given twice", line)
                seen.add(key_node.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def parse_yaml(data: bytes) -> Any:
    """Return the one document in `data`, as plain Python values.

    Raises:
        YamlProblemError: the bytes are not UTF-8, not YAML, too large or too deeply nested.
    """
    if len(data) > MAX_BYTES:
        raise YamlProblemError(f"larger than {MAX_BYTES // 1024 // 1024} MiB", None)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlProblemError("not UTF-8 text: save the file as UTF-8", line) from None
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of the safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "not valid YAML"
        raise YamlProblemError(
            f"not valid YAML: {_one_line(what)}", mark.line + 1 if mark else None
        ) from None
    except yaml.YAMLError as error:
        raise YamlProblemError(f"not valid YAML: {_one_line(error)}", None) from None
    except RecursionError:
        raise YamlProblemError("nested too deeply to be read", None) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # PyYAML raises these for scalars whose tag or form promises what they do not hold.
        raise YamlProblemError(f"a value cannot be read: {_one_line(error)}", None) from None


def line_of_key(data: bytes, key: str) -> int | None:
    """The line on which a top-level key stands, for messages; None when it cannot be told."""
    try:
        node = yaml.compose(data.decode("utf-8-sig"), Loader=_Base)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    for key_node, _ in node.value:
        if getattr(key_node, "value", None) == key:
            return int(key_node.start_mark.line) + 1
    return None


def _one_line(what: object) -> str:
    return " ".join(str(what).split())[:200]

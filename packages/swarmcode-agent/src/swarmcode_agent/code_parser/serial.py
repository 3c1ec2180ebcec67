"""Symbols as plain JSON values, for `code_map.json`, for caches, and between processes."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .symbols import ClassInfo, FileSymbols, FunctionInfo, Reference

Json = dict[str, Any]


def to_json(symbols: FileSymbols) -> Json:
    """Return symbols as JSON values; references become `{name: [first line, count]}`."""
    return {
        "path": symbols.path,
        "language": symbols.language,
        "functions": [asdict(each) for each in symbols.functions],
        "classes": [asdict(each) for each in symbols.classes],
        "imports": list(symbols.imports),
        "exports": list(symbols.exports),
        "references": {each.name: [each.line, each.count] for each in symbols.references},
        "parser": symbols.parser,
        "problems": list(symbols.problems),
    }


def from_json(value: Mapping[str, Any], *, path: str | None = None) -> FileSymbols:
    """Return the symbols that `to_json` wrote; `path` replaces the one they were read under."""
    return FileSymbols(
        path=path if path is not None else value["path"],
        language=value["language"],
        functions=tuple(FunctionInfo(**_with_tuples(each)) for each in value["functions"]),
        classes=tuple(ClassInfo(**_with_tuples(each)) for each in value["classes"]),
        imports=tuple(value["imports"]),
        exports=tuple(value["exports"]),
        references=tuple(Reference(name, *at) for name, at in value["references"].items()),
        parser=value["parser"],
        problems=tuple(value["problems"]),
    )


def _with_tuples(fields: Mapping[str, Any]) -> Json:
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }

"""`code_map.json`: written file by file, so that it never stands in memory as a whole, and read.

The form is published: repo_name, snapshot_id, created_at, tree, files, symbols, and totals; ours
adds graph and sections. The same input gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..code_parser import FileSymbols
from ..code_parser.serial import from_json, to_json
from ..errors import MapError
from .codemap import CodeMap
from .graph import NameGraph
from .outline import outline

_STRONGEST_EDGES = 12


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of the document."""

    path: str
    size: int
    sha256: str
    line_count: int
    symbols: FileSymbols


@dataclass(frozen=True, slots=True)
class Totals:
    """What the document counts."""

    files: int
    functions: int
    classes: int


@dataclass(frozen=True, slots=True)
class DocumentHead:
    """Which snapshot a document is of."""

    repo_name: str
    snapshot_id: str
    created_at: str


def write_document(
    target: Path,
    head: DocumentHead,
    paths: Iterable[str],
    records: Iterable[FileRecord],
    *,
    sections: Mapping[str, Any],
) -> Totals:
    """Write the document; `records` are read once, in order, and not kept.

    What is kept of them is who defines and who uses which name, for the graph.
    """
    graph = NameGraph()
    files = functions = classes = 0
    spool = target.with_name(f"{target.name}.symbols")
    with target.open("w", encoding="utf-8") as out, spool.open("w+", encoding="utf-8") as symbols:
        _head(out, head, paths)
        out.write('"files": [')
        for record in records:
            _put(out, _file(record), first=files == 0)
            _put(symbols, to_json(record.symbols), first=files == 0, name=record.path)
            sketch = outline(record.symbols)
            graph.update(record.path, defines=sketch.defines, uses=sketch.uses)
            files += 1
            functions += len(record.symbols.functions)
            classes += len(record.symbols.classes)
        out.write('\n],\n"symbols": {')
        symbols.seek(0)
        while chunk := symbols.read(1 << 20):
            out.write(chunk)
        out.write("\n},\n")
        _member(out, "total_files", files)
        _member(out, "total_functions", functions)
        _member(out, "total_classes", classes)
        _member(out, "graph", _graph(graph))
        _member(out, "sections", dict(sorted(sections.items())), last=True)
    spool.unlink()
    return Totals(files, functions, classes)


def read_document(path: Path) -> CodeMap:
    """Return the code map of a `code_map.json`; raise MapError when it is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return CodeMap(from_json(each, path=name) for name, each in value["symbols"].items())
    except OSError as error:
        raise MapError(f"cannot read {str(path)!r}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MapError(f"{str(path)!r} is not a code map: ingest the repository again") from error


def file_tree(name: str, paths: Iterable[str]) -> dict[str, Any]:
    """Return the tree of paths: `name`, `type` and, for directories, `children`."""
    root: dict[str, Any] = {}
    for path in paths:
        node = root
        *folders, leaf = path.split("/")
        for folder in folders:
            node = node.setdefault(folder, {})
        node[leaf] = None
    return _node(name, root)


def _node(name: str, children: dict[str, Any] | None) -> dict[str, Any]:
    if children is None:
        return {"name": name, "type": "file"}
    listed = [_node(child, below) for child, below in sorted(children.items())]
    return {"name": name, "type": "directory", "children": listed}


def _head(out: IO[str], head: DocumentHead, paths: Iterable[str]) -> None:
    out.write("{\n")
    _member(out, "repo_name", head.repo_name)
    _member(out, "snapshot_id", head.snapshot_id)
    _member(out, "created_at", head.created_at)
    _member(out, "tree", file_tree(head.repo_name, paths))


def _file(record: FileRecord) -> dict[str, Any]:
    return {
        "path": record.path,
        "size": record.size,
        "hash": record.sha256,
        "language": record.symbols.language,
        "line_count": record.line_count,
    }


def _graph(graph: NameGraph) -> dict[str, Any]:
    """Return the rank of every file, and the strongest edges of each."""
    ranks = graph.walk({}).files
    return {
        "rank": {path: round(rank, 9) for path, rank in sorted(ranks.items())},
        "edges": [
            [user, definer, round(weight, 6)]
            for user, strongest in _strongest(graph)
            for definer, weight in strongest
        ],
    }


def _strongest(graph: NameGraph) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    for user, edges in graph.edges():
        ordered = sorted(edges, key=lambda edge: (-edge[1], edge[0]))
        yield user, sorted(ordered[:_STRONGEST_EDGES])


def _member(out: IO[str], name: str, value: Any, *, last: bool = False) -> None:
    out.write(f"{json.dumps(name)}: {_text(value)}{'' if last else ','}\n")
    if last:
        out.write("}\n")


def _put(out: IO[str], value: dict[str, Any], *, first: bool, name: str | None = None) -> None:
    if name is not None:
        value = {key: each for key, each in value.items() if key != "path"}
    key = "" if name is None else f"{json.dumps(name, ensure_ascii=False)}: "
    out.write(f"{'' if first else ','}\n{key}{_text(value)}")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))

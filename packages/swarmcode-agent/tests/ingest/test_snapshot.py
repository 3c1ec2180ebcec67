"""What a snapshot holds, and that it is made once."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from swarmcode_agent.code_map import Focus, read_document
from swarmcode_agent.errors import IngestError, MapError
from swarmcode_agent.ingest import IngestConfig, Progress, RepositoryIngester

from .conftest import Ingest, Repository

FILES: dict[str, str | bytes] = {
    "src/cart.py": "from .price import total\n\nclass Cart:\n"
    "    def pay(self):\n        return total([])\n",
    "src/price.py": "def total(items):\n    '''Sum up.'''\n    return sum(items)\n",
    "web/app.ts": "export function start(): void {}\n",
    "README.md": "# Shop\n",
    "LICENSE": "MIT License\n\nPermission is hereby granted, free of charge, to any person\n"
    "The above copyright notice shall be included in all copies.\n",
    "pyproject.toml": '[project]\nname = "shop"\nlicense = "MIT"\n',
}


def keys(cache: Path) -> set[str]:
    with closing(sqlite3.connect(cache)) as database:
        return {row[0] for row in database.execute("SELECT key FROM facts")}


def test_a_snapshot_has_the_published_form(repository: Repository, ingest: Ingest) -> None:
    """Copied files, files.txt and code_map.json, in a folder named by repository and digest."""
    commit = repository.commit(files=FILES)
    result = ingest(repository.path)
    assert result.snapshot_path.name.startswith("shop_")
    assert len(result.snapshot_path.name.removeprefix("shop_")) == 12
    assert (result.file_count, result.function_count, result.class_count) == (6, 3, 1)
    for name, content in FILES.items():
        assert (result.snapshot_path / name).read_text() == content
    listed = (result.snapshot_path / "files.txt").read_text()
    assert listed == "".join(f"{name}\n" for name in sorted(FILES))

    told = json.loads(result.code_map_path.read_text())
    assert told["repo_name"] == "shop"
    assert told["snapshot_id"] == result.snapshot_path.name.removeprefix("shop_")
    assert told["created_at"].startswith("2026-01-02T03:04:05")
    assert (told["total_files"], told["total_functions"], told["total_classes"]) == (6, 3, 1)
    assert told["tree"]["type"] == "directory"
    assert {each["name"] for each in told["tree"]["children"]} >= {"src", "web", "README.md"}
    record = next(each for each in told["files"] if each["path"] == "src/price.py")
    assert record == {
        "path": "src/price.py",
        "size": len(FILES["src/price.py"]),
        "hash": hashlib.sha256(str(FILES["src/price.py"]).encode()).hexdigest(),
        "language": "python",
        "line_count": 3,
    }
    price = told["symbols"]["src/price.py"]
    assert price["functions"][0]["docstring"] == "Sum up."
    assert told["symbols"]["src/cart.py"]["imports"] == [".price"]
    assert ["src/cart.py", "src/price.py", 1.0] in [
        [user, definer, round(weight)] for user, definer, weight in told["graph"]["edges"]
    ]
    assert told["graph"]["rank"]["src/price.py"] > told["graph"]["rank"]["README.md"]
    assert result.commit == commit


def test_provenance_says_where_it_comes_from(repository: Repository, ingest: Ingest) -> None:
    """Origin, commit, branch, tools, licences; and no password."""
    commit = repository.commit(files=FILES)
    repository.git("remote", "add", "origin", "https://ada:s3cret@example.org/shop.git?token=x")
    result = ingest(repository.path)
    told = json.loads(result.provenance_path.read_text())
    assert told["commit"] == commit
    assert told["branch"] == "main"
    assert told["origin"] == str(repository.path)
    assert told["remote"] == "https://example.org/shop.git"
    assert told["tool"] == "swarmcode-agent"
    assert "tree-sitter=" in told["parser"]
    assert {(each["path"], each["spdx"]) for each in told["licences"]} == {
        ("LICENSE", "MIT"),
        ("pyproject.toml", "MIT"),
    }


def test_the_history_is_a_bare_copy_that_stands_alone(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """Synthesis reads this, and nothing that encloses the output folder."""
    repository.commit("One", FILES)
    repository.git("tag", "v1")
    repository.commit("Two", {"src/price.py": "def total(items):\n    return 0\n"})
    result = ingest(repository.path)
    repository.path.rename(tmp_path / "gone")
    copy = Repository(result.history_path)
    assert copy.git("log", "--format=%s", "main").splitlines() == ["Two", "One"]
    assert copy.git("tag") == "v1"
    assert copy.git("fsck", "--strict") == ""
    assert not (result.history_path / "hooks").exists()


def test_it_reads_the_commit_and_not_what_lies_about(
    repository: Repository, ingest: Ingest
) -> None:
    """Uncommitted changes and untracked files are nobody's business, unless asked for."""
    repository.commit(files=FILES)
    repository.write({"src/price.py": "dirty = True\n", "notes.md": "mine\n", "build/x.py": "x\n"})
    repository.write({".gitignore": "build/\n"})
    clean = ingest(repository.path)
    assert (clean.snapshot_path / "src/price.py").read_text() == FILES["src/price.py"]
    assert not (clean.snapshot_path / "notes.md").exists()

    dirty = ingest(repository.path, worktree=True)
    assert dirty.snapshot_path != clean.snapshot_path
    assert (dirty.snapshot_path / "src/price.py").read_text() == "dirty = True\n"
    assert (dirty.snapshot_path / "notes.md").exists()
    assert not (dirty.snapshot_path / "build").exists()


def test_an_unchanged_commit_is_nothing_to_do(repository: Repository, ingest: Ingest) -> None:
    """The same snapshot, found and not made again."""
    repository.commit(files=FILES)
    first = ingest(repository.path)
    stamp = first.code_map_path.stat().st_mtime_ns
    again = ingest(repository.path)
    assert again.reused
    assert not first.reused
    assert again.snapshot_path == first.snapshot_path
    assert (again.file_count, again.function_count, again.notes) == (6, 3, first.notes)
    assert first.code_map_path.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("text", ["", "{}", '{"totals": {}}'])
def test_a_damaged_snapshot_is_named(repository: Repository, ingest: Ingest, text: str) -> None:
    """It is not taken for whole, and not written over: it may be somebody's."""
    repository.commit(files={"a.py": "x = 1\n"})
    ingest(repository.path).provenance_path.write_text(text)
    with pytest.raises(IngestError, match="delete it"):
        ingest(repository.path)


def test_reruns_are_byte_identical(repository: Repository, ingest: Ingest, tmp_path: Path) -> None:
    """Another day, another output folder, other processes: the same map."""
    repository.commit(files={**FILES, **{f"pkg/m{n}.py": f"def f{n}(): pass\n" for n in range(60)}})
    maps = [
        ingest(repository.path, output_dir=str(tmp_path / f"out{jobs}"), jobs=jobs)
        for jobs in (1, 2)
    ]
    one, two = (result.code_map_path.read_bytes() for result in maps)
    assert one == two
    assert maps[0].snapshot_path.name == maps[1].snapshot_path.name


def test_a_new_commit_reads_only_what_changed(repository: Repository, ingest: Ingest) -> None:
    """Facts of a content are worked out once, and kept under what they depend on."""
    repository.commit(files=FILES)
    first = ingest(repository.path)
    cache = first.snapshot_path.parent / ".cache" / "facts.sqlite"
    before = keys(cache)
    repository.commit(files={"src/price.py": "def total(items):\n    return 1\n"})
    second = ingest(repository.path)
    assert len(keys(cache) - before) == 1
    assert second.snapshot_path != first.snapshot_path


def test_a_map_can_be_read_back(repository: Repository, ingest: Ingest) -> None:
    """From the document to a map that ranks and renders."""
    repository.commit(files=FILES)
    result = ingest(repository.path)
    code_map = read_document(result.code_map_path)
    assert len(code_map) == 6
    assert code_map.rank(Focus(task="total price"))[0].path == "src/price.py"


@pytest.mark.parametrize("text", ["", "[]", '{"symbols": 3}', '{"symbols": {"a": {}}}', "\x00"])
def test_what_is_no_map_is_an_error(tmp_path: Path, text: str) -> None:
    """One line that says so."""
    (tmp_path / "code_map.json").write_text(text)
    with pytest.raises(MapError, match="is not a code map"):
        read_document(tmp_path / "code_map.json")


def test_any_object_with_the_fields_is_a_configuration(
    repository: Repository, tmp_path: Path
) -> None:
    """The command's own settings class, or a notebook's namespace."""
    repository.commit(files=FILES)
    cfg = SimpleNamespace(
        source=repository.path,
        output_dir=tmp_path / "snaps",
        branch="main",
        exclude_patterns=["web/"],
    )
    result = RepositoryIngester(cfg).ingest()
    assert result.file_count == 5
    assert dict(result.left_out) == {"excluded": 1}


def test_the_published_defaults() -> None:
    """What a configuration has when nothing is said."""
    config = IngestConfig(source="x")
    assert (config.branch, config.depth, config.max_file_size_kb) == ("main", 0, 500)
    assert len(config.include_extensions) == 17


class Counter:
    """An enricher that counts files by ending."""

    name = "endings"
    version = "1"

    def enrich(self, root: Path, paths: Any) -> dict[str, Any]:
        assert all((root / path).is_file() for path in paths)
        return {"py": sum(path.endswith(".py") for path in paths)}


class Broken(Counter):
    def enrich(self, root: Path, paths: Any) -> dict[str, Any]:
        raise KeyError("oops")


def test_enrichers_add_sections(repository: Repository, ingest: Ingest) -> None:
    """An app wires in what it knows; another set of enrichers is another snapshot."""
    repository.commit(files=FILES)
    plain = ingest(repository.path)
    rich = ingest(repository.path, enrichers=[Counter()])
    assert rich.snapshot_path != plain.snapshot_path
    assert json.loads(rich.code_map_path.read_text())["sections"] == {"endings": {"py": 2}}


def test_a_failing_enricher_leaves_no_half_snapshot(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """It is named, and nothing is published."""
    repository.commit(files=FILES)
    with pytest.raises(Exception, match="the enricher 'endings' failed"):
        ingest(repository.path, enrichers=[Broken()])
    assert [each.name for each in (tmp_path / "out").iterdir()] == [".cache"]


def test_progress_counts_up_to_the_end(repository: Repository, ingest: Ingest) -> None:
    """Files, rate and the time that is left."""
    repository.commit(files=FILES)
    seen: list[Progress] = []
    ingest(repository.path, on_progress=seen.append)
    read = [each for each in seen if each.stage == "read"]
    assert [each.done for each in read] == list(range(1, len(FILES) + 1))
    assert read[-1].seconds_left == 0
    assert {each.stage for each in seen} == {"fetch", "read", "write"}
    assert Progress("read", 10, 30, 5.0).seconds_left == pytest.approx(10.0)
    assert Progress("read", 0, 30, 0.0).seconds_left is None

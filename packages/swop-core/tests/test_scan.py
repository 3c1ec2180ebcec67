"""A scan as a whole: places, contexts, links, caches."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest

from swop import Detection, FingerprintCache, ScanReport, SwopConfig, scan_project
from swop.scan.cache import RACY_NS, salt_of
from swop.scan.content import Content
from swop.scan.pool import read_many
from swop.scan.project import ProjectScan
from swop.scan.walk import walk

from .projects import named, project, scan

COMMAND = "from swop import command\n@command('billing')\nclass Issue:\n    number: int\n"


def shape(report: ScanReport) -> object:
    return [item.to_dict() for item in report.detections], report.errors, report.ignored


def test_the_shape_of_a_report(tmp_path: Path) -> None:
    """A report and a detection survive being written down."""
    report = scan(tmp_path, {"src/ops.py": COMMAND}, "source_roots: [src]\n")
    issue = named(report, "Issue")
    assert (issue.qualname, issue.source_file, issue.source_line) == ("ops.Issue", "src/ops.py", 3)
    assert Detection.from_dict(json.loads(json.dumps(issue.to_dict()))) == issue
    assert report.to_dict()["summary"]["kinds"] == {"command": 1}
    assert report.contexts["billing"].commands == 1
    assert "1 commands" in report.format_text()


def test_contexts_by_path_and_declaration(tmp_path: Path) -> None:
    """The longest declared source decides; outside of all a guess is ignored, external too."""
    text = "class {}Command:\n    x: int\n"
    report = scan(
        tmp_path,
        {
            "src/a/x.py": text.format("One"),
            "src/a/deep/x.py": text.format("Two"),
            "src/ext/x.py": text.format("Three"),
            "src/none/x.py": text.format("Four"),
            "src/none/y.py": "import swop\n@swop.command('a')\nclass Five: ...\n"
            "@swop.command('aa')\nclass Six: ...\n",
        },
        """
source_roots: [src]
bounded_contexts:
  - {name: a, source: src/a}
  - {name: deep, source: src/a/deep}
  - {name: ext, source: src/ext, external: true}
  - {name: idle, source: src/idle}
""",
    )
    assert {item.name: item.context for item in report.detections} == {
        "OneCommand": "a",
        "TwoCommand": "deep",
        "Five": "a",
        "Six": "aa",
    }
    assert report.ignored == [
        "src/ext/x.py:1: ThreeCommand is in an external context",
        "src/none/x.py:1: FourCommand is outside every declared context",
    ]
    assert report.warnings == [
        "src/none/y.py:5: context 'aa' is not declared in swop.yaml: did you mean 'a'?"
    ]
    assert list(report.contexts) == ["a", "aa", "deep", "idle"]


def test_handlers_are_linked_across_contexts(tmp_path: Path) -> None:
    """By class wherever it lives, by name where it is unique; otherwise a warning."""
    report = scan(
        tmp_path,
        {
            "billing/ops.py": "from swop import event\n@event('billing')\nclass Paid: ...\n",
            "mail/x.py": "from swop import handler\nfrom billing.ops import Paid as P\n"
            "@handler(P, context='mail')\nclass Thank:\n    def handle(self, e): ...\n"
            "@handler('Paid')\nclass ByName:\n    def handle(self, e): ...\n"
            "@handler('Nothing')\nclass Lost:\n    def handle(self, e): ...\n",
        },
    )
    assert named(report, "Thank").target == named(report, "ByName").target == "billing.ops.Paid"
    assert named(report, "Thank").context == "mail"
    assert named(report, "ByName").context == "billing"
    assert [ref.cls for ref in named(report, "Paid").handlers] == ["Thank", "ByName"]
    assert report.warnings == [
        "mail/x.py:10: Lost handles 'Nothing', but no command, query or event is called so"
    ]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        pytest.param("tests/*", ["a.py", "src/tests/x.py", "src/x_pb2.py"], id="anchored"),
        pytest.param("**/tests/**", ["a.py", "src/x_pb2.py"], id="anywhere"),
        pytest.param("*_pb2.py", ["a.py", "src/tests/x.py", "tests/x.py"], id="name"),
        pytest.param("src/", ["a.py", "tests/x.py"], id="folder"),
        pytest.param("src/*.py", ["a.py", "src/tests/x.py", "tests/x.py"], id="one-level"),
        pytest.param("?.py", ["src/x_pb2.py"], id="one-character"),
    ],
)
def test_exclusion(tmp_path: Path, pattern: str, left: list[str]) -> None:
    """Patterns mean what people expect of globs."""
    files: dict[str, str | bytes] = dict.fromkeys(
        ["a.py", "tests/x.py", "src/tests/x.py", "src/x_pb2.py", "node_modules/x.py", ".venv/x.py"],
        "",
    )
    config = project(tmp_path, {**files, ".venv/pyvenv.cfg": ""}, f"exclude: ['{pattern}']\n")
    assert [file.rel for file in walk(config).files] == left


def test_absolute_and_relative_roots_are_the_same(tmp_path: Path) -> None:
    """`src`, `./src` and its absolute path find the same files under the same names."""
    outcomes = [
        shape(scan(tmp_path, {"src/ops.py": COMMAND}, f"source_roots: ['{root}']\n"))
        for root in ("src", "./src", "src/", str(tmp_path / "src"))
    ]
    assert all(outcome == outcomes[0] for outcome in outcomes)


# ── caches and increments ────────────────────────────────────────────────────────────────


def test_a_second_scan_reads_nothing(tmp_path: Path) -> None:
    """What is known by content is not looked at again, and the outcome is the same."""
    config = project(tmp_path, {"a.py": COMMAND, "b.py": "x = 1\n"})
    first, second = scan_project(config), scan_project(config)
    assert (first.files_scanned, second.files_scanned, second.files_cached) == (2, 0, 2)
    assert shape(first) == shape(second)
    assert (tmp_path / ".swop/cache/.gitignore").read_text() == "*\n"


def test_an_edit_of_equal_size_and_time_is_seen(tmp_path: Path) -> None:
    """A file changed within its clock's tick is not trusted by its stamp."""
    config = project(tmp_path, {"a.py": COMMAND})
    scan_project(config)
    status = (tmp_path / "a.py").stat()
    (tmp_path / "a.py").write_text(COMMAND.replace("Issue", "Renew"))
    os.utime(tmp_path / "a.py", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [item.name for item in scan_project(config).detections] == ["Renew"]


def test_the_cache_depends_on_the_configuration(tmp_path: Path) -> None:
    """Another configuration is another cache: nothing stale is shown."""
    config = project(tmp_path, {"src/a/x.py": "class MakeCommand: ...\n"})
    assert [item.context for item in scan_project(config).detections] == ["src"]
    config = project(tmp_path, {}, "source_roots: [src]\n")
    assert [item.context for item in scan_project(config).detections] == ["a"]
    assert salt_of(config) != salt_of(SwopConfig())


def test_any_corruption_is_a_miss(tmp_path: Path) -> None:
    """Whatever happens to the cache file, the next scan is right."""
    config = project(tmp_path, {"a.py": COMMAND, "b.py": "class PayEvent: ...\n"})
    whole = shape(scan_project(config))
    path = tmp_path / ".swop/cache/scan.json"
    good = path.read_bytes()
    choose = random.Random(7)
    for _ in range(60):
        data = bytearray(good)
        for _ in range(choose.randint(1, 4)):
            data[choose.randrange(len(data))] = choose.randrange(256)
        path.write_bytes(choose.choice([bytes(data), good[: choose.randrange(len(good))], b""]))
        assert shape(scan_project(config)) == whole


def test_facts_that_are_no_facts_are_forgotten(tmp_path: Path) -> None:
    """Even a cache with a valid digest cannot break a scan."""
    config = project(tmp_path, {"a.py": COMMAND, "b.py": "x = 1\n"})
    whole = shape(scan_project(config))
    cache = FingerprintCache.for_config(config)
    for broken in ("[]", "[[],[]]", "{}", "[[[-1,'m',{},[]]],[[1]]]".replace("'", '"'), "nonsense"):
        cache.load()
        for row in cache._deep[0].values():
            row[5] = broken
        cache.report_key = "another"
        cache.save()
        assert shape(scan_project(config)) == whole


def test_the_cache_remembers_detections(tmp_path: Path) -> None:
    """The published methods: get, put, drop and prune, by path and fingerprint."""
    config = project(tmp_path, {"a.py": COMMAND})
    [issue] = scan_project(config).detections
    cache = FingerprintCache.for_config(config)
    cache.load()
    mark = FingerprintCache.fingerprint(COMMAND)
    assert cache.get("a.py", mark) == [issue]
    assert cache.get("a.py", "other") is None
    cache.put("z.py", "1", [issue])
    cache.prune(["z.py"])
    assert (cache.get("a.py", mark), cache.get("z.py", "1")) == (None, [issue])
    cache.drop("z.py")
    cache.save()
    cache.load()
    assert cache.get("z.py", "1") is None


def test_incremental_equals_fresh(tmp_path: Path) -> None:
    """After any edit, a scan that kept its knowledge says what a fresh one says."""
    texts = [
        "",
        "x = 1\n",
        COMMAND,
        "from swop import command as c\n",
        "from b import c\n@c('x')\nclass A: ...\n",
        "from kernel import Root\nclass Leaf(Root):\n    y: int\n",
        "class Root(Command):\n    x: int\n",
        "from mediator import Event as Root\n",
        "def broken(:\n",
        "from swop import handler\nfrom a import *\n@handler('Issue')\nclass H:\n"
        "  def handle(self) -> Leaf: ...\n",
    ]
    names = ["a.py", "b.py", "kernel.py", "pkg/__init__.py", "pkg/c.py"]
    choose = random.Random(11)
    config = project(tmp_path, {"a.py": COMMAND})
    kept = ProjectScan(config, cache=FingerprintCache.for_config(config))
    for _ in range(60):
        path = tmp_path / choose.choice(names)
        if path.exists() and choose.random() < 0.2:
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(choose.choice(texts))
        assert shape(kept.run()) == shape(ProjectScan(config).run())
        kept.remember()


def test_workers_read_what_one_process_reads(tmp_path: Path) -> None:
    """Facts and problems come back from subprocesses unchanged."""
    sources = {f"{n}.py": (COMMAND + f"x{n} = 1\n").encode() for n in range(6)}
    sources["bad.py"] = b"def broken(:\n"
    config = project(tmp_path, dict(sources))
    files = {f.rel: (f, Content.of(sources[f.rel], f.rel)) for f in walk(config).files}
    other = {f.rel: (f, Content.of(sources[f.rel], f.rel)) for f in walk(config).files}
    read_many(sources, files, pool_bytes=0)
    read_many(sources, other)
    assert [c.facts for _, c in files.values()] == [c.facts for _, c in other.values()]
    assert files["bad.py"][1].problem == other["bad.py"][1].problem is not None


def test_a_scan_right_after_an_edit_is_not_doubted_for_ever(tmp_path: Path) -> None:
    """The next scan looks again and remembers, and the one after it needs no look."""
    config = project(tmp_path, {"ops.py": COMMAND})
    scan_project(config)  # the file is as young as the scan: its stamp proves nothing
    time.sleep(RACY_NS / 1e9 + 0.2)
    scan_project(config)
    cache = FingerprintCache.for_config(config)
    cache.load()
    scan = ProjectScan(config, cache=cache)
    scan.run()
    assert not scan.learned

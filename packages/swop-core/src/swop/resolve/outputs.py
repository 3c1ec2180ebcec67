"""A report for other programs: SARIF, JUnit, and the annotations of GitHub's workflows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from .._version import VERSION
from .catalogue import RULES
from .report import Change, ResolutionReport
from .rules import Severity

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ANNOTATIONS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def to_sarif(report: ResolutionReport) -> str:
    """The report as SARIF 2.1.0. What was accepted is there, suppressed with its reason."""
    used = sorted({item.rule for item in report.changes})
    rules = [
        {
            "id": name,
            "shortDescription": {"text": RULES[name].meaning},
            "properties": {"tier": RULES[name].tier.value, "category": RULES[name].category.value},
        }
        for name in used
    ]
    results = [_sarif_result(item, used.index(item.rule)) for item in report.changes]
    driver = {"name": "swop", "version": VERSION, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_result(change: Change, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": change.rule,
        "ruleIndex": index,
        "level": _LEVELS[change.severity],
        "message": {"text": f"{change.where}: {change.detail}"},
        "partialFingerprints": {"swop/v1": f"{change.rule}:{change.where}"},
    }
    if change.file is not None:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(change.file)}}
        place["region"] = {"startLine": change.line or 1}
        result["locations"] = [{"physicalLocation": place}]
    if change.accepted is not None:
        result["suppressions"] = [{"kind": "external", "justification": change.accepted}]
    return result


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def to_junit(report: ResolutionReport) -> str:
    """The report as a JUnit suite: a case for each change, failed where it breaks."""
    cases = report.changes
    suite = ET.Element(
        "testsuite",
        name="swop resolve",
        tests=str(max(len(cases), 1)),
        failures=str(len(report.breaking)),
        errors="0",
        skipped=str(sum(item.accepted is not None for item in cases)),
    )
    if not cases:
        ET.SubElement(suite, "testcase", classname="swop.resolve", name="no drift")
    for item in cases:
        case = ET.SubElement(
            suite, "testcase", classname=f"swop.{item.rule}", name=_clean(item.where)
        )
        if item.breaking:
            failure = ET.SubElement(case, "failure", type=item.rule, message=_clean(item.detail))
            failure.text = _clean(item.format())
        elif item.accepted is not None:
            ET.SubElement(case, "skipped", message=_clean(item.accepted))
        else:
            ET.SubElement(case, "system-out").text = _clean(item.format())
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _clean(text: str) -> str:
    """Text without what XML cannot hold."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def to_github(report: ResolutionReport) -> str:
    """The report as workflow commands, which GitHub shows beside the lines they name."""
    return "\n".join(_annotation(item) for item in report.changes if item.accepted is None)


def _annotation(change: Change) -> str:
    properties = [f"title={_property(change.rule)}"]
    if change.file is not None:
        properties = [f"file={_property(change.file)}", f"line={change.line or 1}", *properties]
    message = _data(f"{change.where}: {change.detail}")
    return f"::{_ANNOTATIONS[change.severity]} {','.join(properties)}::{message}"


def _data(text: str) -> str:
    return _replaced(text, (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")))


def _property(text: str) -> str:
    return _replaced(_data(text), ((":", "%3A"), (",", "%2C")))


def _replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        text = text.replace(old, new)
    return text

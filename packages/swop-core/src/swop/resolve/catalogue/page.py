"""The rules as a page of the documentation.

$ python -m swop.resolve.catalogue.page > docs/guides/contract-rules.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..rules import Rule
from . import RULES, artifacts, fields, numbers, types

_TITLES = {
    "Artifacts": artifacts.RULES,
    "Fields": fields.RULES,
    "Types and answers": types.RULES,
    "Numbers": numbers.RULES,
}
_HEAD = f"""\
# The rules of swop resolve

{len(RULES)} rules. Each example below is run by the tests: the change from *before* to *after*
falls under its rule. A line `# file: NAME` begins another file. What a severity is can be changed
in `swop.yaml`; what the tiers mean is in the [guide](contracts.md).
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([_HEAD, *(line for title in _TITLES for line in _section(title))])


def _section(title: str) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| rule | tier | severity | drift | meaning |"
    yield "|---|---|---|---|---|"
    for rule in _TITLES[title]:
        link = f"[{rule.id}](#{rule.id.lower()})"
        yield f"| {link} | {rule.tier} | {rule.severity} | {rule.category} | {rule.meaning} |"
    yield ""
    for rule in _TITLES[title]:
        yield from _example(rule)


def _example(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    for name, text in (("Before", rule.before), ("After", rule.after)):
        yield f"{name}:\n\n```text\n{text.strip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(page())

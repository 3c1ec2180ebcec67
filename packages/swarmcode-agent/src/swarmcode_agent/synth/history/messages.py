"""From a commit's message to the text of a task: what remains is what was wanted.

Out go names that mean nothing outside the repository's own tracker (ids, links, trailers) and
labels; what was only bookkeeping is refused as noise, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noise:
    """A message that asks for nothing a model could learn; says why."""

    reason: str


_TRAILER = re.compile(
    r"^(?:signed-off-by|co-authored-by|reviewed-by|acked-by|tested-by|reported-by|change-id|"
    r"cc|refs?|see|pr-url|fixes|closes|resolves|git-svn-id|backport-of|\(cherry picked)\b.*$",
    re.IGNORECASE,
)
_TRAILER_NEEDS_COLON = re.compile(
    r"^(?:see|refs?|cc|fixes|closes|resolves)\b(?!\s*:?\s*#|:)", re.IGNORECASE
)
_URL = re.compile(r"\(?<?\bhttps?://\S+>?\)?")
_ISSUE = re.compile(
    r"\s*[(\[][^()\[\]]{0,40}(?:#|\bGH-)\d+[^()\[\]]{0,40}[)\]]"
    r"|\s*(?:\b(?:issues?|bug|pr|pull request|gh)\s*)?(?:[\w.-]+/[\w.-]+)?(?:#|\bGH-)\d+\b:?",
    re.IGNORECASE,
)
_SHA = re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b")
_LABEL = re.compile(
    r"^(?:\s*[\[(](?:ci skip|skip ci|[\w./-]{1,12})[\])]|\s*(?:wip|draft|fixup!|squash!)"
    r"(?=[\s:-]|$)[\s:-]*|\s*\w+(?:\([^)]*\))?!?:\s+(?=\S))+",
    re.IGNORECASE,
)
_CONVENTIONAL = re.compile(
    r"^(?:feat|fix|bugfix|refactor|perf|test|tests|chore|docs?|style|build|ci|revert)"
    r"(?:\([^)]*\))?!?:\s*",
    re.IGNORECASE,
)
_NOISE = (
    (re.compile(r"^merge\b", re.IGNORECASE), "a merge"),
    (re.compile(r"^revert\b", re.IGNORECASE), "a revert"),
    (
        re.compile(r"^(?:wip|tmp|temp|oops|checkpoint|fixup!?|squash!?|\.+)$", re.IGNORECASE),
        "work in progress",
    ),
    (
        re.compile(
            r"^(?:auto-?)?(?:bump|upgrade|pin|unpin)\b|^update (?:dependenc|dev\b|lock|pre-commit)|"
            r"pre-commit.*autoupdate|\bautoupdate\b",
            re.IGNORECASE,
        ),
        "a version bump",
    ),
    (
        re.compile(
            r"^(?:prepare|cut|start|release|begin|tag)\b.{0,40}\b(?:release|version|development|\d+\.\d+)"
            r"|^v?\d+(?:\.\d+)+\S*$|^(?:release|version)\b.{0,12}\d",
            re.IGNORECASE,
        ),
        "a release",
    ),
    (
        re.compile(
            r"^(?:(?:run|apply|use|fix)\s+)?(?:black|isort|ruff|flake8|lint(?:ing|er)?|pep ?8|"
            r"pyupgrade|whitespace|format(?:ting)?|style)\b[\w\s,.]{0,16}$|^reformat\b",
            re.IGNORECASE,
        ),
        "formatting",
    ),
    (
        re.compile(
            r"\btypos?\b|^(?:update|add|fix) (?:the )?(?:changelog|"
            r"changes|news|readme|authors)\b[\w\s.]{0,12}$",
            re.IGNORECASE,
        ),
        "documentation",
    ),
)
_BOTS = re.compile(
    r"\[bot\]|dependabot|renovate|pre-commit-ci|pyup|greenkeeper|snyk|weblate|github-actions",
    re.IGNORECASE,
)
_IRREGULAR = {"does": "do", "goes": "go", "made": "make", "got": "get", "has": "have"}
_VERBS = {
    "add", "adjust", "allow", "apply", "avoid", "backport", "call", "change", "check", "clarify",
    "clean", "close", "convert", "copy", "correct", "create", "deprecate", "detect", "disable",
    "do", "document", "drop", "enable", "ensure", "expose", "extend", "extract", "fix", "handle",
    "hide", "ignore", "implement", "improve", "include", "inline", "introduce", "keep", "limit",
    "make", "merge", "move", "normalize", "open", "optimize", "pass", "preserve", "prevent",
    "protect", "raise", "reduce", "refactor", "refuse", "remove", "rename", "reorder", "replace",
    "report", "require", "reset", "resolve", "restore", "return", "rework", "rewrite", "set",
    "show", "simplify", "skip", "sort", "split", "stop", "strip", "support", "switch", "test",
    "tweak", "unify", "update", "use", "validate", "warn", "work", "wrap",
}  # fmt: skip


def clean_message(message: str, *, author: str = "") -> str | Noise:
    """The task that a commit's message states, in the imperative, or why it states none."""
    if _BOTS.search(author):
        return Noise("by a bot")
    title, _, body = message.strip().partition("\n")
    plain = _CONVENTIONAL.sub("", title.strip())
    for pattern, reason in _NOISE:
        if pattern.search(plain):
            return Noise(reason)
    title = _imperative(_cleaned(_LABEL.sub("", title.strip()) or title))
    if len(re.findall(r"[A-Za-z]{2,}", title)) < 2:
        return Noise("too short to say what is wanted")
    paragraphs = _paragraphs(body)
    return "\n\n".join((title, *paragraphs))


_CREDIT = re.compile(
    r"^.*\b(?:reported|suggested|thanks|based on|courtesy|patch)\b.*@\w+.*$", re.IGNORECASE
)


def _cleaned(text: str) -> str:
    text = re.sub(r":[a-z_]+:\s", "", _CREDIT.sub("", text))
    text = _URL.sub("", text)
    text = _ISSUE.sub("", text)
    text = _SHA.sub("", text)
    text = re.sub(r"(?<!\w)(?:\(\s*[,;]?\s*\)|\[\s*\])|(?<!`)``(?!`)", "", text)
    text = re.sub(r"[ \t]+([,.;:])", r"\1", re.sub(r"[ \t]{2,}", " ", text))
    return text.strip().lstrip(",;:").rstrip(",;:-").strip()


def _paragraphs(body: str) -> list[str]:
    kept = []
    for paragraph in re.split(r"\n\s*\n", body):
        lines = [_cleaned(line) for line in paragraph.splitlines() if not _is_trailer(line)]
        text = "\n".join(line for line in lines if re.search(r"[A-Za-z]{2,}", line))
        if text and not _is_bookkeeping(text):
            kept.append(text)
    return kept


def _is_trailer(line: str) -> bool:
    bare = line.strip().lstrip("*- ")
    return bool(_TRAILER.match(bare)) and not _TRAILER_NEEDS_COLON.match(bare)


def _is_bookkeeping(text: str) -> bool:
    """Lists of intermediate commits, as a squash merge writes them."""
    lines = text.splitlines()
    return all(line.lstrip().startswith(("* ", "- ")) for line in lines) and all(
        len(line.split()) <= 5 or any(pattern.search(line[2:]) for pattern, _ in _NOISE)
        for line in lines
    )


def _imperative(title: str) -> str:
    """`Fixed the …` and `Fixes the …` as `Fix the …`; a verb that is not known stays."""
    first, space, rest = title.partition(" ")
    verb = _verb(first.lower())
    if verb is None:
        return title[:1].upper() + title[1:]
    return verb[:1].upper() + verb[1:] + space + rest


def _verb(word: str) -> str | None:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, instead in (("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"),
                            ("ied", "y"), ("ing", ""), ("ing", "e")):  # fmt: skip
        stem = word.removesuffix(ending) + instead if word.endswith(ending) else ""
        if stem in _VERBS:
            return stem
        if ending in ("ed", "ing") and stem[-1:] == stem[-2:-1] and stem[:-1] in _VERBS:
            return stem[:-1]
    return None

"""What is known of one file's bytes, and can be remembered by their fingerprint.

The reader is imported when a file must be read: a scan of a project that has not changed
does without it, and without `ast`.
"""

from __future__ import annotations

from typing import Any

from .facts import ModuleFacts


class Content:
    """One version of one file. Facts and import heads are worked out when they are asked for.

    `absent` are names that the file is known not to mention; `problem` is (line, message);
    `changed` says that more is known now than when the row was read.
    """

    __slots__ = (
        "_facts",
        "_heads",
        "absent",
        "changed",
        "checked",
        "fingerprint",
        "hit",
        "problem",
    )

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.hit = False
        self.checked = False
        self.absent: frozenset[str] = frozenset()
        self.problem: tuple[int, str] | None = None
        self._facts: ModuleFacts | str | None = None
        self._heads: frozenset[str] | None = None
        self.changed = False

    @classmethod
    def of(cls, text: bytes, fingerprint: str) -> Content:
        """What a look at the file's searchable text tells: whether it may hold an artifact."""
        from .prefilter import may_hold_artifact

        content = cls(fingerprint)
        content.hit = may_hold_artifact(text)
        return content

    @property
    def facts(self) -> ModuleFacts | None:
        """The facts, where they were read and the file is Python."""
        if isinstance(self._facts, str):
            self._facts = ModuleFacts.from_json(self._facts)
        return self._facts

    def forget_facts(self) -> None:
        """Drop facts that turned out to be unreadable."""
        self._facts, self.problem = None, None

    @property
    def is_read(self) -> bool:
        """Whether the file was read for facts, with or without success."""
        return self._facts is not None or self.problem is not None

    def read(self, data: bytes) -> None:
        """Read the facts, or learn why there are none."""
        from .reader import read_source
        from .source import SourceProblemError

        self.checked = self.changed = True
        try:
            self._facts = read_source(data)
        except SourceProblemError as error:
            self.problem = (error.line, str(error))

    def take(self, facts: str | None, problem: tuple[int, str] | None) -> None:
        """Accept facts that another process has read."""
        self.checked = self.changed = True
        self._facts, self.problem = facts, problem

    def check(self, data: bytes) -> None:
        """Learn whether the file is Python at all."""
        from .source import SourceProblemError, parse

        self.checked = self.changed = True
        try:
            parse(data)
        except SourceProblemError as error:
            self.problem = (error.line, str(error))

    def heads(self, text: bytes) -> frozenset[str]:
        """The first names of what the file imports, told from its searchable text."""
        if self._heads is None:
            from .prefilter import import_heads

            self.changed = True
            self._heads = import_heads(text)
        return self._heads

    def lacks(self, names: frozenset[str]) -> None:
        """Remember that none of these names occurs."""
        self.changed = True
        self.absent = self.absent | names

    @property
    def knows_heads(self) -> bool:
        """Whether `heads` needs no bytes."""
        return self._heads is not None

    def to_row(self) -> list[Any]:
        """The cache's form."""
        facts = self._facts.to_json() if isinstance(self._facts, ModuleFacts) else self._facts
        heads = None if self._heads is None else " ".join(sorted(self._heads))
        absent = " ".join(sorted(self.absent))
        return [self.hit, self.checked, self.problem, heads, absent, facts]

    @classmethod
    def from_row(cls, fingerprint: str, row: list[Any]) -> Content:
        """The inverse of `to_row`; raises ValueError or TypeError for what is no such row."""
        hit, checked, problem, heads, absent, facts = row
        content = cls(fingerprint)
        content.hit, content.checked = bool(hit), bool(checked)
        content.problem = (int(problem[0]), str(problem[1])) if problem else None
        content._heads = None if heads is None else frozenset(heads.split())
        content.absent = frozenset(absent.split())
        if facts is not None and not isinstance(facts, str):
            raise TypeError("facts must be text")
        content._facts = facts
        return content

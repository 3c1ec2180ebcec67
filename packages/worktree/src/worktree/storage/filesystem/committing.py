"""One commit on files: survey, stage, decide, bring about.

Up to the decision everything can be taken back, and is. After it the commit has happened, and
whatever stops its second half is told as CommitPendingError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from ...errors import CommitPendingError
from ..contract import Change, Expected, Put, Token
from .folders import Folders
from .ground import Ground, survey
from .hidden import Hidden
from .journal import FOLDER, NEW_JOURNAL, Journal
from .mountpoint import Mountpoint
from .rolling import Roller
from .signatures import Signatures, token_of
from .staging import Staging


class Committing:
    """A commit in the making, in a root folder that is locked for us alone."""

    def __init__(self, mountpoint: Mountpoint, root_fd: int, signatures: Signatures) -> None:
        self._system = mountpoint.system
        self._root = mountpoint.root
        self._durable = mountpoint.durable
        self._root_fd = root_fd
        self._signatures = signatures

    def make(self, changes: Sequence[Change], expected: Expected) -> dict[str, Token]:
        """Make the changes, if every expectation holds; the new token of each Put."""
        tokens = {put.key: token_of(put.data) for put in changes if isinstance(put, Put)}
        ground = self._survey(changes, expected)
        with Hidden.opened(self._system, self._root_fd, durable=self._durable) as hidden:
            journal = self._stage(hidden, ground, changes)
            if journal is not None:
                self._decide(hidden, tokens)
                for change in changes:
                    self._signatures.forget(ground.targets[change.key].key)
                self._bring_about(hidden, journal, tokens)
        return tokens

    def _survey(self, changes: Sequence[Change], expected: Expected) -> Ground:
        device = self._system.fstat(self._root_fd).st_dev
        with Folders(self._system, self._root, self._root_fd) as folders:
            return survey(folders, self._signatures, changes, expected, device=device)

    def _stage(self, hidden: Hidden, ground: Ground, changes: Sequence[Change]) -> Journal | None:
        try:
            journal = Staging(hidden, ground).stage(changes)
            if journal is not None:
                hidden.write_journal(journal)
        except BaseException:
            self._undo(hidden)
            raise
        return journal

    def _decide(self, hidden: Hidden, tokens: Mapping[str, Token]) -> None:
        """The commit point. Where the disk refuses, the decision is taken back.

        The stage is thrown away only once the disk has confirmed that the journal is gone: a
        power cut may still bring the journal back, and then it must find its stage complete.
        """
        try:
            hidden.name_journal()
        except BaseException:
            self._undo(hidden)
            raise
        try:
            hidden.sync()
        except BaseException as error:
            try:
                hidden.drop_journal()
            except OSError:
                raise CommitPendingError(
                    "the disk failed while the commit was decided; it may yet be taken back",
                    location=self._root,
                    is_durable=False,
                    tokens=tokens,
                ) from error
            with suppress(OSError):
                hidden.sync()
                self._undo(hidden)
            raise

    def _bring_about(self, hidden: Hidden, journal: Journal, tokens: Mapping[str, Token]) -> None:
        try:
            with Folders(self._system, self._root, self._root_fd) as folders:
                Roller(hidden, folders, self._root_fd).roll(journal)
        except OSError as error:
            raise CommitPendingError(
                f"the commit is kept in the journal, but putting it in place: {error.strerror}",
                location=self._root,
                is_durable=True,
                tokens=tokens,
            ) from error
        with suppress(OSError):  # Leftovers are swept by the next commit.
            hidden.sweep()

    def _undo(self, hidden: Hidden) -> None:
        """Take back what was staged, as far as the disk lets us; none of it is visible."""
        with suppress(OSError):
            hidden.drop_journal(NEW_JOURNAL)
            hidden.sweep()
        if hidden.made:
            with suppress(OSError):
                self._system.rmdir(FOLDER, dir_fd=self._root_fd)

"""For people who write drivers: prove that yours keeps its word.

- `worktree.testing.acceptance`: the suites that every driver passes.
- `worktree.testing.killing`: a suite that kills a writer, for drivers that promise atomicity.
- `worktree.testing.faults`: make any single call of a driver, or system call, fail or be the last.
- `worktree.testing.disk`: a disk that loses what was not synced.
- `worktree.testing.crashes`: every way to cut a commit short, tried.
"""

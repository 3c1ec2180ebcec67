"""For people who write drivers: prove that yours keeps its word.

- `worktree.testing.acceptance`: the suites that every driver passes.
- `worktree.testing.faults`: make any single system call fail, or be the last.
- `worktree.testing.disk`: a disk that loses what was not synced.
- `worktree.testing.crashes`: every way to cut a commit short, tried.
"""

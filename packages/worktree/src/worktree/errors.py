"""The errors of worktree, drawn as a tree.

WorktreeError    everything that worktree raises on purpose
"""


class WorktreeError(Exception):
    """Catch this to catch whatever worktree raises on purpose."""

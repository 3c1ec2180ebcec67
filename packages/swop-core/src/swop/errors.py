"""The errors of swop-core, drawn as a tree.

SwopError    everything that swop-core raises on purpose
"""


class SwopError(Exception):
    """Catch this to catch whatever swop-core raises on purpose."""

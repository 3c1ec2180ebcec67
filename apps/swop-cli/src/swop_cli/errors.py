"""The errors of swop, drawn as a tree.

SwopCliError    everything that swop raises on purpose
"""


class SwopCliError(Exception):
    """Catch this to catch whatever swop raises on purpose."""

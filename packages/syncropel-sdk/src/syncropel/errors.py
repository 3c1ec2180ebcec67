"""The errors of syncropel-sdk, drawn as a tree.

SyncropelError    everything that syncropel-sdk raises on purpose
"""


class SyncropelError(Exception):
    """Catch this to catch whatever syncropel-sdk raises on purpose."""

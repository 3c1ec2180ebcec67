"""The errors of syncropel-kernel, drawn as a tree.

KernelError    everything that syncropel-kernel raises on purpose
"""


class KernelError(Exception):
    """Catch this to catch whatever syncropel-kernel raises on purpose."""

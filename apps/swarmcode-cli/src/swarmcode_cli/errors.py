"""The errors of swarmcode, drawn as a tree.

CliError    everything that swarmcode raises on purpose
"""


class CliError(Exception):
    """Catch this to catch whatever swarmcode raises on purpose."""

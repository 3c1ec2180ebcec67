"""The errors of swarmcode-server, drawn as a tree.

ServerError    everything that swarmcode-server raises on purpose
"""


class ServerError(Exception):
    """Catch this to catch whatever swarmcode-server raises on purpose."""

"""The errors of swarmcode-registry, drawn as a tree.

RegistryError    everything that swarmcode-registry raises on purpose
"""


class RegistryError(Exception):
    """Catch this to catch whatever swarmcode-registry raises on purpose."""

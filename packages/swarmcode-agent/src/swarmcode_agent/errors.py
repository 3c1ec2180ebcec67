"""The errors of swarmcode-agent, drawn as a tree.

AgentError    everything that swarmcode-agent raises on purpose
"""


class AgentError(Exception):
    """Catch this to catch whatever swarmcode-agent raises on purpose."""

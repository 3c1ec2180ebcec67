"""The tools of a coding agent, their schemas, and their answers."""

from .agent_tools import AgentTools
from .declare import Declaration, Parameter, declare
from .result import ToolResult
from .validate import validated

__all__ = ["AgentTools", "Declaration", "Parameter", "ToolResult", "declare", "validated"]

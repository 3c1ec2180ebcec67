"""The agent's tools, as the server's workspaces know tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swarmcode_agent.environment import WorkspaceEnvironment
from swarmcode_agent.tools import AgentTools

from .workspaces import Hands, Outcome


class AgentToolBox:
    """swarmcode-agent's tools: files of one folder, and commands in its sandbox."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._definitions = AgentTools.get_tool_definitions()

    def definitions(self) -> Sequence[dict[str, Any]]:
        """The tools, as OpenAI's function schemas."""
        return self._definitions

    def hands(self, folder: Path) -> Hands:
        """The tools on a folder, and the folder as it is now, to tell changes from."""
        return AgentHands(AgentTools(folder, self._timeout))


class AgentHands:
    """swarmcode-agent's tools on one folder."""

    def __init__(self, tools: AgentTools) -> None:
        self._tools = tools
        self._environment = WorkspaceEnvironment(tools)

    async def execute(self, name: str, arguments: Mapping[str, Any] | str) -> Outcome:
        """Run one call."""
        result = await self._tools.execute(name, arguments)
        return Outcome(result.success, result.output, result.error)

    async def patch(self) -> str:
        """What was changed."""
        return await self._environment.final_patch()

"""The tools, offered to another program by MCP."""

import asyncio
import sys
from pathlib import Path

from swarmcode_agent.mcp import McpTools

SWARMCODE = Path(sys.executable).with_name("swarmcode")


def test_another_program_reads_and_searches(tmp_path: Path) -> None:
    """Over standard input and output: the tools are listed, they work, and stay in the folder."""
    (tmp_path / "app.py").write_text("total = 1\n")

    async def use() -> tuple[set[str], str, str]:
        async with McpTools([str(SWARMCODE), "mcp", str(tmp_path)]) as tools:
            names = {str(each["function"]["name"]) for each in tools.tool_definitions()}
            found = await tools.execute("search", '{"pattern": "total"}')
            refused = await tools.execute("read_file", '{"path": "../../etc/passwd"}')
        return names, found.text, refused.text

    names, found, refused = asyncio.run(use())
    assert {"read_file", "search", "apply_patch", "run_tests", "list_files"} <= names
    assert "app.py:1" in found
    assert "root:" not in refused


def test_a_folder_that_is_not_there_is_told(swarmcode) -> None:
    """One line, before anything is served."""
    answer = swarmcode("mcp", "nowhere")
    assert (answer.code, "nowhere is no folder" in answer.err) == (2, True)

"""Serve a workspace's tools: `python -m swarmcode_agent.mcp WORKSPACE [--http PORT]`."""

import argparse
import asyncio
import os
import sys

from ..errors import AgentError
from ..tools import AgentTools
from .server import serve_http, serve_stdio

TOKEN_VARIABLE = "SWARMCODE_MCP_TOKEN"  # noqa: S105 - where the token is, not what it is


def main(arguments: list[str]) -> int:
    """Serve until the client leaves, or until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m swarmcode_agent.mcp", description=__doc__)
    parser.add_argument("workspace")
    parser.add_argument("--http", type=int, metavar="PORT", help="serve over HTTP, at /mcp")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one test run")
    options = parser.parse_args(arguments)
    try:
        tools = AgentTools(options.workspace, timeout=options.timeout)
        token = os.environ.get(TOKEN_VARIABLE)
        if options.http is None:
            asyncio.run(serve_stdio(tools))
        else:
            asyncio.run(serve_http(tools, port=options.http, token=token))
    except AgentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

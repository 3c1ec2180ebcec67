"""MCP in both directions: a server with our tools, and other servers' tools for the loop."""

from .client import CombinedEnvironment, McpTools
from .server import http_app, make_server, serve_http, serve_stdio

__all__ = [
    "CombinedEnvironment",
    "McpTools",
    "http_app",
    "make_server",
    "serve_http",
    "serve_stdio",
]

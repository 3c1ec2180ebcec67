"""Calls of tools in what a model writes: one incremental parser for the formats there are."""

from .model import Parsed, Piece, Text, ToolCall
from .parser import ToolCallParser, collect, parse_answer

__all__ = ["Parsed", "Piece", "Text", "ToolCall", "ToolCallParser", "collect", "parse_answer"]

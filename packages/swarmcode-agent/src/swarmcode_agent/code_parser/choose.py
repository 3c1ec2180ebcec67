"""Which parser there is."""

from ..errors import MissingExtraError
from .protocol import CodeParser
from .regexparser import RegexParser
from .treesitter import TreeSitterParser


def get_parser() -> CodeParser:
    """Return the best parser there is: with grammars where they are installed, else by patterns.

    Ask its `name` which one it is; `swarmcode-agent[treesitter]` brings the grammars.
    """
    try:
        return TreeSitterParser()
    except MissingExtraError:
        return RegexParser()

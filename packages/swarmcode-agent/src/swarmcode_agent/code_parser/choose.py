"""Which parser there is."""

from ..errors import MissingExtraError
from .protocol import CodeParser
from .regexparser import RegexParser
from .treesitter import TreeSitterParser


def get_parser(*, guarded: bool = True) -> CodeParser:
    """Return the best parser there is: with grammars where they are installed, else by patterns.

    Ask its `name` which one it is; `swarmcode-agent[treesitter]` brings the grammars. `guarded`
    is for TreeSitterParser, which says what it means.
    """
    try:
        return TreeSitterParser(guarded=guarded)
    except MissingExtraError:
        return RegexParser()

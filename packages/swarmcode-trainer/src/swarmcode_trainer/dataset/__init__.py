"""From lines of a file to what a model learns: rows, conversations, tokens, packed sequences."""

from .conversation import Conversation, answer, as_dicts, ask, conversation
from .encode import IGNORED, ChatTokenizer, Encoded, Encoder, Refused, Sample, encode_rows
from .pack import pack
from .rows import AnyRow, ChatRow, ContextFile, Message, Row, parse_row, read_rows
from .split import Split, split_rows

__all__ = [
    "IGNORED",
    "AnyRow",
    "ChatRow",
    "ChatTokenizer",
    "ContextFile",
    "Conversation",
    "Encoded",
    "Encoder",
    "Message",
    "Refused",
    "Row",
    "Sample",
    "Split",
    "answer",
    "as_dicts",
    "ask",
    "conversation",
    "encode_rows",
    "pack",
    "parse_row",
    "read_rows",
    "split_rows",
]

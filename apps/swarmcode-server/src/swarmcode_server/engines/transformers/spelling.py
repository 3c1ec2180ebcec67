"""Tokens as text and as bytes, and text from tokens as they come."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from .row import Row


class Speller:
    """Spells the tokens of one tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._fast = tokenizer.backend_tokenizer
        self._is_bytes = "ByteLevel" in repr(self._fast.decoder)
        self.spell = lru_cache(maxsize=65_536)(self._spell)

    def step(self, row: Row, token: int) -> str:
        """The whole characters that one more token completes."""
        row.pending.append(token)
        text = row.decoder.step(self._fast, token)
        if text:
            row.pending.clear()
        return text or ""

    def rest(self, row: Row) -> str:
        """What the last tokens say, though they complete no character."""
        rest, row.pending = row.pending, []
        return str(self._tokenizer.decode(rest, skip_special_tokens=True)) if rest else ""

    def start(self, row: Row) -> None:
        """Begin with a row."""
        from tokenizers.decoders import DecodeStream

        row.decoder = DecodeStream(skip_special_tokens=True)

    def _spell(self, token: int) -> tuple[str, bytes]:
        text = str(self._tokenizer.decode([token]))
        if not self._is_bytes:
            return text, text.encode("utf-8", "replace")
        symbols = self._tokenizer.convert_ids_to_tokens(token)
        table = _bytes_of_symbols()
        if symbols is None or any(symbol not in table for symbol in symbols):
            return text, text.encode("utf-8", "replace")
        return text, bytes(table[symbol] for symbol in symbols)


@cache
def _bytes_of_symbols() -> dict[str, int]:
    """The letters in which byte-level tokenizers write bytes.

    Bytes that are visible characters of Latin-1 stand for themselves, the others for the
    characters from 256 on, in their order.
    """
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    table = {chr(byte): byte for byte in visible}
    return table | {chr(256 + place): byte for place, byte in enumerate(hidden)}

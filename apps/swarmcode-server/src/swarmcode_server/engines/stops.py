"""Stop strings: text is given as soon as it cannot begin one, and none of one is ever given."""

from __future__ import annotations


class StopScanner:
    """Looks for the first of some strings in text that arrives in pieces."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.found = False

    def feed(self, text: str) -> str:
        """Take some text; return what may be given. After `found`, nothing is."""
        if not self._stops:
            return text
        if self.found:
            return ""
        self._held += text
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if places:
            self.found = True
            given, self._held = self._held[: min(places)], ""
            return given
        keep = max(self._beginning(stop) for stop in self._stops)
        cut = len(self._held) - keep
        given, self._held = self._held[:cut], self._held[cut:]
        return given

    def close(self) -> str:
        """Return what was held back and is no stop string after all."""
        given, self._held = self._held, ""
        return given

    def _beginning(self, stop: str) -> int:
        """Return how long an end of the held text is a beginning of `stop`."""
        longest = min(len(stop) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(stop[:n])), 0)

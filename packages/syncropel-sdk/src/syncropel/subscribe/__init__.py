"""Subscribing: following a thread over server-sent events, without gaps or duplicates."""

from .cursor import CursorStore, FileCursor
from .feed import Feed, FeedOptions
from .subscription import RecordStream, Subscription, call_hook

__all__ = [
    "CursorStore",
    "Feed",
    "FeedOptions",
    "FileCursor",
    "RecordStream",
    "Subscription",
    "call_hook",
]

"""Keeping manifests up to date while people work."""

from .engine import WatchEngine
from .rebuild import WatchRebuild, rebuild_once

__all__ = ["WatchEngine", "WatchRebuild", "rebuild_once"]

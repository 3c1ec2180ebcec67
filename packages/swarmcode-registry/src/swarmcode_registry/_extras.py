"""Importing what is an extra, when it is used."""

import importlib
from typing import Any

from .errors import MissingExtraError


def extra(module: str, *, extra: str, feature: str) -> Any:
    """Import a module of an extra, or raise `MissingExtraError` naming the install command."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(feature, extra=extra) from error

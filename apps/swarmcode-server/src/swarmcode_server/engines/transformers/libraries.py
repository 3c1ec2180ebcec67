"""The heavy libraries, imported when a model is loaded and not before."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import MissingExtraError


def library(name: str) -> Any:
    """Import one of the heavy libraries. Raises MissingExtraError."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtraError("a model in this process", extra="transformers") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what the libraries say of each other's names from people who can change neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

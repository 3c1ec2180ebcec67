"""What the libraries below would print or warn of, and a person can do nothing about."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from .._extras import extra

LOGGERS = ("transformers", "trl", "peft", "accelerate", "datasets", "bitsandbytes", "torch")


@contextmanager
def quiet() -> Iterator[None]:
    """While it is entered, the libraries log errors only, and draw no progress bars."""
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), _without_bars():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _without_bars() -> Iterator[None]:
    bars = extra("transformers.utils.logging")
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()

"""How optional dependencies are brought in: when they are used, or with a clear error."""

import importlib
from typing import Any

from .errors import MissingExtraError


def extra(module: str, *, name: str = "qlora") -> Any:
    """Import a module that an extra brings.

    Raises:
        MissingExtraError: it is not installed; the error names the install command.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(module.partition(".")[0], extra=name) from error

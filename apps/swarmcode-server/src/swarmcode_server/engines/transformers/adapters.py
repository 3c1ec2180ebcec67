"""Adapters on one base: loaded and forgotten while it answers, one in force at a time."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from ...errors import LoadError
from .libraries import library, quiet


class Adapters:
    """The adapters of a model. Only the worker's thread uses it."""

    def __init__(self, base: Any) -> None:
        self._base = base
        self._model: Any = None
        self._labels: dict[str, str] = {}  # peft's names may hold no dots; ours may
        self._numbers = itertools.count()
        self._in_force: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What is loaded."""
        return tuple(self._labels)

    def load(self, name: str, folder: Path) -> None:
        """Load an adapter, or another version of it. Raises LoadError; nothing is left of it."""
        check_folder(folder)
        label = f"a{next(self._numbers)}"
        try:
            with quiet():
                self._put(label, folder)
        except (RuntimeError, ValueError, KeyError, TypeError, OSError) as error:
            self._remove(label)
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise LoadError(name, f"does not fit the base ({lines[-1].strip()[:300]})") from error
        before = self._labels.get(name)
        self._labels[name] = label
        if before is not None:
            self._remove(before)
        self._in_force = "unknown"

    def unload(self, name: str) -> None:
        """Forget an adapter."""
        self._remove(self._labels.pop(name))
        self._in_force = "unknown"

    def use(self, name: str | None) -> None:
        """Put an adapter in force, or none. Its layers sit in the base itself."""
        if self._model is None:
            return
        label = None if name is None else self._labels[name]
        if label != self._in_force:
            tuner = self._model.base_model
            if label is None:
                tuner.disable_adapter_layers()
            else:
                tuner.enable_adapter_layers()
                self._model.set_adapter(label, inference_mode=True)
            self._in_force = label

    def _put(self, label: str, folder: Path) -> None:
        peft = library("peft")
        options = {"adapter_name": label, "use_safetensors": True, "is_trainable": False}
        if self._model is None:
            self._model = peft.PeftModel.from_pretrained(self._base, str(folder), **options).eval()
        else:
            del options["use_safetensors"]
            self._model.load_adapter(str(folder), **options)
            self._model.eval()

    def _remove(self, label: str) -> None:
        if self._model is not None and label in self._model.peft_config:
            with quiet():
                self._model.delete_adapter(label)


def check_folder(folder: Path) -> None:
    """Refuse what is no adapter in safetensors. Raises LoadError."""
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            raise LoadError(str(folder), f"holds no {name}, so it is no adapter in safetensors")
    try:
        json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))["peft_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LoadError(str(folder), f"adapter_config.json cannot be read ({error})") from None


def base_of(folder: Path) -> str:
    """The base that an adapter was made for. Raises LoadError."""
    check_folder(folder)
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    base = settings.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise LoadError(str(folder), "names no base model; set base_model")
    return base

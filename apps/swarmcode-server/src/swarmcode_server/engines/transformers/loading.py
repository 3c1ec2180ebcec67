"""A base model and its tokenizer from a folder, or from what was downloaded before.

Only safetensors are read, and no code of a model's repository runs: a pickle, or a model file in
Python, would run whatever its author wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LoadError
from .libraries import library, quiet


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready to answer."""

    model: Any
    tokenizer: Any
    ends: frozenset[int]  # tokens that end an answer
    context: int
    vocabulary: int


def load(name: str, *, device: str, allow_download: bool) -> Loaded:
    """Load a base. Raises LoadError and MissingExtraError."""
    torch, transformers = library("torch"), library("transformers")
    transformers.utils.logging.disable_progress_bar()
    where = {"local_files_only": not allow_download, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(name, **where)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                name, use_safetensors=True, dtype="auto", **where
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise LoadError(name, _why(name, error, allow_download=allow_download)) from error
    if not tokenizer.is_fast:
        raise LoadError(name, "its tokenizer has no tokenizer.json, which streaming needs")
    model = model.to(_device(torch, device)).eval()
    _check_cache(name, model, transformers)
    return Loaded(
        model,
        tokenizer,
        _ends(model, tokenizer),
        _context(model, tokenizer),
        int(model.get_output_embeddings().weight.shape[0]),
    )


def _why(name: str, error: Exception, *, allow_download: bool) -> str:
    if isinstance(error, OSError) and not Path(name).is_dir() and not allow_download:
        return "is not a folder and was not downloaded before; set allow_download to fetch it"
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"cannot be loaded ({lines[0][:300] if lines else type(error).__name__})"


def _device(torch: Any, asked: str) -> str:
    if asked != "auto":
        return asked
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _check_cache(name: str, model: Any, transformers: Any) -> None:
    """Refuse models whose memory of the past cannot be cut and joined row by row."""
    cache = transformers.DynamicCache(config=model.config)
    kinds = {type(layer).__name__ for layer in cache.layers}
    if not kinds <= {"DynamicLayer"}:
        raise LoadError(
            name, f"keeps its past in {', '.join(sorted(kinds))}; serve it with an upstream engine"
        )


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    told = model.generation_config.eos_token_id
    ends = set(told if isinstance(told, list) else [] if told is None else [told])
    if tokenizer.eos_token_id is not None:
        ends.add(tokenizer.eos_token_id)
    return frozenset(ends)


def _context(model: Any, tokenizer: Any) -> int:
    told = getattr(model.config.get_text_config(decoder=True), "max_position_embeddings", None)
    limits = [n for n in (told, tokenizer.model_max_length) if isinstance(n, int) and n < 10**9]
    return min(limits) if limits else 32_768

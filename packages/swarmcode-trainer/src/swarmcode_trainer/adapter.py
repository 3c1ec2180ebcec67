"""An adapter on disk: whether it fits a base, and merging it into a full model."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._extras import extra
from .errors import AdapterError, ModelError
from .training.provenance import base_fingerprint
from .training.quiet import quiet
from .training.results import read_record

WEIGHTS = "adapter_model.safetensors"
SETTINGS = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is known of an adapter without loading it.

    Attributes:
        path: its folder.
        base: the name or folder of the base it was made for.
        rank: its rank.
        dora: whether it is a DoRA.
        fingerprint: of the base, where our own record has one.
    """

    path: Path
    base: str
    rank: int
    dora: bool
    fingerprint: str | None


def read_adapter(path: Path) -> Adapter:
    """Look at an adapter.

    Raises:
        AdapterError: it is missing, incomplete or broken.
    """
    if not path.is_dir():
        raise AdapterError(str(path), "does not exist; train one with `swarmcode train`")
    for name in (SETTINGS, WEIGHTS):
        if not (path / name).is_file():
            raise AdapterError(str(path), f"holds no {name}, so it is no adapter in safetensors")
    try:
        settings = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
        base, rank = settings["base_model_name_or_path"], settings["r"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AdapterError(str(path), f"{SETTINGS} cannot be read ({error})") from error
    if not isinstance(base, str) or not isinstance(rank, int):
        raise AdapterError(str(path), f"{SETTINGS} names no base model or rank")
    record = read_record(path) or {}
    made_with = record.get("base")
    return Adapter(
        path=path,
        base=base,
        rank=rank,
        dora=bool(settings.get("use_dora")),
        fingerprint=made_with.get("fingerprint") if isinstance(made_with, dict) else None,
    )


def check_base(adapter: Adapter, base: str) -> None:
    """Refuse a base that the adapter was not made for.

    Where the base is a folder and the adapter has our record, the weights are compared; names
    are compared otherwise, so that a renamed folder of the same weights is accepted.

    Raises:
        AdapterError: it is another base.
    """
    found = base_fingerprint(Path(base))
    if found is not None and adapter.fingerprint is not None:
        if found != adapter.fingerprint:
            raise AdapterError(
                str(adapter.path),
                f"was made for {adapter.base}, and {base} holds other weights; "
                "name the base that it was trained on",
            )
        return
    if not Path(base).is_dir() and not Path(adapter.base).is_dir() and base != adapter.base:
        raise AdapterError(
            str(adapter.path), f"was made for {adapter.base}, not for {base}; name that base"
        )


def load_adapter(model: Any, adapter: Adapter) -> Any:
    """Put an adapter onto a loaded base.

    Raises:
        AdapterError: it does not fit.
    """
    try:
        loaded = extra("peft").PeftModel.from_pretrained(
            model, str(adapter.path), use_safetensors=True
        )
    except (RuntimeError, ValueError, KeyError) as error:
        raise AdapterError(
            str(adapter.path),
            f"does not fit the base ({str(error).strip().splitlines()[-1].strip()[:200]}); "
            f"it was made for {adapter.base}",
        ) from error
    return loaded.eval()


def merge(adapter_path: Path, output: Path, *, base: str | None = None) -> Path:
    """Write base and adapter as one full model, and return its folder.

    The base is loaded unquantised: merging into 4-bit weights would round the adapter away.

    Args:
        adapter_path: the folder of the adapter.
        output: the folder to write; it must not exist, or be empty.
        base: the base model, where it is not where the adapter says.

    Raises:
        AdapterError: the adapter is missing, broken, or for another base.
        ModelError: the base cannot be loaded, or the output is in the way.
    """
    adapter = read_adapter(adapter_path)
    name = base or adapter.base
    check_base(adapter, name)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ModelError(str(output), "is there already; name a new folder to merge into")
    partial = output.with_name(output.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with quiet():
        model = load_adapter(_load_full(name), adapter).merge_and_unload(safe_merge=True)
        model.save_pretrained(str(partial))
        tokenizer = extra("transformers").AutoTokenizer.from_pretrained(str(adapter_path))
        tokenizer.save_pretrained(str(partial))
    if output.exists():
        output.rmdir()
    partial.rename(output)
    return output


def _load_full(name: str) -> Any:
    try:
        return extra("transformers").AutoModelForCausalLM.from_pretrained(
            name, dtype="auto", use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ModelError(name, f"cannot be loaded to merge into ({reason})") from error

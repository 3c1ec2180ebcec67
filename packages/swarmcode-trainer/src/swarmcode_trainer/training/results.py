"""What a run leaves: the adapter, how it came about, its card, its curves.

The adapter is written beside its place and moved there whole: a folder named
`swarmcode_adapter` is always complete.
"""

import json
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from ..config import TrainConfig
from ..errors import AdapterError
from .checkpoints import newest_checkpoint
from .disk import writing
from .progress import read_metrics
from .report import training_report

RANKS_OF_VLLM = (8, 16, 32, 64, 128, 256, 320, 512)
CONFIG_NAME = "training_config.json"
REPORT_NAME = "training_report.html"
METRICS_NAME = "metrics.jsonl"
PICKLED_ARGUMENTS = "training_args.bin"  # transformers writes them; nobody needs a pickle


def save_adapter(
    config: TrainConfig, trainer: Any, tokenizer: Any, record: Mapping[str, Any]
) -> Path:
    """Write the adapter as safetensors, with tokenizer, record and card, and return its folder.

    Every process of a job calls it: where weights are sharded, each has a part of them.

    Raises:
        DiskFullError: there is no room; what was there before is untouched.
    """
    place = config.adapter_dir
    partial = place.with_name(place.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    with writing("the adapter", partial, last_good=newest_checkpoint(config.checkpoints_dir)):
        trainer.save_model(str(partial))
        if trainer.is_world_process_zero():
            (partial / PICKLED_ARGUMENTS).unlink(missing_ok=True)
            tokenizer.save_pretrained(str(partial))
            _write_json(partial / CONFIG_NAME, record)
            (partial / "README.md").write_text(model_card(config, record), encoding="utf-8")
            _refuse_pickles(partial)
            _swap(partial, place)
    trainer.accelerator.wait_for_everyone()
    return place


def write_records(config: TrainConfig, record: Mapping[str, Any]) -> Path:
    """Write the record and the report beside the adapter, and return the report."""
    _write_json(config.output_dir / CONFIG_NAME, record)
    report = config.output_dir / REPORT_NAME
    page = training_report(
        f"Training of {config.model_name}",
        report_facts(record),
        read_metrics(config.output_dir / METRICS_NAME),
    )
    report.write_text(page, encoding="utf-8")
    return report


def report_facts(record: Mapping[str, Any]) -> dict[str, object]:
    """Choose from a record what a reader of the report wants first."""
    data, result, how = record["data"], record["result"], record["effective"]
    return {
        "Base": record["base"]["name"],
        "Rows": f"{data['trained']} trained on, {data['held_out']} held out, "
        f"{data['refused']} too long and left out",
        "Steps": f"{result['steps']} ({result['epochs']:.2f} epochs)",
        "Training loss": _number(result["final_loss"]),
        "Held-out loss": f"{_number(result['base_eval_loss'])} before, "
        f"{_number(result['eval_loss'])} after",
        "Device": f"{how['device']}, {how['precision']}, attention {how['attention']}",
        "Seed": record["seed"],
        "Data": ", ".join(data["hashes"].values()),
        "Versions": ", ".join(f"{name} {version}" for name, version in record["versions"].items()),
        "Serve": record["serve"],
    }


def model_card(config: TrainConfig, record: Mapping[str, Any]) -> str:
    """Describe the adapter for whoever finds it."""
    page = Template(files(__package__).joinpath("model_card.md").read_text(encoding="utf-8"))
    rows = "\n".join(f"| {name} | {value} |" for name, value in report_facts(record).items())
    return page.substitute(
        base=config.model_name,
        rank=config.lora_r,
        alpha=config.lora_alpha,
        dropout=config.lora_dropout,
        targets=", ".join(
            [config.lora_target_modules]
            if isinstance(config.lora_target_modules, str)
            else config.lora_target_modules
        ),
        facts=rows,
        serve=record["serve"],
    )


def serve_command(base: str, adapter: Path, *, rank: int, dora: bool = False) -> str:
    """Return the line that serves the adapter with vLLM.

    vLLM takes a few ranks only, so the next larger one is named; DoRA it does not take at all,
    and such an adapter has to be merged first.
    """
    if dora:
        return f"vllm serve MERGED  # after: merge {adapter} (vLLM serves no DoRA adapters)"
    limit = next((size for size in RANKS_OF_VLLM if size >= rank), rank)
    return (
        f"vllm serve {base} --enable-lora --max-lora-rank {limit} "
        f"--lora-modules swarmcode={adapter}"
    )


def read_record(adapter: Path) -> dict[str, Any] | None:
    """Read how an adapter came about; None if it is not one of ours.

    Raises:
        AdapterError: the record is there and broken.
    """
    path = adapter / CONFIG_NAME
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AdapterError(str(adapter), f"{CONFIG_NAME} cannot be read ({error})") from error
    if not isinstance(record, dict):
        raise AdapterError(str(adapter), f"{CONFIG_NAME} does not hold an object")
    return record


def _refuse_pickles(folder: Path) -> None:
    unsafe = [
        path.name for path in folder.rglob("*") if path.suffix in (".bin", ".pt", ".pth", ".pkl")
    ]
    if unsafe:
        raise AdapterError(str(folder), f"peft wrote files that are no safetensors: {unsafe}")


def _swap(new: Path, place: Path) -> None:
    old = place.with_name(place.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "not measured"

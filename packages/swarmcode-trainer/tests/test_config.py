"""Settings: the published defaults, and one clear line for what cannot work."""

import json
from pathlib import Path

import pytest

from swarmcode_trainer.errors import ConfigError
from swarmcode_trainer.qlora import MODEL_PRESETS, TrainConfig, get_preset


def test_the_defaults_are_the_published_ones() -> None:
    """Scripts that rely on them get what they expect."""
    config = TrainConfig()
    assert (config.lora_r, config.lora_alpha, config.lora_dropout) == (64, 16, 0.1)
    assert (config.num_epochs, config.batch_size, config.gradient_accumulation_steps) == (3, 4, 4)
    assert (config.learning_rate, config.max_seq_length) == (2e-4, 4096)
    assert (config.warmup_ratio, config.weight_decay, config.seed) == (0.03, 0.01, 42)
    assert (config.logging_steps, config.save_steps) == (10, 100)
    assert config.load_in_4bit
    assert (config.bnb_4bit_quant_type, config.bnb_4bit_compute_dtype) == ("nf4", "bfloat16")


def test_the_extension_example_is_a_configuration() -> None:
    """A custom base with custom modules, lists as people write them, paths as text."""
    config = TrainConfig(
        model_name="your-model",
        lora_target_modules=["custom_module"],
        output_dir="out",  # type: ignore[arg-type]
    )
    assert config.lora_target_modules == ("custom_module",)
    assert config.adapter_dir == Path("out/swarmcode_adapter")


def test_a_configuration_survives_json() -> None:
    """What a run records is what starts it again."""
    config = TrainConfig(lora_target_modules=("q_proj",), max_steps=3, eval_dataset_path=Path("e"))
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("lora_r", 0, id="no-rank"),
        pytest.param("lora_r", 1.5, id="half-rank"),
        pytest.param("batch_size", True, id="a-bool"),
        pytest.param("learning_rate", 0, id="no-rate"),
        pytest.param("learning_rate", float("nan"), id="nan-rate"),
        pytest.param("learning_rate", "2e-4", id="text-rate"),
        pytest.param("lora_dropout", 1, id="drops-everything"),
        pytest.param("eval_fraction", 1.0, id="holds-out-everything"),
        pytest.param("warmup_ratio", 1.0, id="only-warms-up"),
        pytest.param("warmup_ratio", -0.1, id="negative"),
        pytest.param("lr_scheduler", "magic", id="scheduler"),
        pytest.param("precision", "int3", id="precision"),
        pytest.param("lora_target_modules", "q_proj", id="one-name-as-text"),
        pytest.param("lora_target_modules", (), id="no-target"),
        pytest.param("model_name", "", id="no-model"),
        pytest.param("max_seq_length", 4, id="too-short"),
    ],
)
def test_what_cannot_work_is_refused_by_name(field: str, value: object) -> None:
    """Before anything is loaded, and with the field."""
    with pytest.raises(ConfigError) as caught:
        TrainConfig.from_dict({field: value})
    assert caught.value.field == field
    assert "\n" not in str(caught.value)


def test_an_unknown_setting_is_named() -> None:
    """A misspelt setting must not be ignored."""
    with pytest.raises(ConfigError, match="learning_rat = 1: no such setting"):
        TrainConfig.from_dict({"learning_rat": 1})


@pytest.mark.parametrize("text", [pytest.param("{", id="broken"), pytest.param("[]", id="a-list")])
def test_a_broken_file_is_named(text: str, tmp_path: Path) -> None:
    """One line, with the path."""
    path = tmp_path / "train.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"train\.json"):
        TrainConfig.read(path)


@pytest.mark.parametrize(
    ("name", "batch", "memory"),
    [("qwen-7b", 4, 16), ("qwen-14b", 2, 24), ("qwen-32b", 1, 48)],
)
def test_the_presets_are_the_published_ones(name: str, batch: int, memory: int) -> None:
    """Size, batch and memory class; the effective batch is the same for all."""
    preset = get_preset(name)
    assert (preset.batch_size, preset.memory_gb) == (batch, memory)
    config = preset.config(num_epochs=1)
    assert config.batch_size * config.gradient_accumulation_steps == 16
    assert config.num_epochs == 1


def test_an_unknown_preset_lists_those_there_are() -> None:
    """The person need not look them up."""
    with pytest.raises(ConfigError, match=", ".join(MODEL_PRESETS)):
        get_preset("gpt-9")

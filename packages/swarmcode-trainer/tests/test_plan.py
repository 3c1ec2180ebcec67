"""The plan: sizes that are exact where they can be, and a refusal that helps."""

import json
from pathlib import Path

import pytest

from swarmcode_trainer import Device
from swarmcode_trainer.errors import DoesNotFitError
from swarmcode_trainer.plan import (
    Data,
    ModelShape,
    check_plan,
    make_plan,
    memory_parts,
    propose,
    quantised_bytes,
)
from swarmcode_trainer.qlora import MODEL_PRESETS, TrainConfig
from swarmcode_trainer.training.disk import check_room

GB = 10**9
SMALL = ModelShape(
    vocabulary=512, hidden=64, intermediate=128, layers=2, heads=4, kv_heads=2,
    attention_bias=True, tied_embeddings=True,
)  # fmt: skip


def gpu(memory: int) -> Device:
    return Device("cuda", "a GPU", 1, memory, "bf16")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("qwen-7b", 7_615_616_512), ("qwen-14b", 14_770_033_664), ("qwen-32b", 32_763_876_352)],
)
def test_the_presets_count_as_many_parameters_as_the_models_have(
    name: str, parameters: int
) -> None:
    """The published counts, to the last one."""
    assert MODEL_PRESETS[name].shape.parameters == parameters


@pytest.mark.parametrize("name", list(MODEL_PRESETS))
def test_a_preset_fits_its_memory_class_at_2048_tokens(name: str) -> None:
    """7B in 16 GB at batch 4, 14B in 24 GB at batch 2, 32B in 48 GB at batch 1."""
    preset = MODEL_PRESETS[name]
    config = preset.config(max_seq_length=2048)
    memory = preset.memory_gb * GB
    plan = make_plan(config, preset.shape, Data((2048,) * 10), device=gpu(memory), memory=memory)
    assert plan.fits


def test_a_plan_that_cannot_work_is_refused_with_one_that_can() -> None:
    """The proposal keeps the effective batch, and following it is enough."""
    preset = MODEL_PRESETS["qwen-7b"]
    config, data, device = preset.config(), Data((4096,) * 10), gpu(16 * GB)
    plan = make_plan(config, preset.shape, data, device=device, memory=16 * GB)
    with pytest.raises(DoesNotFitError) as caught:
        check_plan(plan, config, preset.shape, data, device=device)
    better = config.replace(**caught.value.proposal)
    assert better.batch_size * better.gradient_accumulation_steps == 16
    again = make_plan(better, preset.shape, data, device=device, memory=16 * GB)
    check_plan(again, better, preset.shape, data, device=device)
    assert "batch_size" in str(caught.value)


def test_a_hopeless_plan_says_that_nothing_fits() -> None:
    """32B does not fit into 2 GB, whatever is changed."""
    preset = MODEL_PRESETS["qwen-32b"]
    config, data, device = preset.config(), Data((4096,)), gpu(2 * GB)
    assert propose(config, preset.shape, data, device=device, memory=2 * GB) == {}
    plan = make_plan(config, preset.shape, data, device=device, memory=2 * GB)
    with pytest.raises(DoesNotFitError, match="no smaller setting"):
        check_plan(plan, config, preset.shape, data, device=device)


def test_an_unknown_family_is_said_to_be_unknown() -> None:
    """It is not guessed, and it is not refused."""
    assert ModelShape.from_config({"model_type": "mamba"}) is None
    data, device = Data((10,)), gpu(1)
    plan = make_plan(TrainConfig(), None, data, device=device, memory=1)
    check_plan(plan, TrainConfig(), None, data, device=device)
    assert any("unknown" in line for line in plan.lines())


@pytest.mark.parametrize(
    ("samples", "settings", "devices", "steps"),
    [
        pytest.param(10, {"batch_size": 1}, 1, 10, id="one-a-step"),
        pytest.param(10, {"batch_size": 4}, 1, 3, id="a-remainder-is-a-step"),
        pytest.param(10, {"batch_size": 1, "num_epochs": 0.5}, 1, 5, id="half-an-epoch"),
        pytest.param(10, {"batch_size": 1}, 2, 5, id="two-devices"),
        pytest.param(10, {"max_steps": 7}, 1, 7, id="a-limit"),
        pytest.param(
            10, {"packing": True, "max_seq_length": 20, "batch_size": 1}, 1, 5, id="packed"
        ),
    ],
)
def test_steps_are_counted(
    samples: int, settings: dict[str, object], devices: int, steps: int
) -> None:
    """As the loop will count them."""
    config = TrainConfig.from_dict({"num_epochs": 1, "gradient_accumulation_steps": 1, **settings})
    device = Device("cpu", "CPU", devices, None, "fp32")
    plan = make_plan(config, SMALL, Data((10,) * samples), device=device, memory=10**10)
    assert plan.steps == steps


def test_time_is_known_once_steps_were_timed() -> None:
    """Before that, nothing is promised."""
    plan = make_plan(TrainConfig(max_steps=100), SMALL, Data((10,)), device=gpu(GB), memory=GB)
    assert plan.seconds is None
    assert plan.timed(2.5).seconds == 250


def test_checkpointing_and_quantisation_save_memory() -> None:
    """Each of them makes the parts that it touches smaller, and no other."""
    shape = MODEL_PRESETS["qwen-7b"].shape

    def parts(**settings: object) -> dict[str, int]:
        config = TrainConfig.from_dict(settings)
        found = memory_parts(shape, config, device_kind="cuda", precision="bf16")
        return {part.name: part.bytes for part in found}

    assert parts()["activations"] < parts(gradient_checkpointing=False)["activations"]
    assert parts()["base weights"] < parts(load_in_4bit=False)["base weights"]
    assert parts()["optimizer"] < parts(lora_r=128)["optimizer"]
    assert parts()["runtime"] == parts(lora_r=128)["runtime"]


def test_a_disk_that_is_too_small_for_checkpoints_is_found_before_training(tmp_path: Path) -> None:
    """Not at step 100."""
    with pytest.raises(DoesNotFitError, match="writing checkpoints"):
        check_room(tmp_path / "not" / "there", trained=10**15, checkpoints=2)
    check_room(tmp_path, trained=1000, checkpoints=2)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_shape_counts_what_a_real_model_has(base: Path) -> None:
    """Parameters, and the bytes of its 4-bit weights with their constants, to the byte."""
    import bitsandbytes
    import torch
    from transformers import AutoModelForCausalLM

    shape = ModelShape.from_config(json.loads((base / "config.json").read_text()))
    assert shape == SMALL
    model = AutoModelForCausalLM.from_pretrained(str(base))
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())
    weight = model.model.layers[0].mlp.up_proj.weight.data
    _, plain = bitsandbytes.functional.quantize_4bit(weight, quant_type="nf4")
    packed, double = bitsandbytes.functional.quantize_4bit(
        weight, quant_type="nf4", compress_statistics=True
    )
    assert packed.numel() + plain.absmax.numel() * 4 == quantised_bytes(
        weight.numel(), double=False
    )
    constants = double.absmax.numel() + double.state2.absmax.numel() * 4
    assert packed.numel() + constants == quantised_bytes(weight.numel(), double=True) or (
        weight.numel() % (64 * 256)  # a last, incomplete block of constants counts whole
    )
    assert torch.is_tensor(packed)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_adapter_counts_what_peft_makes(base: Path) -> None:
    """For every linear layer, for named ones, with and without DoRA."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    for targets in ("all-linear", ("q_proj", "down_proj")):
        for dora in (False, True):
            model = AutoModelForCausalLM.from_pretrained(str(base))
            settings = LoraConfig(
                r=4,
                target_modules=targets if isinstance(targets, str) else list(targets),
                use_dora=dora,
                task_type="CAUSAL_LM",
            )
            trainable = get_peft_model(model, settings).get_nb_trainable_parameters()[0]
            assert SMALL.adapter_parameters(rank=4, targets=targets, dora=dora) == trainable

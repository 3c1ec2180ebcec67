"""Training for real, on a CPU: what is learned, what is left, what is refused."""

import json
import math
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from swarmcode_trainer.errors import (
    DatasetError,
    DiskFullError,
    MissingExtraError,
    ModelNotFoundError,
    NonFiniteLossError,
    ResumeError,
    TargetModuleError,
    TokenizerError,
    TooFewRowsError,
    TooLongError,
    TrainerError,
    TrainingInterrupted,
)
from swarmcode_trainer.qlora import Progress, QLoRATrainer, TrainConfig
from swarmcode_trainer.training.progress import read_metrics

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

Rows = Callable[[Path, list[object]], Path]


@pytest.fixture
def config(base: Path, rows_file: Path, tmp_path: Path) -> TrainConfig:
    """A run of a few seconds, unquantised so that it is exact."""
    return TrainConfig(
        model_name=str(base),
        dataset_path=rows_file,
        output_dir=tmp_path / "out",
        load_in_4bit=False,
        lora_r=4,
        max_steps=6,
        batch_size=2,
        gradient_accumulation_steps=2,
        learning_rate=1e-2,
        max_seq_length=512,
        logging_steps=1,
        save_steps=2,
        eval_fraction=0.1,
        gradient_checkpointing=False,
    )


def losses(config: TrainConfig) -> list[float]:
    lines = read_metrics(config.output_dir / "metrics.jsonl")
    return [float(str(line["loss"])) for line in lines if "loss" in line]


def test_nf4_training_lowers_the_held_out_loss_and_leaves_everything(config: TrainConfig) -> None:
    """The published result, files and folder; safetensors only; figures that agree."""
    seen: list[Progress] = []
    config = config.replace(
        load_in_4bit=True, max_steps=12, gradient_checkpointing=True, use_tensorboard=False
    )
    result = QLoRATrainer(config, on_progress=seen.append).train()
    assert result.adapter_path == config.output_dir / "swarmcode_adapter"
    assert result.steps == 12
    assert result.epochs > 1
    assert result.eval_loss is not None
    assert result.base_eval_loss is not None
    assert result.eval_loss < result.base_eval_loss - 0.1
    assert math.isclose(result.final_loss, losses(config)[-1])
    suffixes = {path.suffix for path in config.output_dir.rglob("*") if path.is_file()}
    assert suffixes <= {".safetensors", ".json", ".jsonl", ".md", ".html", ".jinja"}
    assert (result.adapter_path / "adapter_model.safetensors").is_file()
    assert not config.checkpoints_dir.exists()
    assert seen[-1].step == seen[-1].steps == 12
    assert any(progress.seconds_left for progress in seen)


def test_the_record_says_how_to_train_the_same_again(config: TrainConfig) -> None:
    """Versions, data hash, seed, settings, plan, and the line that serves the adapter."""
    result = QLoRATrainer(config.replace(max_steps=5)).train()
    record = json.loads((config.output_dir / "training_config.json").read_text())
    assert TrainConfig.from_dict(record["config"]) == config.replace(max_steps=5)
    assert record["seed"] == 42
    assert record["versions"].keys() >= {"python", "torch", "transformers", "trl", "peft"}
    assert record["data"]["hashes"][str(config.dataset_path)].startswith("sha256:")
    assert record["data"]["trained"] + record["data"]["held_out"] == 32
    assert record["base"]["fingerprint"].startswith("sampled-sha256:")
    assert record["plan"]["steps"] == result.steps == 5
    assert f"--max-lora-rank 8 --lora-modules swarmcode={result.adapter_path}" in record["serve"]
    assert any(
        "expected_seconds" in line for line in read_metrics(config.output_dir / "metrics.jsonl")
    )
    page = result.report_path.read_text()
    assert "<svg" in page
    assert "polyline" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    card = (result.adapter_path / "README.md").read_text()
    assert card.startswith("---\nbase_model: ")


def test_equal_runs_give_equal_adapters(config: TrainConfig) -> None:
    """Same settings, data and hardware: the same numbers."""
    first = QLoRATrainer(config.replace(max_steps=2)).train()
    weights = (first.adapter_path / "adapter_model.safetensors").read_bytes()
    again = QLoRATrainer(config.replace(max_steps=2)).train()
    assert again.final_loss == first.final_loss
    assert (again.adapter_path / "adapter_model.safetensors").read_bytes() == weights


@pytest.mark.parametrize("nf4", [pytest.param(False, id="fp32"), pytest.param(True, id="nf4")])
def test_a_resumed_run_has_the_losses_of_an_uninterrupted_one(
    config: TrainConfig, tmp_path: Path, nf4: bool
) -> None:
    """To 1e-5, with dropout, after Ctrl-C in the middle; a checkpoint is written first."""
    config = config.replace(load_in_4bit=nf4)
    whole = config.replace(output_dir=tmp_path / "whole")
    QLoRATrainer(whole).train()

    def interrupt(progress: Progress) -> None:
        if progress.step == 3 and progress.loss is None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(TrainingInterrupted, match="resume=True") as caught:
        QLoRATrainer(config, on_progress=interrupt).train()
    assert caught.value.step == 3
    assert caught.value.checkpoint == config.checkpoints_dir / "checkpoint-3"
    assert not config.adapter_dir.exists()
    result = QLoRATrainer(config).train(resume=True)
    assert result.steps == 6
    assert losses(config) == pytest.approx(losses(whole), abs=1e-5)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_unfinished_run_is_neither_overwritten_nor_mixed(config: TrainConfig) -> None:
    """Going on must be asked for, and with the same settings and data."""
    trainer = QLoRATrainer(config, on_progress=lambda progress: trainer.stop())
    with pytest.raises(TrainingInterrupted):
        trainer.train()
    with pytest.raises(ResumeError, match="resume=True"):
        QLoRATrainer(config).train()
    with pytest.raises(ResumeError, match=r"learning_rate was 0\.01 and is 0\.5"):
        QLoRATrainer(config.replace(learning_rate=0.5)).train(resume=True)
    (config.checkpoints_dir / "run.json").unlink()
    with pytest.raises(ResumeError, match=r"run\.json is missing or broken"):
        QLoRATrainer(config).train(resume=True)


def test_packing_gives_the_loss_of_the_samples_apart(config: TrainConfig) -> None:
    """Samples that share a sequence do not see each other: the loss is the mean over tokens."""
    from swarmcode_trainer.training.prepare import prepare

    config = config.replace(max_steps=1, eval_fraction=0.0, lora_dropout=0.0, learning_rate=1e-9)
    apart = config.replace(batch_size=32, gradient_accumulation_steps=1)
    packed = config.replace(packing=True, max_seq_length=1024, batch_size=32)
    assert prepare(packed).plan.sequences < 32
    one = QLoRATrainer(apart).train().final_loss
    other = QLoRATrainer(packed.replace(output_dir=config.output_dir / "packed")).train().final_loss
    assert one == pytest.approx(other, abs=1e-4)


def test_early_stopping_keeps_the_best_adapter(config: TrainConfig) -> None:
    """A rate that destroys the model stops the run, and what is kept is from before."""
    config = config.replace(
        learning_rate=5.0, max_steps=40, save_steps=1, early_stopping_patience=2,
        lr_scheduler="constant", warmup_ratio=0.0, max_grad_norm=1e6,
    )  # fmt: skip
    result = QLoRATrainer(config).train()
    measured = [
        float(str(line["eval_loss"]))
        for line in read_metrics(config.output_dir / "metrics.jsonl")
        if "eval_loss" in line
    ]
    assert result.steps < 40
    assert result.eval_loss == pytest.approx(min(measured[1:]))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"use_rslora": True}, id="rslora"),
        pytest.param({"use_dora": True}, id="dora"),
        pytest.param({"use_dora": True, "load_in_4bit": True}, id="dora-nf4"),
        pytest.param({"lora_target_modules": ["q_proj", "v_proj"]}, id="named-modules"),
        pytest.param({"precision": "bf16", "lr_scheduler": "linear"}, id="bf16"),
        pytest.param({"precision": "bf16", "load_in_4bit": True}, id="bf16-nf4"),
        pytest.param({"load_in_4bit": True, "bnb_4bit_quant_type": "fp4"}, id="fp4"),
        pytest.param({"load_in_4bit": True, "bnb_4bit_use_double_quant": False}, id="single-quant"),
        pytest.param({"attention": "eager", "eval_fraction": 0.0}, id="eager-no-holdout"),
    ],
)
def test_the_options_train(config: TrainConfig, settings: dict[str, object]) -> None:
    """Each is accepted by today's libraries, moves the weights, and is in the adapter."""
    from safetensors.torch import load_file

    config = config.replace(max_steps=2, **settings)
    result = QLoRATrainer(config).train()
    adapter = json.loads((result.adapter_path / "adapter_config.json").read_text())
    assert adapter["use_rslora"] is config.use_rslora
    assert adapter["use_dora"] is config.use_dora
    weights = load_file(result.adapter_path / "adapter_model.safetensors")
    assert any(value.abs().sum() > 0 for name, value in weights.items() if "lora_B" in name)
    named = {name.split(".self_attn.")[-1].split(".mlp.")[-1].split(".")[0] for name in weights}
    if "lora_target_modules" in settings:
        assert named == {"q_proj", "v_proj"}
    else:
        assert len(named) == 7


def test_gradients_flow_after_an_evaluation_in_4_bits(config: TrainConfig) -> None:
    """bitsandbytes repacks 4-bit weights on some CPUs in evaluation; training must not notice."""
    with_eval = config.replace(load_in_4bit=True, lora_dropout=0.0, eval_fraction=0.1, save_steps=1)
    rows = with_eval.dataset_path
    without = with_eval.replace(save_steps=100, output_dir=config.output_dir / "other")
    QLoRATrainer(with_eval).train()
    QLoRATrainer(without).train()
    assert rows == without.dataset_path
    assert losses(with_eval) == pytest.approx(losses(without), abs=1e-6)


# ── bad input ─────────────────────────────────────────────────────────────────────────


def test_a_loss_that_is_no_number_stops_the_run(
    config: TrainConfig, build_base: Callable[..., Path], tmp_path: Path
) -> None:
    """At the step where it happens, with what to do; no adapter is written."""
    from safetensors.torch import load_file, save_file

    broken = build_base(tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][:] = math.nan
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    config = config.replace(model_name=str(broken), eval_fraction=0.0)
    with pytest.raises(NonFiniteLossError, match="lower learning_rate") as caught:
        QLoRATrainer(config).train()
    assert caught.value.step == 1
    assert not config.adapter_dir.exists()


def test_a_full_disk_at_checkpoint_time_is_said_and_leaves_no_half(config: TrainConfig) -> None:
    """A real failed write: the checkpoint before stays, the half one goes, resume works."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(progress: Progress) -> None:
        if progress.step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))

    try:
        with pytest.raises(DiskFullError, match="free some") as caught:
            QLoRATrainer(config, on_progress=fill).train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.checkpoint == config.checkpoints_dir / "checkpoint-2"
    assert not (config.checkpoints_dir / "checkpoint-4").exists()
    assert QLoRATrainer(config).train(resume=True).steps == 6


def refusal(config: TrainConfig) -> TrainerError:
    with pytest.raises(TrainerError) as caught:
        QLoRATrainer(config).train()
    assert "\n" not in str(caught.value)
    assert not config.output_dir.exists() or not config.adapter_dir.exists()
    return caught.value


@pytest.mark.parametrize("count", [pytest.param(0, id="empty"), pytest.param(1, id="one-row")])
def test_too_few_rows(
    config: TrainConfig, count: int, row: Callable[[int], object], write_rows: Rows, tmp_path: Path
) -> None:
    """Nothing to learn from: said with the command that makes more."""
    path = write_rows(tmp_path / "few.jsonl", [row(index) for index in range(count)])
    error = refusal(config.replace(dataset_path=path))
    assert isinstance(error, TooFewRowsError)
    assert error.found == count


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_reporter_that_is_not_installed(
    config: TrainConfig, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anything is loaded, with the command that installs it."""
    monkeypatch.setitem(sys.modules, name, None)
    error = refusal(config.replace(**{f"use_{name}": True}))
    assert isinstance(error, MissingExtraError)
    assert f"pip install 'swarmcode-trainer[{name}]'" in str(error)


def test_rows_that_are_all_too_long(config: TrainConfig) -> None:
    """The length that would hold them is in the error, and it is right."""
    error = refusal(config.replace(max_seq_length=100))
    assert isinstance(error, TooLongError)
    assert (error.refused, error.total) == (32, 32)
    assert QLoRATrainer(config.replace(max_seq_length=error.needed)).plan().sequences > 0


def test_a_missing_dataset(config: TrainConfig, tmp_path: Path) -> None:
    assert isinstance(refusal(config.replace(dataset_path=tmp_path / "none")), DatasetError)


def test_a_folder_that_is_not_there(config: TrainConfig, tmp_path: Path) -> None:
    assert isinstance(refusal(config.replace(model_name=str(tmp_path / "no"))), ModelNotFoundError)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_model_that_is_not_on_disk_while_offline(config: TrainConfig, allowed: bool) -> None:
    """The error says why it was not fetched and how to fetch it."""
    error = refusal(config.replace(model_name="nobody/no-such-model", allow_download=allowed))
    assert isinstance(error, ModelNotFoundError)
    assert "hf download nobody/no-such-model" in str(error)
    assert ("HF_HUB_OFFLINE" if allowed else "allow_download") in str(error)


def test_a_missing_tokenizer(
    config: TrainConfig, build_base: Callable[..., Path], tmp_path: Path
) -> None:
    bare = build_base(tmp_path / "bare")
    for path in bare.glob("tokenizer*"):
        path.unlink()
    assert isinstance(refusal(config.replace(model_name=str(bare))), TokenizerError)


def test_a_missing_chat_template_and_one_given_by_hand(
    config: TrainConfig, build_base: Callable[..., Path], tmp_path: Path
) -> None:
    """Refused without one; the given one is used, and travels with the adapter."""
    bare = build_base(tmp_path / "bare")
    template = (bare / "chat_template.jinja").rename(tmp_path / "mine.jinja")
    config = config.replace(model_name=str(bare), max_steps=1)
    error = refusal(config)
    assert isinstance(error, TokenizerError)
    assert "chat_template" in str(error)
    result = QLoRATrainer(config.replace(chat_template=template)).train()
    assert (result.adapter_path / "chat_template.jinja").read_text() == template.read_text()


def test_a_module_that_is_not_there(config: TrainConfig) -> None:
    """The names that are there are listed."""
    error = refusal(config.replace(lora_target_modules=["custom_module"]))
    assert isinstance(error, TargetModuleError)
    assert "gate_proj" in str(error)


def test_weights_that_are_pickled_are_not_read(
    config: TrainConfig, build_base: Callable[..., Path], tmp_path: Path
) -> None:
    """A pickle runs code when it is read."""
    import torch
    from safetensors.torch import load_file

    unsafe = build_base(tmp_path / "unsafe")
    torch.save(load_file(unsafe / "model.safetensors"), unsafe / "pytorch_model.bin")
    (unsafe / "model.safetensors").unlink()
    assert "safetensors" in str(refusal(config.replace(model_name=str(unsafe))))

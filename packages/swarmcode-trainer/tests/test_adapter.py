"""An adapter on disk: it fits its base and no other, and merges into the same model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from swarmcode_trainer.adapter import check_base, load_adapter, merge, read_adapter
from swarmcode_trainer.errors import AdapterError, ModelError
from swarmcode_trainer.qlora import QLoRATrainer, TrainConfig
from swarmcode_trainer.training.results import serve_command

torch_only = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def adapter(base: Path, rows_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that was trained hard enough to change what is generated."""
    config = TrainConfig(
        model_name=str(base), dataset_path=rows_file, output_dir=tmp_path_factory.mktemp("out"),
        load_in_4bit=False, lora_r=4, max_steps=10, batch_size=4, gradient_accumulation_steps=1,
        learning_rate=2e-2, max_seq_length=512, eval_fraction=0.0,
    )  # fmt: skip
    return QLoRATrainer(config).train().adapter_path


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_base_with_adapter_and_merged_model_say_the_same(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    """Greedy, token by token; and the adapter really changed what is said."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    merged = merge(adapter, tmp_path / "merged")
    assert list(merged.glob("*.safetensors"))
    assert not list(merged.glob("*.bin"))
    tokenizer = AutoTokenizer.from_pretrained(str(merged))
    plain = AutoModelForCausalLM.from_pretrained(str(base)).eval()
    full = AutoModelForCausalLM.from_pretrained(str(merged)).eval()
    adapted = load_adapter(AutoModelForCausalLM.from_pretrained(str(base)), read_adapter(adapter))
    changed = 0
    for text in ("Fix add_1", "def mul_2(a):", "src/", "return a - 7", "Fix pow_8"):
        prompt = tokenizer(text, return_tensors="pt")
        settings = {"max_new_tokens": 16, "do_sample": False}
        with torch.no_grad():
            one, other, third = (
                model.generate(**prompt, **settings) for model in (adapted, full, plain)
            )
        assert torch.equal(one, other)
        changed += not torch.equal(one, third)
    assert changed


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_another_base_is_refused(
    adapter: Path, build_base: Callable[..., Path], tmp_path: Path
) -> None:
    """Also one of the same shape, which would load without a word and answer nonsense."""
    twin = build_base(tmp_path / "twin", seed=1)
    with pytest.raises(AdapterError, match="other weights"):
        check_base(read_adapter(adapter), str(twin))
    with pytest.raises(AdapterError, match="other weights"):
        merge(adapter, tmp_path / "merged", base=str(twin))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_an_adapter_of_another_shape_is_refused_when_it_is_loaded(
    adapter: Path, build_base: Callable[..., Path], tmp_path: Path
) -> None:
    """Where nothing recorded the base, the shapes still tell."""
    from transformers import AutoModelForCausalLM

    wide = build_base(tmp_path / "wide", hidden=128)
    model = AutoModelForCausalLM.from_pretrained(str(wide))
    with pytest.raises(AdapterError, match="does not fit the base"):
        load_adapter(model, read_adapter(adapter))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_merging_overwrites_nothing(adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(ModelError, match="is there already"):
        merge(adapter, tmp_path)
    assert (tmp_path / "kept").read_text() == "mine"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param(None, "does not exist", id="missing"),
        pytest.param({}, "holds no adapter_config.json", id="empty"),
        pytest.param({"adapter_config.json": "{}"}, "holds no adapter_model", id="no-weights"),
        pytest.param(
            {"adapter_config.json": "{", "adapter_model.safetensors": ""},
            "cannot be read",
            id="broken",
        ),
        pytest.param(
            {"adapter_config.json": "{}", "adapter_model.safetensors": ""},
            "cannot be read",
            id="names-no-base",
        ),
        pytest.param(
            {
                "adapter_config.json": '{"base_model_name_or_path": "b", "r": 8}',
                "adapter_model.safetensors": "",
                "training_config.json": "[]",
            },
            "does not hold an object",
            id="broken-record",
        ),
    ],
)
def test_what_is_no_adapter_is_refused(
    files: dict[str, str] | None, words: str, tmp_path: Path
) -> None:
    """One line that says what is wrong with the folder."""
    folder = tmp_path / "adapter"
    if files is not None:
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
    with pytest.raises(AdapterError, match=words):
        read_adapter(folder)


def test_names_of_bases_on_the_hub_are_compared(tmp_path: Path) -> None:
    """Without weights at hand, the name decides."""
    settings = {"base_model_name_or_path": "org/right", "r": 8}
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
    (tmp_path / "adapter_model.safetensors").touch()
    adapter = read_adapter(tmp_path)
    check_base(adapter, "org/right")
    with pytest.raises(AdapterError, match="org/wrong"):
        check_base(adapter, "org/wrong")


@pytest.mark.parametrize(("rank", "limit"), [(1, 8), (8, 8), (9, 16), (64, 64), (100, 128)])
def test_the_serving_line_names_a_rank_that_vllm_takes(rank: int, limit: int) -> None:
    """The smallest that holds the adapter."""
    line = serve_command("base", Path("a"), rank=rank)
    assert line.split()[:3] == ["vllm", "serve", "base"]
    assert f"--max-lora-rank {limit} " in line
    assert "merge" in serve_command("base", Path("a"), rank=rank, dora=True)

"""A tiny base model, made on the spot: Qwen2-shaped, random weights, a tokenizer of its own."""

import importlib.util
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # whatever a test forgets to build must not be fetched
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # for models this small, threads only cost

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS = ["add", "sub", "mul", "div", "neg", "inc", "dec", "sqr", "pow", "mod"]
HAS_TORCH = importlib.util.find_spec("torch") is not None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "torch: trains for real, which needs the ml group")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("torch") is None:
            continue
        if HAS_TORCH:
            item.add_marker(pytest.mark.timeout(300))  # the first of them imports torch and trl
        else:
            item.add_marker(pytest.mark.skip(reason="needs the ml group: torch"))


def example_row(index: int) -> dict[str, object]:
    """A function with a wrong operator, and the diff that mends it."""
    name = f"{WORDS[index % 10]}_{index}"
    path = f"src/{name}.py"
    before, after = f"    return a - {index}", f"    return a + {index}"
    return {
        "task": f"Fix {name}",
        "context_files": [{"path": path, "content": f"def {name}(a):\n{before}\n"}],
        "diff": f"--- a/{path}\n+++ b/{path}\n@@ -1,2 +1,2 @@\n"
        f" def {name}(a):\n-{before}\n+{after}\n",
        "tests_command": "pytest -q",
        "metadata": {"source": "synthetic", "commit": f"c{index}"},
    }


@pytest.fixture(scope="session")
def row() -> Callable[[int], dict[str, object]]:
    return example_row


@pytest.fixture(scope="session")
def write_rows() -> Callable[[Path, Sequence[object]], Path]:
    def write(path: Path, values: Sequence[object]) -> Path:
        path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def rows_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """32 rows."""
    path = tmp_path_factory.mktemp("rows") / "training.jsonl"
    path.write_text("".join(json.dumps(example_row(i)) + "\n" for i in range(32)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny base; tests must not change it."""
    return make_base(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="session")
def build_base() -> Callable[..., Path]:
    return make_base


def make_base(folder: Path, *, hidden: int = 64, layers: int = 2, seed: int = 0) -> Path:
    """Write a model that transformers loads as any other."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [json.dumps(example_row(index)) for index in range(200)],
        trainers.BpeTrainer(
            vocab_size=512,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(str(folder))
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=512,
        hidden_size=hidden,
        intermediate_size=hidden * 2,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
    )
    Qwen2ForCausalLM(config).save_pretrained(str(folder))
    return folder

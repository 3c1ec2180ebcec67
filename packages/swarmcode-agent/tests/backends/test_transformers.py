"""A real, tiny model made on the spot: random weights, and a tokenizer trained here."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from swarmcode_agent.backends import Message, Request, Sampling, TransformersBackend, complete
from swarmcode_agent.errors import BackendError
from swarmcode_agent.toolcalls import Text

torch = pytest.importorskip("torch", reason="needs the ml group: torch")
transformers = pytest.importorskip("transformers", reason="needs the ml group: torch")
peft = pytest.importorskip("peft", reason="needs the ml group: torch")

# peft asks transformers for a name that transformers is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    "{% if tools %}{{ tools | tojson }}{% endif %}<|assistant|>"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    folder = tmp_path_factory.mktemp("model")
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    raw.train_from_iterator(["def f(x): return x"] * 20, trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<eos>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=None,
    )  # fmt: skip
    transformers.Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def request(**options: Any) -> Request:
    sampling = Sampling(**{"max_tokens": 12, "temperature": 0.0, **options})
    return Request((Message("user", "hello é"),), sampling=sampling)


def test_greedy_answers_are_the_models_own(model: Path) -> None:
    """What `generate` gives, token for token, with exact counts."""
    backend = TransformersBackend(model, device="cpu")
    done = asyncio.run(complete(backend, request()))
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    plain = transformers.AutoModelForCausalLM.from_pretrained(model)
    ids = tokenizer("<|user|>hello é<|assistant|>", return_tensors="pt")["input_ids"]
    out = plain.generate(ids, max_new_tokens=12, do_sample=False, pad_token_id=0)
    new = out[0, ids.shape[1] :]
    assert done.text == tokenizer.decode(new, skip_special_tokens=True)
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (ids.shape[1], len(new))
    assert done.reason == ("length" if len(new) >= 12 else "stop")
    assert asyncio.run(complete(backend, request())) == done


def test_leaving_stops_the_model(model: Path) -> None:
    """Within a token: a request for very many ends at once, and the next one is served."""
    backend = TransformersBackend(model, device="cpu")

    async def run() -> None:
        stream = backend.stream(request(max_tokens=100_000, temperature=1.0))
        seen = await asyncio.wait_for(anext(stream), 30)
        assert isinstance(seen, Text)
        await asyncio.wait_for(stream.aclose(), 10)
        assert (await complete(backend, request(max_tokens=2))).usage.completion_tokens == 2

    asyncio.run(run())


def test_an_adapter_changes_the_answers(model: Path, tmp_path: Path) -> None:
    """A LoRA adapter from safetensors is applied; one that does not fit is refused."""
    base = transformers.AutoModelForCausalLM.from_pretrained(model)
    config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj", "down_proj"], lora_alpha=64)
    adapted = peft.get_peft_model(base, config)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=2.0)
    adapted.save_pretrained(tmp_path / "adapter")
    plain = asyncio.run(complete(TransformersBackend(model, device="cpu"), request()))
    with_it = TransformersBackend(model, adapter=tmp_path / "adapter", device="cpu")
    assert asyncio.run(complete(with_it, request())).text != plain.text
    with pytest.raises(BackendError, match=r"no adapter_model\.safetensors"):
        TransformersBackend(model, adapter=tmp_path, device="cpu")


def test_what_cannot_be_loaded_says_so(model: Path, tmp_path: Path) -> None:
    """A folder without a model, and a tokenizer without a template."""
    with pytest.raises(BackendError, match="cannot be loaded"):
        TransformersBackend(tmp_path)
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(BackendError, match="chat template"):
        TransformersBackend(tmp_path, device="cpu")

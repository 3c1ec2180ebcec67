"""Base with adapter against the merged model, greedy, over 100 prompts; and NF4 against both.

    uv run python packages/swarmcode-trainer/benchmarks/bench_merge.py

On an unquantised base every token must agree: it ends with status 1 otherwise. On a quantised
base the difference is measured and printed. The base is Qwen2-shaped and tiny, with random
weights; the adapter is trained until it changes what is said.
"""

import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from swarmcode_trainer.adapter import load_adapter, merge, read_adapter
from swarmcode_trainer.qlora import QLoRATrainer, TrainConfig

PROMPTS, TOKENS = 100, 32


def fixtures() -> Any:
    path = Path(__file__).parents[1] / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("trainer_fixtures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def say(model: Any, tokenizer: Any, prompts: list[str]) -> list[list[int]]:
    answers = []
    for prompt in prompts:
        inputs = tokenizer(prompt, return_tensors="pt")
        with torch.no_grad():
            out = model.generate(**inputs, max_new_tokens=TOKENS, do_sample=False)
        answers.append(out[0, inputs["input_ids"].shape[1] :].tolist())
    return answers


def agreement(first: list[list[int]], second: list[list[int]]) -> float:
    equal = sum(
        a == b for x, y in zip(first, second, strict=True) for a, b in zip(x, y, strict=False)
    )
    return equal / sum(max(len(x), len(y)) for x, y in zip(first, second, strict=True))


def load(path: Path, **settings: Any) -> Any:
    return AutoModelForCausalLM.from_pretrained(str(path), **settings).eval()


def main() -> int:
    made = fixtures()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = made.make_base(folder / "base", hidden=128, layers=4)
        rows = folder / "rows.jsonl"
        rows.write_text("".join(json.dumps(made.example_row(i)) + "\n" for i in range(64)))
        trained = QLoRATrainer(
            TrainConfig(
                model_name=str(base),
                dataset_path=rows,
                output_dir=folder / "out",
                load_in_4bit=False,
                max_steps=60,
                batch_size=4,
                gradient_accumulation_steps=1,
                learning_rate=1e-2,
                lora_r=16,
                max_seq_length=512,
                eval_fraction=0.0,
                gradient_checkpointing=False,
            )
        ).train()
        merged = merge(trained.adapter_path, folder / "merged")
        tokenizer = AutoTokenizer.from_pretrained(str(merged))
        prompts = [str(made.example_row(i)["task"]) for i in range(PROMPTS)]
        adapter = read_adapter(trained.adapter_path)
        nf4 = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32,
        )
        plain = say(load(base), tokenizer, prompts)
        adapted = say(load_adapter(load(base), adapter), tokenizer, prompts)
        whole = say(load(merged), tokenizer, prompts)
        small = say(load_adapter(load(base, quantization_config=nf4), adapter), tokenizer, prompts)
    same = agreement(adapted, whole)
    changed = sum(a != b for a, b in zip(plain, adapted, strict=True))
    print(f"{PROMPTS} prompts, {TOKENS} greedy tokens each; final loss {trained.final_loss:.3f}")
    print(f"the adapter changes the answer to {changed} of {PROMPTS} prompts")
    print(f"merged model and adapter on the unquantised base: {same:.2%} of tokens agree")
    print(f"merged model and adapter on the NF4 base: {agreement(small, whole):.2%} agree")
    return 0 if same == 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())

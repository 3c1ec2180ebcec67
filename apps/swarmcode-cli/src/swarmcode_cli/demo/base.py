"""A tiny base model, made on the spot: the shape of Qwen2, random weights, its own tokenizer.

It knows nothing. What the demonstration shows with it is that every part of the way works, and
that training moves it towards the rows; it does not show a model that can program.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swarmcode_trainer.training.quiet import quiet

SEED = 7
VOCABULARY = 1024
HIDDEN = 128
LAYERS = 2
POSITIONS = 4096

TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def make_base(folder: Path, texts: Sequence[str]) -> Path:
    """Write a model that transformers loads as any other; `texts` teach its tokenizer.

    The same texts give the same files.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = _tokenizer(texts)
    torch.manual_seed(SEED)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=HIDDEN,
        intermediate_size=HIDDEN * 2,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=POSITIONS,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with quiet():
        tokenizer.save_pretrained(str(folder))
        Qwen2ForCausalLM(config).save_pretrained(str(folder))
    return folder


def _tokenizer(texts: Sequence[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    end, padding = SPECIAL[2], SPECIAL[0]
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, pad_token=padding)
    fast.chat_template = TEMPLATE
    return fast

"""10,000 random rows through a real tokenizer: none may come out without a label.

    uv run python packages/swarmcode-trainer/benchmarks/fuzz_masks.py [ROWS] [SEED]

Ends with status 1 if a sample is fully masked, too long, or lost.
"""

import random
import sys
import time

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from swarmcode_trainer.dataset import IGNORED, ContextFile, Row, encode_rows

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ALPHABET = "abcdefghij \n\t(){}[]=+-*/.,:;'\"#@äß漢🙂<|>"


def tokenizer(rng: random.Random) -> PreTrainedTokenizerFast:
    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    model.train_from_iterator(
        [text(rng, 2000) for _ in range(50)],
        trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=model, eos_token=special[2], pad_token=special[0]
    )
    fast.chat_template = TEMPLATE
    return fast


def text(rng: random.Random, longest: int) -> str:
    return "".join(rng.choices(ALPHABET, k=rng.randint(1, longest)))


def row(rng: random.Random, line: int) -> Row:
    files = tuple(
        ContextFile(f"f{index}.py", text(rng, rng.choice([10, 300, 3000])))
        for index in range(rng.randint(0, 4))
    )
    # Tokens that end a turn may stand in anybody's code.
    tricks = rng.choice(["", "", "", "<|im_end|>", "<|im_start|>assistant\n"])
    return Row(line, f"t {text(rng, 100)}", files, f"+{text(rng, rng.choice([20, 900]))}{tricks}x")


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    rng = random.Random(seed)
    words = tokenizer(rng)
    rows = [row(rng, line) for line in range(count)]
    limit = 768
    started = time.process_time()
    encoded = encode_rows(rows, words, max_length=limit)
    seconds = time.process_time() - started
    masked = sum(all(label == IGNORED for label in sample.labels) for sample in encoded.samples)
    unended = sum(sample.labels[-1] != words.eos_token_id for sample in encoded.samples)
    long = sum(len(sample) > limit for sample in encoded.samples)
    lost = count - len(encoded.samples) - len(encoded.refused)
    trimmed = sum(sample.dropped_files > 0 for sample in encoded.samples)
    print(f"seed {seed}: {count} rows, {len(encoded.samples)} samples, {trimmed} of them trimmed")
    print(f"{len(encoded.refused)} refused as too long, {count / seconds:.0f} rows a CPU second")
    print(f"fully masked {masked}, without an end {unended}, too long {long}, lost {lost}")
    return 1 if masked or unended or long or lost else 0


if __name__ == "__main__":
    sys.exit(main())

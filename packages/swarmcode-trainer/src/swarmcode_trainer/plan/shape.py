"""The sizes of a decoder-only transformer, and what they come to in parameters.

It covers the family that Qwen2, Qwen3, Llama and Mistral belong to: attention with grouped
keys, a gated MLP, RMS norms. Other families are said to be unknown rather than guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3"})


@dataclass(frozen=True, slots=True)
class Linear:
    """One linear layer of a block."""

    name: str
    inputs: int
    outputs: int
    bias: bool = False

    @property
    def weights(self) -> int:
        """How many numbers its matrix has."""
        return self.inputs * self.outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """The sizes that decide how much memory a model takes."""

    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int | None = None
    tied_embeddings: bool = False
    attention_bias: bool = False
    head_norms: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> Self | None:
        """Read a model's `config.json`; None if its family is unknown."""
        family = config.get("model_type")
        if family not in FAMILIES:
            return None
        heads = _int(config, "num_attention_heads")
        return cls(
            vocabulary=_int(config, "vocab_size"),
            hidden=_int(config, "hidden_size"),
            intermediate=_int(config, "intermediate_size"),
            layers=_int(config, "num_hidden_layers"),
            heads=heads,
            kv_heads=_int(config, "num_key_value_heads", default=heads),
            head_size=_int(config, "head_dim", default=0) or None,
            tied_embeddings=bool(config.get("tie_word_embeddings", False)),
            attention_bias=family == "qwen2" or bool(config.get("attention_bias", False)),
            head_norms=family == "qwen3",
        )

    @property
    def linears(self) -> tuple[Linear, ...]:
        """The linear layers of one block."""
        head = self.head_size or self.hidden // self.heads
        queries, keys = self.heads * head, self.kv_heads * head
        return (
            Linear("q_proj", self.hidden, queries, self.attention_bias),
            Linear("k_proj", self.hidden, keys, self.attention_bias),
            Linear("v_proj", self.hidden, keys, self.attention_bias),
            Linear("o_proj", queries, self.hidden),
            Linear("gate_proj", self.hidden, self.intermediate),
            Linear("up_proj", self.hidden, self.intermediate),
            Linear("down_proj", self.intermediate, self.hidden),
        )

    @property
    def linear_parameters(self) -> int:
        """The numbers in all linear layers of all blocks: what quantisation makes small."""
        return self.layers * sum(linear.weights for linear in self.linears)

    @property
    def other_parameters(self) -> int:
        """Embeddings, head, norms and biases: what stays as it is."""
        head = self.head_size or self.hidden // self.heads
        biases = sum(linear.outputs for linear in self.linears if linear.bias)
        norms = 2 * self.hidden + (2 * head if self.head_norms else 0)
        tables = 1 if self.tied_embeddings else 2
        return tables * self.vocabulary * self.hidden + self.layers * (biases + norms) + self.hidden

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.linear_parameters + self.other_parameters

    def adapted(self, targets: str | Sequence[str]) -> tuple[Linear, ...]:
        """The linear layers of one block that LoRA would adapt.

        Names that are not of this family are left out: a custom module is counted when the
        model is there.
        """
        if isinstance(targets, str):
            return self.linears
        return tuple(linear for linear in self.linears if linear.name in targets)

    def adapter_parameters(
        self, *, rank: int, targets: str | Sequence[str], dora: bool = False
    ) -> int:
        """The numbers that LoRA adds, and that are trained."""
        return self.layers * sum(
            rank * (linear.inputs + linear.outputs) + (linear.outputs if dora else 0)
            for linear in self.adapted(targets)
        )


def _int(config: Mapping[str, object], key: str, *, default: int | None = None) -> int:
    value = config.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{key} is {value!r}, not a positive whole number")
    return value

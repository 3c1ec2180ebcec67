"""The base model and its tokenizer: found, checked, loaded, quantised.

Only safetensors are read and no code that comes with a model is run.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._extras import extra
from ..config import TrainConfig
from ..errors import ModelError, ModelNotFoundError, TargetModuleError, TokenizerError
from ..hardware import Device, Precision
from ..plan.shape import ModelShape

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


@dataclass(frozen=True, slots=True)
class Effective:
    """What the settings come to on this machine.

    Attributes:
        precision: the number format that is trained in.
        compute_dtype: the format that 4-bit weights are unpacked to.
        attention: the attention implementation.
        device: what it runs on, as torch names it.
    """

    precision: Precision
    compute_dtype: str
    attention: str
    device: str


def effective(config: TrainConfig, device: Device) -> Effective:
    """Decide what the hardware makes of the settings."""
    precision: Precision = device.precision if config.precision == "auto" else config.precision
    wanted = config.bnb_4bit_compute_dtype
    # bfloat16 is the published default; where it is not what the hardware trains in, it would
    # be emulated, and slower and less exact than the hardware's own format.
    compute = wanted if wanted == DTYPES["bf16"] == DTYPES[precision] else DTYPES[precision]
    if wanted == "float32":
        compute = wanted
    return Effective(
        precision=precision,
        compute_dtype=compute,
        attention=_attention(config, device, precision),
        device=device.kind,
    )


def _attention(config: TrainConfig, device: Device, precision: Precision) -> str:
    if config.attention != "auto":
        return config.attention
    flash = extra("transformers.utils").is_flash_attn_2_available()
    return (
        "flash_attention_2" if flash and device.kind == "cuda" and precision != "fp32" else "sdpa"
    )


@contextmanager
def _finding(config: TrainConfig, what: str) -> Iterator[None]:
    """Turn the ways in which a model can be absent into one error that says what to do."""
    name = config.model_name
    if _is_path(name) and not Path(name).is_dir():
        raise ModelNotFoundError(name, "no such folder")
    try:
        yield
    except OSError as error:
        if _is_path(name) or Path(name).is_dir():
            raise ModelError(
                name, f"the folder holds no usable {what} ({_first(error)})"
            ) from error
        raise ModelNotFoundError(
            name,
            f"its {what} is not on disk and {_why_not_fetched(config)}; "
            f"fetch it once with `hf download {name}`, or name the folder of a model",
        ) from error
    except ValueError as error:
        raise ModelError(name, f"its {what} cannot be read ({_first(error)})") from error


def _is_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or (os.sep != "/" and os.sep in name)


def _why_not_fetched(config: TrainConfig) -> str:
    if not config.allow_download:
        return "allow_download is off"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        return "HF_HUB_OFFLINE is set"
    return "could not be fetched (no such name, no access to it, or no network)"


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def load_shape(config: TrainConfig) -> ModelShape | None:
    """Read the sizes of the base model; None where its family is unknown.

    Raises:
        ModelError: there is no such model, or its configuration is broken.
    """
    transformers = extra("transformers")
    with _finding(config, "configuration"):
        found = transformers.AutoConfig.from_pretrained(config.model_name, **_source(config))
        return ModelShape.from_config(found.to_dict())


def load_tokenizer(config: TrainConfig) -> Any:
    """Load the tokenizer, with the chat template that training will use.

    Raises:
        ModelError: there is none, or it cannot be used.
    """
    transformers = extra("transformers")
    folder = Path(config.model_name)
    if folder.is_dir() and not list(folder.glob("tokenizer*")) + list(folder.glob("vocab*")):
        raise TokenizerError(
            config.model_name, "the folder holds no tokenizer (tokenizer.json); copy the base's"
        )
    with _finding(config, "tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(config.model_name, **_source(config))
    if config.chat_template is not None:
        try:
            tokenizer.chat_template = config.chat_template.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TokenizerError(
                config.model_name, f"{config.chat_template} cannot be read ({error})"
            ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _source(config: TrainConfig) -> dict[str, object]:
    return {"local_files_only": not config.allow_download, "trust_remote_code": False}


def load_model(config: TrainConfig, how: Effective) -> Any:
    """Load the base model, quantised if asked for.

    Raises:
        ModelError: there is no such model, or its weights are no safetensors.
    """
    torch, transformers = extra("torch"), extra("transformers")
    arguments: dict[str, object] = {
        **_source(config),
        "dtype": getattr(torch, DTYPES[how.precision]),
        "attn_implementation": how.attention,
        "use_safetensors": True,
    }
    if how.device == "cuda":
        arguments["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
    if config.load_in_4bit:
        extra("bitsandbytes")
        arguments["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=config.bnb_4bit_quant_type,
            bnb_4bit_use_double_quant=config.bnb_4bit_use_double_quant,
            bnb_4bit_compute_dtype=getattr(torch, how.compute_dtype),
            # FSDP shards only what has one dtype: the packed weights get the others'.
            bnb_4bit_quant_storage=_storage(torch, how),
        )
        arguments.setdefault("device_map", {"": how.device})
    with _finding(config, "weights"):
        model = transformers.AutoModelForCausalLM.from_pretrained(config.model_name, **arguments)
    model.config.use_cache = False
    _keep_training_layout(model)
    return model


def _keep_training_layout(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit weights on CPUs with AVX512-BF16.

    It does so at the first forward pass in evaluation, for speed, and does not undo it: the
    training steps after an evaluation would run a kernel without gradients.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _storage(torch: Any, how: Effective) -> Any:
    if os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
        return getattr(torch, DTYPES[how.precision])
    return torch.uint8


def lora_config(config: TrainConfig, model: Any) -> Any:
    """Describe the adapter to peft.

    Raises:
        TargetModuleError: the model has no module of a name that is to be adapted.
    """
    targets = config.lora_target_modules
    if not isinstance(targets, str):
        _check_targets(config, model)
    return extra("peft").LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        use_rslora=config.use_rslora,
        use_dora=config.use_dora,
        bias="none",
        task_type="CAUSAL_LM",
    )


def _check_targets(config: TrainConfig, model: Any) -> None:
    linear = extra("torch").nn.Linear
    names = [name for name, module in model.named_modules() if isinstance(module, linear)]
    known = ", ".join(sorted({name.rpartition(".")[2] for name in names} - {"lm_head"}))
    for target in config.lora_target_modules:
        if target == "lm_head":
            raise TargetModuleError(
                config.model_name, "the output head (lm_head) cannot be adapted: the loss skips it"
            )
        if not any(name == target or name.endswith(f".{target}") for name in names):
            raise TargetModuleError(
                config.model_name, f"no linear module is named {target!r}; there are: {known}"
            )

"""A small adapter, a key, and agents published from them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from swarmcode_registry import (
    Description,
    LocalStore,
    Release,
    SigningKey,
    describe,
    sign,
)

KEY = SigningKey("11" * 32)
OTHER_KEY = SigningKey("22" * 32)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def write_adapter(folder: Path, *, seed: int = 0, rows: int = 8) -> Path:
    """Write what a trainer leaves: weights, their configuration, a tokenizer, a card."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"base_model.model.layers.{layer}.self_attn.q_proj.lora_{side}.weight": random.random(
            (rows, 4), dtype=np.float32
        )
        for layer in range(2)
        for side in "AB"
    }
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {"base_model_name_or_path": "Qwen/Qwen2.5-Coder-7B-Instruct", "r": 4}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    (folder / "README.md").write_text(f"# An adapter, seed {seed}\n")
    (folder / "tokenizer").mkdir(exist_ok=True)
    (folder / "tokenizer" / "vocab.txt").write_text("def\nclass\nreturn\n")
    return folder


@pytest.fixture
def key() -> SigningKey:
    return KEY


@pytest.fixture
def other_key() -> SigningKey:
    return OTHER_KEY


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "adapter")


@pytest.fixture
def make_adapter() -> Callable[..., Path]:
    return write_adapter


Releasing = Callable[..., Release]


@pytest.fixture
def release(adapter: Path) -> Releasing:
    """Return a signed release of the adapter, with a given name and version."""

    def make(
        version: str = "1.0.0",
        *,
        name: str = "alice/fixer",
        folder: Path = adapter,
        key: SigningKey = KEY,
        chain_id: int | None = None,
        **said: object,
    ) -> Release:
        description = Description(name=name, version=version, **said)  # type: ignore[arg-type]
        manifest = sign(describe(folder, description, now=NOW), key, chain_id=chain_id)
        return Release(manifest, folder)

    return make


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "registry")


@pytest.fixture
def agent(release: Releasing) -> Path:
    """A folder as `pull` leaves it: the adapter and its signed manifest."""
    made = release()
    (made.folder / "manifest.json").write_bytes(made.manifest.to_bytes())
    return made.folder

"""Flip bits in a small agent, and count how many changes are accepted. None may be.

    uv run python packages/swarmcode-registry/benchmarks/fuzz_flips.py [--files 10000] [--seed 0]

Every bit of every byte of the manifest (exhaustive), and random bits of its files.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from swarmcode_registry import (
    AgentManifest,
    Description,
    RegistryError,
    check_files,
    describe,
    new_key,
    sign,
    verify,
    verify_manifest,
)


def write_agent(folder: Path) -> str:
    header = b'{"w":{"dtype":"F32","shape":[4,8],"data_offsets":[0,128]}}'
    weights = len(header).to_bytes(8, "little") + header + random.Random(1).randbytes(128)
    (folder / "adapter_model.safetensors").write_bytes(weights)
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "base"}')
    (folder / "README.md").write_text("# A small agent\n")
    key = new_key()
    said = Description(name="alice/fixer", version="1.0.0", author="Alice", tools=("search",))
    (folder / "manifest.json").write_bytes(sign(describe(folder, said), key).to_bytes())
    return key.address


def flip_manifest(path: Path, address: str) -> tuple[int, int]:
    """Return how many flips were tried, and how many were accepted."""
    whole = path.read_bytes()
    accepted = 0
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        accepted += verify_manifest(path, address)
    path.write_bytes(whole)
    return 8 * len(whole), accepted


def flip_files(folder: Path, count: int, seed: int) -> int:
    """Return how many flips were accepted."""
    manifest = AgentManifest.from_bytes((folder / "manifest.json").read_bytes())
    chance, accepted = random.Random(seed), 0
    for _ in range(count):
        path = folder / chance.choice(manifest.files).path
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            check_files(folder, manifest)
            accepted += 1
        except RegistryError:
            pass
        path.write_bytes(whole)
    return accepted


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        address = write_agent(folder)
        verify(folder, expect=address)
        tried, accepted = flip_manifest(folder / "manifest.json", address)
        print(f"manifest: {accepted} of {tried} flipped bits accepted")
        in_files = flip_files(folder, options.files, options.seed)
        print(f"files: {in_files} of {options.files} flipped bits accepted")
        verify(folder, expect=address)
    return 1 if accepted or in_files else 0


if __name__ == "__main__":
    sys.exit(main())

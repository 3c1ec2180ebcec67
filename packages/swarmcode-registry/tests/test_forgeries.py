"""Forgeries, by name: what an attacker who holds no key would try. None is accepted.

Each starts from an agent that alice signed and a reader who trusts alice's address, and ends in
a folder, or a store, that the reader verifies or pulls. The attacker has a key of their own
(mallory's), every agent that alice ever signed, and full write access to the store.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rfc8785
from safetensors.numpy import save_file

from swarmcode_registry import (
    AgentManifest,
    EIP191Signer,
    LocalStore,
    Reference,
    RegistryError,
    Release,
    SigningKey,
    pull,
    sign,
    verify,
)

Releasing = Callable[..., Release]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
OTHER = "0x" + "5e" * 20


@dataclass
class Scene:
    """An agent's folder, and what the attacker has."""

    folder: Path
    release: Releasing
    alice: SigningKey
    mallory: SigningKey

    @property
    def manifest(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "manifest.json").read_bytes())
        return document

    def write(self, document: dict[str, Any]) -> None:
        (self.folder / "manifest.json").write_bytes(rfc8785.dumps(document))

    def change(self, **fields: Any) -> None:
        """Change fields and keep alice's signature."""
        document = {**self.manifest, **fields}
        self.write({key: value for key, value in document.items() if value is not ...})

    def raw_signature(self) -> tuple[bytes, int, int]:
        raw = bytes.fromhex(self.manifest["signature"][2:])
        return raw[:32], int.from_bytes(raw[32:64]), raw[64]

    def resign(self, key: SigningKey, **fields: Any) -> None:
        """Change fields and sign with another key."""
        document = {**self.manifest, **fields}
        del document["signature"], document["signing"]
        manifest = AgentManifest.from_bytes(rfc8785.dumps(document))
        self.write(sign(manifest, key).to_dict())

    def relist(self, key: SigningKey | None) -> None:
        """Describe the folder as it is now; sign with a key, or keep alice's signature."""
        (self.folder / "manifest.json").rename(self.folder.parent / "kept.json")
        made = self.release(key=key or self.mallory).manifest.to_dict()
        if key is None:
            kept = json.loads((self.folder.parent / "kept.json").read_bytes())
            made |= {"signature": kept["signature"], "signing": kept["signing"]}
        self.write(made)


FORGERIES: dict[str, Callable[[Scene], object]] = {}


def forgery(make: Callable[[Scene], object]) -> Callable[[Scene], object]:
    FORGERIES[make.__name__] = make
    return make


def forged_signature(name: str, change: Callable[[bytes, int, int], bytes | str]) -> None:
    def make(scene: Scene) -> None:
        made = change(*scene.raw_signature())
        scene.change(signature=made if isinstance(made, str) else f"0x{made.hex()}")

    FORGERIES[name] = make


# ── the signature's form ──────────────────────────────────────────────────────────────────────

forged_signature("twin_with_high_s", lambda r, s, v: r + (ORDER - s).to_bytes(32) + bytes([55 - v]))
forged_signature(
    "twin_with_high_s_and_the_old_v", lambda r, s, v: r + (ORDER - s).to_bytes(32) + bytes([v])
)
forged_signature("v_as_0_or_1", lambda r, s, v: r + s.to_bytes(32) + bytes([v - 27]))
forged_signature("v_of_a_chain_eip155", lambda r, s, v: r + s.to_bytes(32) + bytes([v + 10]))
forged_signature("v_of_the_other_point", lambda r, s, v: r + s.to_bytes(32) + bytes([55 - v]))
forged_signature("v_29", lambda r, s, v: r + s.to_bytes(32) + bytes([29]))
forged_signature("r_of_zero", lambda r, s, v: bytes(32) + s.to_bytes(32) + bytes([v]))
forged_signature("s_of_zero", lambda r, s, v: r + bytes(32) + bytes([v]))
forged_signature("all_zeros", lambda r, s, v: bytes(64) + bytes([27]))
forged_signature("r_of_the_order", lambda r, s, v: ORDER.to_bytes(32) + s.to_bytes(32) + bytes([v]))
forged_signature("s_plus_the_order", lambda r, s, v: r + b"\xff" * 32 + bytes([v]))
forged_signature("compact_eip2098", lambda r, s, v: r + (s | (v - 27) << 255).to_bytes(32))
forged_signature("a_byte_too_many", lambda r, s, v: r + s.to_bytes(32) + bytes([v, 0]))
forged_signature(
    "upper_case_hex", lambda r, s, v: "0x" + (r + s.to_bytes(32) + bytes([v])).hex().upper()
)
forged_signature("no_prefix", lambda r, s, v: (r + s.to_bytes(32) + bytes([v])).hex())
forged_signature("empty_signature", lambda r, s, v: "0x")
forged_signature("as_long_as_one", lambda r, s, v: "0x" + "1" * 130)


# ── who signed ────────────────────────────────────────────────────────────────────────────────


@forgery
def unsigned(scene: Scene) -> None:
    scene.change(signature=..., signing=...)


@forgery
def signature_taken_away(scene: Scene) -> None:
    scene.change(signature=...)


@forgery
def signed_by_mallory(scene: Scene) -> None:
    scene.resign(scene.mallory)


@forgery
def signed_by_mallory_in_alices_name(scene: Scene) -> None:
    scene.resign(scene.mallory)
    signing = {"scheme": "eip191", "signer": scene.alice.address}
    scene.change(signing=signing)


@forgery
def signed_by_mallory_over_a_document_that_names_alice(scene: Scene) -> None:
    document = scene.manifest
    del document["signature"]
    signature = EIP191Signer(scene.mallory).sign(rfc8785.dumps(document))
    scene.change(signature=signature)


@forgery
def alices_signature_with_another_signer_named(scene: Scene) -> None:
    scene.change(signing={"scheme": "eip191", "signer": scene.mallory.address})


@forgery
def alices_address_in_lower_case(scene: Scene) -> None:
    scene.change(signing={"scheme": "eip191", "signer": scene.alice.address.lower()})


@forgery
def author_says_alice(scene: Scene) -> None:
    scene.resign(scene.mallory, author=f"alice {scene.alice.address}")


# ── other scheme, chain, domain ───────────────────────────────────────────────────────────────


@forgery
def eip191_relabelled_as_eip712(scene: Scene) -> None:
    scene.change(signing={"scheme": "eip712", "signer": scene.alice.address, "chain_id": 1})


@forgery
def eip712_relabelled_as_eip191(scene: Scene) -> None:
    scene.write(scene.release(chain_id=1).manifest.to_dict())
    scene.change(signing={"scheme": "eip191", "signer": scene.alice.address})


@forgery
def eip712_of_another_chain(scene: Scene) -> None:
    scene.write(scene.release(chain_id=5).manifest.to_dict())


@forgery
def eip712_of_another_chain_relabelled(scene: Scene) -> None:
    scene.write(scene.release(chain_id=5).manifest.to_dict())
    scene.change(signing={"scheme": "eip712", "signer": scene.alice.address, "chain_id": 1})


@forgery
def eip712_of_another_domain(scene: Scene) -> None:
    import hashlib

    from eth_account.messages import encode_typed_data

    from swarmcode_registry.signing.ethereum import TYPES

    manifest = scene.release(chain_id=1).manifest
    files = bytes.fromhex(manifest.adapter.hash[7:])
    digest = hashlib.sha256(manifest.signed_bytes()).digest()
    message = encode_typed_data(
        domain_data={"name": "another-app", "version": "1", "chainId": 1},
        message_types=TYPES,
        message_data={
            "name": manifest.name, "version": manifest.version, "files": files, "manifest": digest,
        },
    )  # fmt: skip
    scene.write(manifest.to_dict())
    scene.change(signature=f"0x{scene.alice.sign_message(message).hex()}")


@forgery
def an_unknown_scheme(scene: Scene) -> None:
    scene.change(signing={"scheme": "none", "signer": scene.alice.address})


@forgery
def alices_signature_over_another_message(scene: Scene) -> None:
    scene.change(signature=EIP191Signer(scene.alice).sign("I agree to the terms of service."))


@forgery
def alices_signature_over_sorted_keys(scene: Scene) -> None:
    """The form of older manifests does not count for this schema."""
    document = scene.manifest
    del document["signature"]
    scene.change(signature=EIP191Signer(scene.alice).sign(json.dumps(document, sort_keys=True)))


# ── downgrade ─────────────────────────────────────────────────────────────────────────────────


@forgery
def schema_taken_away(scene: Scene) -> None:
    scene.change(schema=...)


@forgery
def older_form_that_alice_really_signed(scene: Scene) -> None:
    """It names no files, so that any weights would fit it."""
    document = {"name": "alice/fixer", "version": "1.0.0", "base_model": "x"}
    signature = EIP191Signer(scene.alice).sign(json.dumps(document, sort_keys=True))
    scene.write({**document, "signature": signature})


@forgery
def schema_of_the_future(scene: Scene) -> None:
    scene.change(schema="swarmcode-agent/2")


# ── what was signed ───────────────────────────────────────────────────────────────────────────


@forgery
def swapped_adapter(scene: Scene) -> None:
    tensors = {"evil": np.zeros((16, 8), dtype=np.float32)}
    save_file(tensors, scene.folder / "adapter_model.safetensors")


@forgery
def swapped_adapter_of_the_same_length(scene: Scene) -> None:
    path = scene.folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x80\x3f")


@forgery
def swapped_adapter_relisted_with_alices_signature(scene: Scene) -> None:
    swapped_adapter_of_the_same_length(scene)
    scene.relist(None)


@forgery
def swapped_adapter_relisted_by_mallory(scene: Scene) -> None:
    swapped_adapter_of_the_same_length(scene)
    scene.relist(scene.mallory)


@forgery
def adapter_of_another_agent_by_alice(scene: Scene) -> None:
    """Both manifests are alice's; the weights come from the other."""
    tensors = {"other": np.ones((16, 8), dtype=np.float32)}
    save_file(tensors, scene.folder / "adapter_model.safetensors")


@forgery
def two_files_change_places(scene: Scene) -> None:
    one, two = scene.folder / "README.md", scene.folder / "tokenizer" / "vocab.txt"
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)


@forgery
def two_entries_change_places(scene: Scene) -> None:
    files = scene.manifest["files"]
    first, second = files[0], files[3]
    first["sha256"], second["sha256"] = second["sha256"], first["sha256"]
    first["size"], second["size"] = second["size"], first["size"]
    two_files_change_places(scene)
    scene.change(files=files)


@forgery
def a_file_renamed(scene: Scene) -> None:
    (scene.folder / "README.md").rename(scene.folder / "chat_template.jinja")


@forgery
def a_file_renamed_in_the_manifest_too(scene: Scene) -> None:
    a_file_renamed(scene)
    files = scene.manifest["files"]
    files[0]["path"] = "chat_template.jinja"
    scene.change(files=sorted(files, key=lambda file: file["path"]))


@forgery
def a_file_added(scene: Scene) -> None:
    (scene.folder / "modeling_evil.py").write_text("import os")


@forgery
def a_hidden_file_added(scene: Scene) -> None:
    (scene.folder / ".env").write_text("X=1")


@forgery
def a_pickle_beside_the_weights(scene: Scene) -> None:
    (scene.folder / "adapter_model.bin").write_bytes(b"\x80\x04.")


@forgery
def a_file_taken_away(scene: Scene) -> None:
    (scene.folder / "tokenizer" / "vocab.txt").unlink()


@forgery
def a_file_replaced_by_a_link_to_the_same_bytes(scene: Scene) -> None:
    path = scene.folder / "README.md"
    elsewhere = scene.folder.parent / "elsewhere.md"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@forgery
def a_folder_replaced_by_a_link_to_the_same_files(scene: Scene) -> None:
    folder = scene.folder / "tokenizer"
    elsewhere = scene.folder.parent / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


@forgery
def a_manifest_that_is_a_link(scene: Scene) -> None:
    path = scene.folder / "manifest.json"
    elsewhere = scene.folder.parent / "elsewhere.json"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@forgery
def another_base_model(scene: Scene) -> None:
    scene.change(base_model="Evil/Model")


@forgery
def another_base_model_revision(scene: Scene) -> None:
    scene.change(base_model_revision="backdoored")


@forgery
def better_marks(scene: Scene) -> None:
    scene.change(evaluation={"examples": 100, "pass_rate": 1})


@forgery
def more_tools(scene: Scene) -> None:
    scene.change(tools=["run_shell"])


@forgery
def another_licence(scene: Scene) -> None:
    scene.change(license="MIT")


@forgery
def another_provenance(scene: Scene) -> None:
    scene.change(provenance=[{"kind": "link", "uri": "https://example.org/"}])


@forgery
def an_extension_added(scene: Scene) -> None:
    scene.change(extensions={"evil": True})


@forgery
def a_key_twice(scene: Scene) -> None:
    path = scene.folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-1] + b',"base_model":"Evil/Model"}')


@forgery
def a_key_twice_by_an_escape(scene: Scene) -> None:
    path = scene.folder / "manifest.json"
    path.write_bytes(b'{"\\u0062ase_model":"Evil/Model",' + path.read_bytes()[1:])


@forgery
def white_space(scene: Scene) -> None:
    path = scene.folder / "manifest.json"
    path.write_bytes(path.read_bytes() + b" ")


@forgery
def a_path_that_escapes(scene: Scene) -> None:
    files = scene.manifest["files"]
    files[0]["path"] = "../README.md"
    shutil.copy(scene.folder / "README.md", scene.folder.parent)
    scene.change(files=files)


@forgery
def a_header_that_lies_relisted_by_mallory(scene: Scene) -> None:
    document = scene.manifest
    document["adapter"]["parameters"] += 1
    scene.resign(scene.mallory, adapter=document["adapter"])


# ── replay ────────────────────────────────────────────────────────────────────────────────────


@forgery
def another_agent_of_alices(scene: Scene) -> None:
    """Signed and whole, and not what was asked for."""
    made = scene.release(name="alice/toy")
    (scene.folder / "manifest.json").write_bytes(made.manifest.to_bytes())


@forgery
def an_older_version_of_alices(scene: Scene) -> None:
    made = scene.release("0.9.0")
    (scene.folder / "manifest.json").write_bytes(made.manifest.to_bytes())


@forgery
def the_same_name_with_another_version_written_in(scene: Scene) -> None:
    an_older_version_of_alices(scene)
    scene.change(version="1.0.0")


@forgery
def a_name_that_looks_alike(scene: Scene) -> None:
    scene.change(name="a1ice/fixer")


@pytest.fixture
def scene(agent: Path, release: Releasing, key: SigningKey, other_key: SigningKey) -> Scene:
    return Scene(agent, release, key, other_key)


def test_the_scene_is_good_before_it_is_forged(scene: Scene) -> None:
    """Otherwise nothing below would prove anything; and there are at least forty."""
    verify(scene.folder, expect=scene.alice.address, reference=Reference("alice/fixer", "1.0.0"))
    assert len(FORGERIES) >= 40


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_folder_is_refused(scene: Scene, name: str) -> None:
    """By verifying the folder for the version that was asked for."""
    FORGERIES[name](scene)
    with pytest.raises(RegistryError) as caught:
        verify(
            scene.folder, expect=scene.alice.address, reference=Reference("alice/fixer", "1.0.0")
        )
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_store_is_refused(scene: Scene, name: str, tmp_path: Path) -> None:
    """Laid into a store by somebody who may write there, and pulled from it."""
    import hashlib

    genuine = (scene.folder / "manifest.json").read_bytes()
    FORGERIES[name](scene)
    root = tmp_path / "store"
    data = (scene.folder / "manifest.json").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    for path in scene.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            target = root / "blobs" / sha256[:2] / sha256
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    # Whatever the manifest lists is there, under the digest that it lists, right or wrong.
    for file in json.loads(data).get("files", []) if is_json(data) else []:
        target = root / "blobs" / file["sha256"][:2] / file["sha256"]
        source = scene.folder / os.path.normpath(file["path"])
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    (root / "agents").mkdir()
    index = {
        "schema": "swarmcode-index/1",
        "name": "alice/fixer",
        "versions": {"1.0.0": {"digest": f"sha256:{digest}"}},
        "tags": {},
    }
    (root / "agents" / "alice+fixer.json").write_text(json.dumps(index))
    target = tmp_path / "pulled"
    try:
        pulled = pull(
            "alice/fixer:1.0.0", store=LocalStore(root), into=target, expect=scene.alice.address
        )
    except RegistryError:
        assert not target.exists()
        return
    # A forgery of the folder alone (a file added, a link) does not survive the store: what came
    # out is what alice signed.
    assert name in {
        "a_file_added", "a_file_renamed", "a_hidden_file_added", "a_pickle_beside_the_weights",
        "a_file_replaced_by_a_link_to_the_same_bytes", "a_manifest_that_is_a_link",
        "a_folder_replaced_by_a_link_to_the_same_files",
    }  # fmt: skip
    assert pulled.manifest.to_bytes() == genuine


def is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False

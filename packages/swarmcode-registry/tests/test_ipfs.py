"""Content ids and CAR files, as independent implementations see them."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmcode_registry import Release, SigningKey, StoreError, pull
from swarmcode_registry.ipfs import (
    Car,
    IPFSClient,
    cid_bytes,
    cid_text,
    file_of,
    folder_of,
    root_of,
    write_car,
    write_car_file,
)
from swarmcode_registry.ipfs.unixfs import read_file, read_folder
from swarmcode_registry.stores.carstore import IpfsStore

Releasing = Callable[..., Release]


@pytest.mark.parametrize(
    ("data", "cid"),
    [
        pytest.param(
            b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", id="nothing"
        ),
        pytest.param(
            b"hello world",
            "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
            id="hello-world",
        ),
    ],
)
def test_known_content_ids(data: bytes, cid: str) -> None:
    """Two that everybody knows."""
    assert cid_text(root_of(file_of(data))) == cid
    assert cid_text(cid_bytes(cid)) == cid


IMPORT = """
import { readFileSync } from "node:fs";
import { importer } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";
import { MemoryBlockstore } from "blockstore-core/memory";

const files = JSON.parse(readFileSync(process.argv[2], "utf8"));
const source = files.map(([path, size]) => {
  const content = new Uint8Array(size);
  for (let i = 0; i < size; i++) content[i] = (i * 31 + (i >> 8) * 17 + path.length) & 255;
  return { path, content };
});
let root;
for await (const entry of importer(source, new MemoryBlockstore(), {
  cidVersion: 1, rawLeaves: true, wrapWithDirectory: true,
  chunker: fixedSize({ chunkSize: 1 << 20 }), layout: balanced({ maxChildrenPerNode: 1024 }),
})) root = entry.cid;
console.log(root.toString());
"""


def pattern(path: str, size: int) -> bytes:
    return bytes((i * 31 + (i >> 8) * 17 + len(path)) & 255 for i in range(size))


def test_the_javascript_importer_finds_the_same_content_id(
    node: Callable[..., str], tmp_path: Path
) -> None:
    """A folder with folders in it, empty files, and files of one chunk and of several."""
    files = [
        ("README.md", 11),
        ("empty", 0),
        ("a/b/deep.txt", 3),
        ("a/one-chunk", 1 << 20),
        ("a-b/after", 5),
        ("weights", (5 << 20) + 7),
    ]
    (tmp_path / "files.json").write_text(json.dumps(files))
    ours = root_of(folder_of({path: pattern(path, size) for path, size in files}))
    assert node(IMPORT, tmp_path / "files.json").strip() == cid_text(ours)


def test_a_file_of_more_chunks_than_a_node_has_links(node: Callable[..., str]) -> None:
    """The balanced tree has a second floor from 1025 chunks on; zeros keep it small."""
    script = """
import { importer } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";
import { BlackHoleBlockstore } from "blockstore-core/black-hole";
const chunk = new Uint8Array(1 << 20);
async function* content() { for (let i = 0; i < 1030; i++) yield chunk; }
let root;
for await (const entry of importer([{ path: "x", content: content() }], new BlackHoleBlockstore(), {
  cidVersion: 1, rawLeaves: true,
  chunker: fixedSize({ chunkSize: 1 << 20 }), layout: balanced({ maxChildrenPerNode: 1024 }),
})) root = entry.cid;
console.log(root.toString());
"""
    from swarmcode_registry.ipfs.unixfs import add_file

    chunk = bytes(1 << 20)
    ours = add_file((chunk for _ in range(1030)), lambda _cid, _block: None)
    assert ours.length == 1030 << 20
    assert node(script).strip() == cid_text(ours.cid)


EXPORT = """
import { createReadStream, writeFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { CarReader } from "@ipld/car";
import { sha256 } from "multiformats/hashes/sha2";
import { MemoryBlockstore } from "blockstore-core/memory";
import { exporter, recursive } from "ipfs-unixfs-exporter";

const reader = await CarReader.fromIterable(createReadStream(process.argv[2]));
const store = new MemoryBlockstore();
for await (const { cid, bytes } of reader.blocks()) {
  const digest = await sha256.digest(bytes);
  if (Buffer.compare(digest.digest, cid.multihash.digest)) throw new Error(`wrong block ${cid}`);
  await store.put(cid, bytes);
}
const [root] = await reader.getRoots();
for await (const found of recursive(root, store)) {
  const entry = await exporter(found.cid, store);
  if (entry.type === "directory") continue;
  const parts = [];
  for await (const part of entry.content()) parts.push(part);
  const target = join(process.argv[3], found.path.split("/").slice(1).join("/"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, Buffer.concat(parts));
}
console.log(root.toString());
"""


def test_the_javascript_reader_unpacks_an_agents_car_file(
    release: Releasing, node: Callable[..., str], tmp_path: Path
) -> None:
    """Every block has its content id, and every file comes out byte for byte."""
    made = release()
    root, car = IpfsStore(tmp_path / "cars").export(made, tmp_path)
    out = tmp_path / "out"
    assert node(EXPORT, car, out).strip() == root
    for blob in made.blobs():
        source = blob.source
        expected = source if isinstance(source, bytes) else source.read_bytes()
        assert (out / blob.path).read_bytes() == expected


def test_every_car_file_of_a_store_is_read_by_the_javascript_reader(
    release: Releasing, node: Callable[..., str], tmp_path: Path
) -> None:
    """Also those that hold one file, or a folder without its files."""
    script = """
import { createReadStream } from "node:fs";
import { CarReader } from "@ipld/car";
for (const path of process.argv.slice(2)) {
  const reader = await CarReader.fromIterable(createReadStream(path));
  const [root] = await reader.getRoots();
  if (!(await reader.has(root))) throw new Error(path);
}
console.log("all");
"""
    store = IpfsStore(tmp_path / "cars")
    pushed = store.push(release())
    cars = sorted((tmp_path / "cars" / "cars").glob("*.car"))
    assert len(cars) == 6
    assert node(script, *cars).strip() == "all"
    build = folder_of({blob.path: blob.source for blob in release().blobs()})
    assert pushed.location == cid_text(root_of(build))


def test_what_goes_into_a_car_file_comes_out(tmp_path: Path) -> None:
    """Files of several floors of chunks, and folders."""
    data = os.urandom((2 << 20) + 1)
    build = folder_of({"a/x": data, "a/y": b"", "z": b"z"})
    _, path = write_car_file(build, tmp_path)
    with Car(path) as car:
        top = read_folder(car.root, car.block)
        inner = read_folder(top["a"], car.block)
        assert b"".join(read_file(inner["x"], car.block)) == data
        assert b"".join(read_file(inner["y"], car.block)) == b""
        assert b"".join(read_file(top["z"], car.block)) == b"z"


def a_car() -> bytes:
    file = io.BytesIO()
    write_car(folder_of({"a": b"one", "b/c": b"two"}), file)
    return file.getvalue()


def test_every_flipped_byte_of_a_car_file_is_noticed(tmp_path: Path) -> None:
    """Exhaustive: a block that is not what its name says is never handed out."""
    path = tmp_path / "x.car"
    whole = a_car()
    opened = []
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        try:
            with Car(path):
                opened.append(place)
        except StoreError:
            pass
    assert opened == []


@settings(max_examples=200)
@given(cut=st.integers(0, len(a_car()) - 1), tail=st.binary(max_size=20))
def test_a_car_file_that_was_cut_is_refused(
    tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
) -> None:
    """Wherever it ends, and whatever follows: what is opened is whole blocks, or an error."""
    path = tmp_path_factory.mktemp("car") / "x.car"
    path.write_bytes(a_car()[:cut] + tail)
    try:
        with Car(path) as car:
            for name, cid in read_folder(car.root, car.block).items():
                assert name in {"a", "b"}
                car.block(cid)
    except StoreError:
        pass


@pytest.mark.parametrize("text", ["", "Qm", "bafy", "hello", "z" * 50])
def test_what_is_no_content_id_is_refused(text: str) -> None:
    """One line."""
    with pytest.raises(StoreError):
        cid_bytes(text)


def test_no_node_is_one_line(tmp_path: Path) -> None:
    """An upload that was asked for does not pretend."""
    (tmp_path / "f").write_text("x")
    client = IPFSClient("http://127.0.0.1:9")
    assert not client.is_up()
    for attempt in (
        lambda: client.upload_file(tmp_path / "f"),
        lambda: client.upload_json({"a": 1}),
        lambda: client.has("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    ):
        with pytest.raises(StoreError, match="no IPFS node answers"):
            attempt()


def test_a_node_takes_in_what_is_missing_and_gives_it_back(
    release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """With a real node, where one is named or at its usual address."""
    address = os.environ.get("SWARMCODE_TEST_IPFS_API", "http://127.0.0.1:5001")
    node = IPFSClient(address)
    if not node.is_up():
        pytest.skip("needs an IPFS node: run benchmarks/ipfs_node.py, which starts one")
    assert node.upload_json({"b": 1, "a": 2}) == cid_text(root_of(file_of(b'{"a":2,"b":1}')))
    store = IpfsStore(tmp_path / "store", node=node)
    made = release()
    pushed = store.push(made)
    assert pushed.location is not None
    assert node.has(pushed.location)
    weights = made.manifest.file("adapter_model.safetensors")
    assert weights is not None
    (tmp_path / "store" / "cars" / f"{weights.sha256}.car").unlink()
    pull("alice/fixer", store=store, into=tmp_path / "got", expect=key.address)

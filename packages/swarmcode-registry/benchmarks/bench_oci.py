"""Push and pull of an adapter through an OCI registry on loopback, against copying it twice.

    uv run python packages/swarmcode-registry/benchmarks/bench_oci.py [--mb 100] [--rounds 7]

Needs the system package docker-registry, and httpx and eth-account. Every round works on new bytes
(a registry skips what it has). The registry and this program share the machine. Rows:

copy twice         `shutil.copyfile`, into the page cache; durable: with fsync, as all below write
registry alone     the least that a client can do with the same registry: one PUT, one GET, both
                   straight from and into a file; nothing is hashed, signed, looked up or verified
push, pull         this package, which also looks up, verifies, and makes durable

The seconds of CPU are the registry's and this program's, of the best round.
"""

import argparse
import hashlib
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from swarmcode_registry import Description, Release, describe, new_key, pull, sign
from swarmcode_registry.stores.oci import OciStore

WEIGHTS = "adapter_model.safetensors"
TICKS = os.sysconf("SC_CLK_TCK")


class Rows:
    """What was measured: wall seconds, and seconds of CPU of the registry and of this program."""

    def __init__(self, registry: int) -> None:
        self._registry = registry
        self._rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)

    def measure(self, what: str, work: Callable[[], object]) -> None:
        wall, theirs, ours = time.perf_counter(), self._theirs(), time.process_time()
        work()
        wall = time.perf_counter() - wall
        self._rows[what].append((wall, self._theirs() - theirs, time.process_time() - ours))

    def _theirs(self) -> float:
        fields = Path(f"/proc/{self._registry}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def print(self) -> None:
        print(f"{'':20s}    best   median   registry CPU   our CPU")
        for what, rows in self._rows.items():
            wall, theirs, ours = min(rows)
            median = statistics.median(row[0] for row in rows)
            print(f"{what:20s} {wall:6.3f} s {median:6.3f} s {theirs:10.2f} s {ours:9.2f} s")
        both = [a[0] + b[0] for a, b in zip(self._rows["push"], self._rows["pull"], strict=True)]
        for what in ("copy twice", "copy twice, durable", "registry alone"):
            floor = [row[0] for row in self._rows[what]]
            best, median = (
                min(both) / min(floor),
                statistics.median(both) / statistics.median(floor),
            )
            print(f"push + pull: {best:.2f}x of {what} (best), {median:.2f}x (median)")
        alone = min(self._rows["registry alone"])[0]
        durable = min(self._rows["copy twice, durable"])[0]
        print(f"registry alone: {alone / durable:.2f}x of copy twice, durable (best)")


def write_adapter(folder: Path, megabytes: int) -> None:
    folder.mkdir()
    count = megabytes * 250_000
    header = f'{{"w":{{"dtype":"F32","shape":[{count}],"data_offsets":[0,{4 * count}]}}}}'.encode()
    with (folder / WEIGHTS).open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "base"}')


def copy_twice(source: Path, scratch: Path, *, durable: bool) -> None:
    for number in range(2):
        target = scratch / f"copy-{number}"
        shutil.copyfile(source, target)
        if durable:
            make_durable(target)


def make_durable(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def registry_alone(host: str, source: Path, digest: str, target: Path) -> None:
    connection = http.client.HTTPConnection(host, blocksize=1 << 20)
    connection.request("POST", "/v2/bare/blobs/uploads/")
    begun = connection.getresponse()
    begun.read()
    place = begun.headers["Location"].removeprefix(f"http://{host}")
    with source.open("rb") as file:
        length = {"Content-Length": str(source.stat().st_size)}
        connection.request("PUT", f"{place}&digest={digest}", body=file, headers=length)
    done = connection.getresponse()
    done.read()
    assert done.status == 201, done.status
    connection.request("GET", f"/v2/bare/blobs/{digest}")
    answer, block = connection.getresponse(), memoryview(bytearray(1 << 20))
    with target.open("wb", buffering=0) as file:
        while size := answer.readinto(block):
            file.write(block[:size])
    make_durable(target)
    connection.close()


def other_bytes(source: Path, target: Path) -> str:
    """Write bytes that the registry does not know yet; return their digest."""
    data = source.read_bytes()[:-1] + b"x"
    target.write_bytes(data)
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def serve(scratch: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config = scratch / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {accesslog: {disabled: true}, level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {scratch / 'data'}}}}}\n"
        f"http: {{addr: '{host}'}}\n"
    )
    process = subprocess.Popen(
        ["docker-registry", "serve", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(host.split(":")[1]))) == 0:
                return process, host
        time.sleep(0.05)
    raise SystemExit("the registry does not listen")


def one_round(rows: Rows, store: OciStore, host: str, scratch: Path, megabytes: int) -> None:
    folder, key = scratch / "adapter", new_key()
    write_adapter(folder, megabytes)
    weights = folder / WEIGHTS
    rows.measure("copy twice", lambda: copy_twice(weights, scratch, durable=False))
    rows.measure("copy twice, durable", lambda: copy_twice(weights, scratch, durable=True))
    digest = other_bytes(weights, other := scratch / "other")
    back = scratch / "back"
    rows.measure("registry alone", lambda: registry_alone(host, other, digest, back))
    name = f"agent-{os.urandom(4).hex()}"
    release = Release(sign(describe(folder, Description(name=name, version="1.0.0")), key), folder)
    rows.measure("push", lambda: store.push(release))
    target = scratch / "pulled"
    rows.measure("pull", lambda: pull(name, store=store, into=target, expect=key.address))
    assert (target / WEIGHTS).read_bytes() == weights.read_bytes()
    shutil.rmtree(folder)
    shutil.rmtree(target)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        process, host = serve(Path(scratch))
        try:
            rows, store = Rows(process.pid), OciStore(f"oci://{host}/bench")
            for _ in range(options.rounds):
                one_round(rows, store, host, Path(scratch), options.mb)
        finally:
            process.terminate()
            process.wait(10)
    print(f"{options.mb} MB, {options.rounds} rounds")
    rows.print()


if __name__ == "__main__":
    main()

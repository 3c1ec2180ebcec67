"""Push and pull of an adapter through an OCI registry on loopback, against copying it twice.

    uv run python packages/swarmcode-registry/benchmarks/bench_oci.py [--mb 100] [--rounds 7]

Needs the system package docker-registry, and httpx and eth-account. The floor is `shutil.copyfile`
twice, made durable by fsync, as the pulled files are; the floor without fsync is shown beside it.
Every round pushes new bytes (a registry skips what it has). The registry and this program share
the machine; the registry hashes what it gets, and the puller verifies what it got. The row "bare
client" is what the registry and HTTP alone take.
"""

import argparse
import hashlib
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from swarmcode_registry import Description, Release, describe, new_key, pull, sign
from swarmcode_registry.stores.oci import OciStore


def write_adapter(folder: Path, megabytes: int) -> None:
    folder.mkdir()
    count = megabytes * 250_000
    header = f'{{"w":{{"dtype":"F32","shape":[{count}],"data_offsets":[0,{4 * count}]}}}}'.encode()
    with (folder / "adapter_model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "base"}')


def copy_twice(source: Path, scratch: Path, *, durable: bool) -> float:
    start = time.perf_counter()
    for number in range(2):
        target = scratch / f"copy-{number}"
        shutil.copyfile(source, target)
        if durable:
            with target.open("rb") as file:
                os.fsync(file.fileno())
    spent = time.perf_counter() - start
    for number in range(2):
        (scratch / f"copy-{number}").unlink()
    return spent


def bare(host: str, source: Path, scratch: Path) -> float:
    """Send a file to the registry and fetch it, with the least that a client can do: no hashing of
    its own, no signature, no index, no fsync. What this takes is the registry's and HTTP's."""
    data = source.read_bytes()[:-1] + b"x"  # other bytes than the agent's, which must travel too
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with httpx.Client(base_url=f"http://{host}") as client:
        start = time.perf_counter()
        location = client.post("/v2/bare/blobs/uploads/").headers["Location"]
        client.put(f"{location}&digest={digest}", content=data).raise_for_status()
        with (
            client.stream("GET", f"/v2/bare/blobs/{digest}") as answer,
            (scratch / "bare").open("wb") as file,
        ):
            for block in answer.iter_raw():
                file.write(block)
        return time.perf_counter() - start


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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    key = new_key()
    kinds = ("copy twice", "copy twice, fsync", "bare client", "push", "pull")
    rows: dict[str, list[float]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        process, host = serve(scratch)
        try:
            store = OciStore(f"oci://{host}/bench")
            for number in range(options.rounds):
                folder = scratch / f"adapter-{number}"
                write_adapter(folder, options.mb)
                weights = folder / "adapter_model.safetensors"
                rows["copy twice"].append(copy_twice(weights, scratch, durable=False))
                rows["copy twice, fsync"].append(copy_twice(weights, scratch, durable=True))
                rows["bare client"].append(bare(host, weights, scratch))
                name = Description(name=f"agent-{number}", version="1.0.0")
                release = Release(sign(describe(folder, name), key), folder)
                start = time.perf_counter()
                store.push(release)
                rows["push"].append(time.perf_counter() - start)
                start = time.perf_counter()
                target = scratch / f"pulled-{number}"
                pull(f"agent-{number}", store=store, into=target, expect=key.address)
                rows["pull"].append(time.perf_counter() - start)
                assert (target / weights.name).read_bytes() == weights.read_bytes()
                shutil.rmtree(folder)
                shutil.rmtree(target)
        finally:
            process.terminate()
            process.wait(10)
    print(f"{options.mb} MB, {options.rounds} rounds      best    median")
    for what, spent in rows.items():
        print(f"{what:20s} {min(spent):7.3f} s {statistics.median(spent):7.3f} s")
    both = [push + pulled for push, pulled in zip(rows["push"], rows["pull"], strict=True)]
    for what in ("copy twice", "copy twice, fsync", "bare client"):
        best, median = (
            min(both) / min(rows[what]),
            statistics.median(both) / statistics.median(rows[what]),
        )
        print(f"push + pull: {best:.2f}x of {what} (best), {median:.2f}x (median)")


if __name__ == "__main__":
    main()

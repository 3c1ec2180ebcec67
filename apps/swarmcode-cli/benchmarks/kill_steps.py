"""Kill the pipeline at random moments: every rerun completes, with an untouched run's artifacts.

    python benchmarks/kill_steps.py [KILLS] [SEED] [LAST STEP]

Each round starts `swarmcode run` in a project, kills it and all below it after a random time, and
so on, until one call completes; then its artifacts are held against those of a project that nobody
killed. Rounds are repeated until there were as many kills as asked for. With `synth` as the last
step no model is needed; with `publish`, the weights may differ, and what follows from them.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from swarmcode_cli.demo.base import make_base
from swarmcode_cli.demo.sample import make_sample

SWARMCODE = Path(sys.executable).with_name("swarmcode")
VARIABLES = {**os.environ, "SWARMCODE_PRIVATE_KEY": "11" * 32, "HF_HUB_OFFLINE": "1"}
MOST_SECONDS = 900
SETTINGS = """\
ingest: {source: REPOSITORY}
synth: {python: own, proof: required, min_diff_lines: 2, runs: 1, limit: 6, synthetic: 2,
        eval_fraction: 0.3, max_context_files: 1}
train: {model_name: BASE, load_in_4bit: false, lora_r: 4, num_epochs: 2, batch_size: 2,
        gradient_accumulation_steps: 1, max_seq_length: 768, save_steps: 2, logging_steps: 1}
eval: {max_new_tokens: 8, max_prompt_tokens: 768}
verify: {expect: "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"}
"""


def new_project(folder: Path, text: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "swarmcode.yaml").write_text(text)
    return folder


def run_for(folder: Path, last: str, seconds: float) -> bool:
    """Run the pipeline; kill it after a time. Say whether it completed."""
    running = subprocess.Popen(
        [SWARMCODE, "run", "--until", last, "--quiet"], cwd=folder, env=VARIABLES,
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _, told = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        return False
    if running.returncode != 0:
        raise SystemExit(f"a rerun did not complete: {told}")
    return True


def artifacts(folder: Path) -> dict[str, str]:
    """Every artifact that does not follow from trained weights, by digest."""
    return {
        f"{kind}/{path.name}": json.loads(path.read_text())["digest"]
        for kind in ("snapshots", "datasets")
        for path in sorted((folder / "data" / kind).glob("*.json"))
    }


def main(kills: int, seed: int, last: str) -> None:
    rng = random.Random(seed)
    place = Path(tempfile.mkdtemp(prefix="swarmcode-kills-"))
    try:
        repository = make_sample(place / "tally")
        text = SETTINGS.replace("REPOSITORY", str(repository))
        if last not in ("ingest", "synth"):
            base = make_base(place / "base", [p.read_text() for p in repository.rglob("*.py")])
            text = text.replace("BASE", str(base))
        began = time.monotonic()
        run_for(new_project(place / "reference", text), last, MOST_SECONDS)
        whole = time.monotonic() - began
        expected = artifacts(place / "reference")
        print(f"uninterrupted: {whole:.1f} s, {len(expected)} artifacts")
        done = rounds = different = 0
        while done < kills:
            folder = new_project(place / "killed", text)
            rounds += 1
            while not run_for(folder, last, rng.uniform(0.2, whole)):
                done += 1
            different += artifacts(folder) != expected
            check = subprocess.run(
                [SWARMCODE, "verify"], cwd=folder, env=VARIABLES, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            if check.returncode != 0:
                raise SystemExit(f"after {done} kills: {check.stdout}{check.stderr}")
            print(f"{done} kills, {rounds} rounds, {different} different", flush=True)
    finally:
        shutil.rmtree(place)
    if different:
        raise SystemExit(1)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        int(given[0]) if given else 20,
        int(given[1]) if len(given) > 1 else 12,
        given[2] if len(given) > 2 else "synth",
    )

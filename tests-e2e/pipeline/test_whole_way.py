"""From a repository to a served agent, killed on the way."""

import json
import re
import subprocess
import sys
from pathlib import Path


def test_it_was_killed_and_went_on(killed_demo: tuple[Path, list[str], str]) -> None:
    """What was killed was begun again; every step has one intent and one outcome."""
    folder, killed, _ = killed_demo
    assert killed == ["train", "eval"], "otherwise this proves nothing"
    runs = [json.loads(path.read_text()) for path in (folder / "data/runs").glob("*.json")]
    assert sorted(run["step"] for run in runs) == ["eval", "ingest", "publish", "synth", "train"]
    assert {run["status"] for run in runs} == {"done"}
    assert sum(run["attempts"] for run in runs) > len(runs)
    records = (folder / "data/trail.jsonl").read_text().splitlines()
    assert len(records) == 2 * len(runs)


def test_rows_are_those_of_a_run_that_nobody_killed(project: Path, tmp_path: Path) -> None:
    """The same repository and settings give the same snapshot and rows, to the byte."""
    settings = (project / "swarmcode.yaml").read_text()
    (tmp_path / "swarmcode.yaml").write_text(
        settings.replace("source: tally", f"source: {project / 'tally'}")
    )
    command = Path(sys.executable).with_name("swarmcode")
    subprocess.run([command, "run", "--until", "synth", "-q"], cwd=tmp_path, check=True)
    for name in ("training.jsonl", "eval.jsonl"):
        assert (tmp_path / "data" / name).read_bytes() == (project / "data" / name).read_bytes()


def test_what_was_promised_held(killed_demo: tuple[Path, list[str], str]) -> None:
    """True fixes solve all, no change none, and the held-out loss fell beyond doubt."""
    folder, _, printed = killed_demo
    [evaluation] = [json.loads(p.read_text()) for p in (folder / "data/evaluations").glob("*")]
    subjects = evaluation["subjects"]
    assert subjects["oracle"]["solved"] == subjects["oracle"]["examples"] > 0
    assert subjects["empty"]["solved"] == 0
    assert evaluation["measured"].get("contract_drift", 0.0) == 0.0
    [losses] = [json.loads(p.read_text()) for p in (folder / "data/losses").glob("*.json")]
    assert losses["high"] < 0 < losses["adapter_loss"] < losses["base_loss"]
    assert re.search(r"^serve +answered in \d+ pieces", printed, re.MULTILINE)


def test_the_project_holds_and_a_changed_one_does_not(swarmcode, project: Path) -> None:
    """`verify` says yes to what is as it was, and no to weights that are not."""
    sound = swarmcode("verify", "--json")
    assert (sound.returncode, json.loads(sound.stdout)["holds"]) == (0, True)
    weights = project / "artifacts/swarmcode_adapter/adapter_model.safetensors"
    before = weights.read_bytes()
    weights.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        changed = swarmcode("verify", "--json")
    finally:
        weights.write_bytes(before)
    assert changed.returncode == 1
    failed = {f["what"] for f in json.loads(changed.stdout)["findings"] if not f["holds"]}
    assert {"adapter", "manifest"} & failed


def test_a_model_in_this_process_answers(swarmcode) -> None:
    """`chat --ask` loads the newest adapter and says how long its answer was."""
    answer = swarmcode("chat", "--ask", "Fix it.", "--json", "--set", "serve.max_tokens=8")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert 0 < told["completion_tokens"] <= 8
    assert told["prompt_tokens"] > 0


def test_the_page_stands_alone(project: Path) -> None:
    """The report needs no network, and says what the model cannot do."""
    page = (project / "artifacts/report.html").read_text()
    assert not re.search(r"(src|href)=[\"']https?:", page)
    assert "cannot program" in page
    assert "the true fix" in page

"""The steps that need no model, as people call them."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from swarmcode_cli import digests

KEY = "11" * 32  # worth nothing
ADDRESS = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"

pytestmark = pytest.mark.usefixtures("folder")


def test_ingest_makes_a_snapshot_once(swarmcode, folder: Path) -> None:
    """The second time, it is there already; its record names it by its digest."""
    first = swarmcode("ingest", "--json").data
    second = swarmcode("ingest", "--json").data
    assert (first["reused"], second["reused"]) == (False, True)
    assert first["artifact"] == second["artifact"]
    path = folder / first["artifact"]["path"]
    assert digests.of_file(path / "code_map.json") == first["artifact"]["digest"]
    kept = json.loads((folder / "data/current.json").read_text())["ingest"]
    assert json.loads((folder / f"data/snapshots/{kept}.json").read_text()) == first["artifact"]


def test_a_new_commit_is_a_new_snapshot(
    swarmcode, folder: Path, repository: Path, tmp_path: Path
) -> None:
    """What was done before is done again when there is something new."""
    copy = shutil.copytree(repository, tmp_path / "copy")
    before = swarmcode("ingest", str(copy), "--json").data
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    (copy / "new.py").write_text("x = 1\n")
    subprocess.run(["git", "-C", copy, "add", "."], check=True)
    subprocess.run(["git", "-C", copy, *author, "commit", "-qm", "More"], check=True)
    after = swarmcode("ingest", str(copy), "--json").data
    assert not after["reused"]
    assert after["artifact"]["files"] == before["artifact"]["files"] + 1


def test_the_published_options_work(swarmcode, folder: Path, repository: Path) -> None:
    """A script that was written for the published program does the same here."""
    assert swarmcode("ingest", str(repository), "-o", "./snaps", "-b", "main").code == 0
    [snapshot] = [path for path in (folder / "snaps").iterdir() if path.name.startswith("tally_")]
    answer = swarmcode("synth", str(snapshot), "-o", "./rows/training.jsonl", "--json")
    rows = (folder / "rows/training.jsonl").read_text().splitlines()
    assert len(rows) == answer.data["artifact"]["examples"] > 0
    assert {"task", "context_files", "diff", "tests_command", "metadata"} <= set(
        json.loads(rows[0])
    )


def test_synth_without_a_snapshot_says_what_to_do(swarmcode) -> None:
    """One line: what is missing, and which command makes it."""
    answer = swarmcode("synth")
    assert answer.code == 2
    assert answer.err.startswith("[ERROR]")
    assert "swarmcode ingest" in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("ingest", "nowhere"), "nowhere", id="no-such-repository"),
        pytest.param(("ingest", "-b", "nothing"), "nothing", id="no-such-branch"),
        pytest.param(("train",), "swarmcode synth", id="train-without-rows"),
        pytest.param(("eval",), "swarmcode synth", id="eval-without-rows"),
        pytest.param(("publish",), "no signing key", id="publish-without-a-key"),
        pytest.param(("runs",), "swarmcode init", id="no-project"),
        pytest.param(("pull", "nobody", "--expect", ADDRESS), "nobody", id="pull-from-nowhere"),
        pytest.param(("train", "--set", "train.lora_r=0"), "lora_r", id="a-limit-of-the-library"),
        pytest.param(("ingest", "-c", "no.yaml"), "no.yaml", id="no-such-settings"),
    ],
)
def test_bad_input_is_one_line(swarmcode, words: tuple[str, ...], told: str) -> None:
    """What is wrong, in one line, with exit code 2; nothing is written on standard output."""
    answer = swarmcode(*words)
    assert (answer.code, answer.out) == (2, "")
    assert told in answer.err
    assert len(answer.err.splitlines()) == 1


def test_publish_pull_and_verify(swarmcode, folder: Path, make_adapter) -> None:
    """An agent that was published can be fetched by whoever trusts its signer, by nobody else."""
    make_adapter(folder / "artifacts/swarmcode_adapter")
    words = ("publish", "-n", "ada/tally", "--version", "1.0.0", "--json")
    made = swarmcode(*words, SWARMCODE_PRIVATE_KEY=KEY)
    assert made.data["artifact"]["signer"] == ADDRESS
    again = swarmcode(*words, SWARMCODE_PRIVATE_KEY=KEY)
    assert again.data["reused"]
    fetched = swarmcode("pull", "ada/tally", "--into", "fetched", "--json")
    assert fetched.data["signer"] == ADDRESS
    findings = swarmcode("verify", "fetched", "--json").data
    assert [found["what"] for found in findings["findings"]] == ["signature", "files", "trail"]
    assert findings["holds"]
    stranger = "0x0000000000000000000000000000000000000001"
    assert "not trusted" in swarmcode("verify", "fetched", "--expect", stranger).err
    weights = folder / "fetched/adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    spoiled = swarmcode("verify", "fetched")
    assert (spoiled.code, "adapter_model.safetensors" in spoiled.err) == (2, True)


def test_verify_looks_at_the_project(swarmcode, folder: Path, make_adapter) -> None:
    """What is on the disk is what the records say, or it is told what is not."""
    swarmcode("run", "--until", "synth", "--quiet")
    make_adapter(folder / "artifacts/swarmcode_adapter")
    swarmcode("publish", SWARMCODE_PRIVATE_KEY=KEY)
    sound = swarmcode("verify", "--json")
    whats = [found["what"] for found in sound.data["findings"] if found["holds"]]
    assert (sound.code, whats[:3]) == (0, ["trail", "snapshot", "rows"])
    rows = folder / "data/training.jsonl"
    rows.write_text(rows.read_text() + "\n")
    changed = swarmcode("verify")
    assert changed.code == 1
    assert "NO   rows" in changed.out
    trail = folder / "data/trail.jsonl"
    trail.write_text("".join(trail.read_text().splitlines(keepends=True)[1:]))
    assert "NO   trail" in swarmcode("verify").out


def test_runs_and_show_tell_the_same_story(swarmcode) -> None:
    """Every step is an intent and its outcome, and can be looked up by its name."""
    swarmcode("run", "--until", "synth", "--quiet")
    runs = swarmcode("runs", "--json").data["runs"]
    assert [(run["step"], run["status"]) for run in runs] == [("ingest", "done"), ("synth", "done")]
    trail = swarmcode("show", "--trail", "--json").data["records"]
    kinds = [record["record"]["body"]["kind"] for record in trail]
    assert kinds == ["core.intent", "core.outcome"] * 2
    assert [run["intent"] for run in runs] == [trail[0]["id"], trail[2]["id"]]
    assert "intend" in swarmcode("show", "--trail").out
    shown = swarmcode("show", runs[1]["artifact"], "--json").data
    assert shown["name"] == f"synth {runs[1]['artifact']}"
    assert "is not in this project" in swarmcode("show", "zzz").err
    assert "not done" in swarmcode("show").out


def test_a_failed_step_is_noted_and_tried_again(swarmcode, folder: Path) -> None:
    """A run that failed says why; its second attempt answers the same intent."""
    swarmcode("ingest", "--quiet")
    words = ("synth", "--set", "synth.min_diff_lines=400")  # no commit is that large
    assert swarmcode(*words).code == 2
    assert swarmcode(*words).code == 2
    [failed] = [run for run in swarmcode("runs", "--json").data["runs"] if run["step"] == "synth"]
    assert (failed["status"], failed["attempts"]) == ("failed", 2)
    assert failed["error"]
    records = swarmcode("show", "--trail", "--json").data["records"]
    assert len(records) == 3
    swarmcode("ingest")
    assert not (folder / "data/training.jsonl").exists()


def test_two_at_once_are_refused(swarmcode, folder: Path) -> None:
    """One project, one worker: the second is told who is there."""
    from swarmcode_cli.project import working_in

    with working_in(folder / "data"):
        answer = swarmcode("ingest")
    assert answer.code == 2
    assert "another swarmcode works here (process " in answer.err
    assert swarmcode("ingest").code == 0


def test_print_config_prints_and_stops(swarmcode, folder: Path) -> None:
    """It says what would be in force, and does nothing."""
    shown = swarmcode("train", "-e", "7", "--print-config", "--json").data
    assert shown["settings"]["train"]["num_epochs"] == 7
    assert shown["origins"]["train.num_epochs"] == "a flag"
    assert not (folder / "data").exists()


def test_init_begins_a_project(swarmcode, folder: Path) -> None:
    """Settings that the schema takes, an encrypted key that is trusted, and nothing overwritten."""
    import jsonschema
    import yaml

    (folder / "swarmcode.yaml").unlink()
    (folder / ".git").mkdir()
    words = ("init", "--source", "repo", "--name", "ada/tally", "--new-key", "ada.keystore.json")
    made = swarmcode(*words, "--json", SWARMCODE_KEYSTORE_PASSWORD="secret").data
    written = yaml.safe_load((folder / "swarmcode.yaml").read_text())
    jsonschema.validate(written, json.loads((folder / "data/swarmcode.schema.json").read_text()))
    assert written["ingest"]["source"] == "repo"
    trust = json.loads((folder / "trust.json").read_text())
    assert trust["signers"][0]["address"] == made["address"]
    assert "/data/" in (folder / ".gitignore").read_text().splitlines()
    again = swarmcode("init", "--json").data
    assert again["kept"] == ["swarmcode.yaml"]
    assert "exists already" in swarmcode(*words, SWARMCODE_KEYSTORE_PASSWORD="x").err
    assert "no terminal" in swarmcode("publish").err

"""Settings: where they come from, which wins, and how a mistake is told."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from swarmcode_cli.errors import SettingsError
from swarmcode_cli.settings import Sources, json_schema, load
from swarmcode_cli.settings import sections as all_sections
from swarmcode_cli.settings.load import GENERAL
from swarmcode_cli.settings.schema import plain


@pytest.fixture(scope="module")
def sections() -> dict:
    return all_sections()


def read(sections: dict, tmp_path: Path, text: str = "", **sources: object):
    file = tmp_path / "swarmcode.yaml"
    file.write_text(text)
    return load(sections, Sources(file, **sources))


def test_flags_beat_the_environment_which_beats_the_file(sections: dict, tmp_path: Path) -> None:
    """The rising order: defaults, file, environment, `--set`, flags."""
    text = "train: {lora_r: 2, lora_alpha: 2, seed: 2, batch_size: 2}\n"
    settings = read(
        sections,
        tmp_path,
        text,
        environment={
            "SWARMCODE_TRAIN__LORA_ALPHA": "3",
            "SWARMCODE_TRAIN__SEED": "3",
            "SWARMCODE_TRAIN__BATCH_SIZE": "3",
        },
        assignments=("train.seed=4", "train.batch_size=4"),
        flags={"train.batch_size": 5, "train.lora_dropout": None},
    )
    names = ("lora_r", "lora_alpha", "seed", "batch_size", "lora_dropout")
    assert [settings.get("train", name) for name in names] == [2, 3, 4, 5, 0.1]
    assert settings.origins["train.lora_alpha"] == "SWARMCODE_TRAIN__LORA_ALPHA"
    assert not settings.given("train", "lora_dropout")


def test_the_published_defaults_hold(sections: dict) -> None:
    """With nothing set, everything is where it always was."""
    settings = load(sections, Sources())
    found = {
        key: str(settings.get(*key.split(".")))
        for key in ("ingest.output_dir", "synth.output_path", "train.output_dir",
                    "eval.test_dataset", "publish.manifest_output")
    }  # fmt: skip
    assert found == {
        "ingest.output_dir": "data/snapshots",
        "synth.output_path": "data/training.jsonl",
        "train.output_dir": "artifacts",
        "eval.test_dataset": "data/eval.jsonl",
        "publish.manifest_output": "artifacts/manifest.json",
    }
    train = settings.build("train")
    assert (train.lora_r, train.lora_alpha, train.num_epochs, train.seed) == (64, 16, 3, 42)


def test_the_folders_move_what_lies_in_them(sections: dict, tmp_path: Path) -> None:
    """The published variables say where data and artifacts go."""
    variables = {"SWARMCODE_DATA_DIR": "d", "SWARMCODE_ARTIFACTS_DIR": "a"}
    settings = read(sections, tmp_path, environment=variables)
    assert settings.get("synth", "output_path") == Path("d/training.jsonl")
    assert settings.build("train").adapter_dir == Path("a/swarmcode_adapter")


def test_variables_that_are_no_settings_are_left_alone(sections: dict, tmp_path: Path) -> None:
    """A key in the environment is no setting, and no mistake."""
    variables = {"SWARMCODE_PRIVATE_KEY": "11" * 32, "SWARMCODE_MCP_TOKEN": "t"}
    assert read(sections, tmp_path, environment=variables).values == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("train: {lora_q: 8}", "train.lora_q is no setting (did you mean", id="typo"),
        pytest.param(
            "trian: {lora_r: 8}", "trian is no setting (did you mean train?)", id="section"
        ),
        pytest.param("train: {lora_r: many}", "train.lora_r is 'many'", id="wrong-type"),
        pytest.param("train: 3", "train is a section", id="section-of-nothing"),
        pytest.param("- a\n- b", "holds no settings", id="a-list"),
        pytest.param("a: [", "is not YAML", id="not-yaml"),
        pytest.param("publish: {private_key: '11'}", "must not stand here", id="key-in-a-file"),
        pytest.param("log_level: loud", "log_level is 'loud'", id="no-such-level"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    sections: dict, tmp_path: Path, text: str, told: str
) -> None:
    """What is wrong, and in which file."""
    with pytest.raises(SettingsError) as caught:
        read(sections, tmp_path, text)
    assert told in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "swarmcode.yaml"))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(sections: dict, tmp_path: Path) -> None:
    """A file that was named must be there."""
    with pytest.raises(SettingsError, match="cannot be read"):
        load(sections, Sources(tmp_path / "nowhere.yaml"))


def test_an_assignment_without_a_value_is_told(sections: dict) -> None:
    """`--set` says what it wants."""
    with pytest.raises(SettingsError, match=r"SECTION\.NAME=VALUE"):
        load(sections, Sources(assignments=("train.lora_r",)))


def test_the_schema_takes_the_defaults_and_refuses_what_the_reader_refuses(sections: dict) -> None:
    """An editor sees the same mistakes that the command would tell."""
    schema = json_schema(sections)
    jsonschema.Draft202012Validator.check_schema(schema)
    settings = load(sections, Sources())
    document = {
        name: {k: v for k, v in plain(settings.of(name)).items() if v is not None}
        for name in sections
        if name != GENERAL
    }
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(document)) == []
    for wrong in ({"train": {"lora_q": 1}}, {"train": {"lora_r": "x"}}, {"nothing": {}}):
        assert list(validator.iter_errors(wrong))


def test_every_setting_of_a_library_is_told_with_its_meaning(sections: dict) -> None:
    """Completion without an explanation would be half of it."""
    silent = [
        f"{name}.{field.name}"
        for name, section in sections.items()
        if name not in ("publish", "serve")  # theirs stand in guides
        for field in section.fields.values()
        if not field.meaning
    ]
    assert silent == []


def test_print_config_can_be_read_back(sections: dict, tmp_path: Path) -> None:
    """What is printed is a settings file that gives the same settings."""
    from swarmcode_cli.render.settings import as_yaml

    settings = read(sections, tmp_path, "train: {lora_r: 9, lora_target_modules: [q_proj]}\n")
    again = read(sections, tmp_path, as_yaml(settings))
    for name in sections:
        assert plain(again.of(name)) == plain(settings.of(name))
    assert yaml.safe_load(as_yaml(settings))["train"]["lora_r"] == 9

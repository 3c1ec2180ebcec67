"""Reading `swop.yaml`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swop import BoundedContextConfig, SwopConfigError, load_config
from swop.config.load import read_config

FULL = """\
version: 1
project: my-service
source_roots: [src]
exclude: ["tests/*"]
bounded_contexts:
  - name: billing
    source: src/billing
    team: red
  - name: catalog
    source: src/catalog
    external: true
bus:
  type: rabbitmq
  url: amqp://${HOST}/${UNSET_NAME}
  heartbeat: 3
read_models:
  engine: postgresql
state_dir: .swop
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "swop.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_everything_that_the_file_can_say(tmp_path: Path) -> None:
    """Known keys are typed, others are kept, variables that are set are put in."""
    config = load_config(write(tmp_path, FULL), environ={"HOST": "queue"})
    assert config.project == "my-service"
    assert config.context("billing") == BoundedContextConfig(
        "billing", "src/billing", extra={"team": "red"}
    )
    assert config.bus is not None
    assert config.bus.url == "amqp://queue/${UNSET_NAME}"
    assert config.bus.extra == {"heartbeat": 3}
    assert config.read_models is not None
    assert config.read_models.engine == "postgresql"
    assert config.state_path == tmp_path / ".swop"
    assert list(config.iter_source_roots()) == [tmp_path / "src"]
    assert config.warnings == []


def test_relative_and_absolute_paths_mean_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The existing package scans nothing when it is given a relative path."""
    write(tmp_path, FULL)
    monkeypatch.chdir(tmp_path)
    assert load_config("swop.yaml") == load_config(tmp_path / "swop.yaml") == load_config()
    monkeypatch.chdir("/")
    assert load_config(os.path.relpath(tmp_path / "swop.yaml")) == load_config(tmp_path)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    """Every key has a default; no source root means the project itself."""
    config = load_config(write(tmp_path, ""))
    assert (config.version, config.project, config.state_dir) == (1, "unnamed", ".swop")
    assert list(config.iter_source_roots()) == [tmp_path]


def test_an_unknown_key_is_a_warning_with_the_nearest(tmp_path: Path) -> None:
    """A slip of the pen is told, with its line, and does not stop anything."""
    path = write(tmp_path, "project: x\nsorce_roots: [src]\n")
    config = load_config(path)
    assert config.extra == {"sorce_roots": ["src"]}
    assert config.warnings == [f"{path}:2: unknown key 'sorce_roots': did you mean 'source_roots'?"]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        pytest.param("- a\n", None, "must be a mapping", id="list"),
        pytest.param("version: 1\n\tproject: x\n", 2, "not valid YAML", id="tab"),
        pytest.param("version: 2\n", 1, "version 2", id="version"),
        pytest.param("version: 1\nproject: 3\n", 2, "project must be text", id="number"),
        pytest.param("source_roots: src\n", 1, "must be a list", id="text-for-list"),
        pytest.param("source_roots: [1]\n", 1, "must list non-empty texts", id="number-in-list"),
        pytest.param("exclude: {a: b}\n", 1, "must be a list", id="mapping-for-list"),
        pytest.param("bounded_contexts: [x]\n", 1, "entry 1", id="context-no-mapping"),
        pytest.param("bounded_contexts: [{name: a}]\n", 1, "needs both", id="context-no-source"),
        pytest.param(
            "bounded_contexts: [{name: .., source: a}]\n", 1, "folder's name", id="context-dots"
        ),
        pytest.param(
            "bounded_contexts:\n- {name: a, source: a}\n- {name: a, source: b}\n",
            1,
            "already taken",
            id="context-twice",
        ),
        pytest.param("bus: 3\n", 1, "bus must be a mapping", id="bus"),
        pytest.param("bus: {url: 3}\n", 1, "url must be text", id="bus-url"),
        pytest.param("state_dir: ../out\n", 1, "inside the project", id="state-outside"),
        pytest.param("state_dir: /tmp\n", 1, "inside the project", id="state-absolute"),
        pytest.param("state_dir: .\n", 1, "inside the project", id="state-is-project"),
        pytest.param("project: a\nproject: b\n", 2, "given twice", id="double-key"),
        pytest.param(b"project: \xff\n", 1, "UTF-8", id="latin-1"),
        pytest.param("a: &a [*a]\n", None, "too many or too deeply", id="endless"),
        pytest.param("a: " + "[" * 3000, None, "", id="deep"),
        pytest.param("a: !!python/object:os.system x\n", 1, "not valid YAML", id="tag"),
        pytest.param("a: !!int x\n", None, "cannot be read", id="wrong-tag"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(
    tmp_path: Path, text: str | bytes, line: int | None, says: str
) -> None:
    """Where, and what is wrong: never a traceback of the YAML library."""
    path = write(tmp_path, text)
    with pytest.raises(SwopConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == path


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The next step is in the message."""
    with pytest.raises(SwopConfigError, match="swop init"):
        load_config(tmp_path / "swop.yaml")


def test_a_state_folder_that_a_link_moves_outside_is_refused(tmp_path: Path) -> None:
    """A repository cannot make swop write elsewhere."""
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    (project / ".swop").symlink_to(outside)
    with pytest.raises(SwopConfigError, match="inside the project"):
        load_config(write(project, "version: 1\n"))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_any_bytes_are_a_configuration_or_a_clear_error(data: bytes) -> None:
    """Nothing else is ever raised."""
    with suppress(SwopConfigError):
        read_config(data, where=Path("/p/swop.yaml"), environ={})

"""The tour: every step on the sample, with a model that is made on the spot, held to its promises.

It is the ordinary pipeline with ordinary settings: the folder it leaves is a project like any
other, and whoever was interrupted runs it again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from .. import keys, wiring
from ..errors import DemoError
from ..progress import Sign, Tell
from ..project import Evaluation, HeldOut
from ..settings import Settings, Sources
from .answer import streamed_answer
from .base import make_base
from .sample import HISTORY, make_sample

SETTINGS_FILE = Path("swarmcode.yaml")
KEYSTORE = Path("demo.keystore.json")
NEEDED = ("torch", "transformers", "peft", "trl", "pytest", "openai")
PASSWORD = "throwaway"  # noqa: S105 - of a key that signs nothing but this demonstration
HONEST = (
    "This model has {parameters} parameters and random weights: it was made a minute ago and has "
    "read one small repository. It cannot program, and its pass rate says so. What the "
    "demonstration shows is that every step works, and that training moves a model towards the "
    "rows. For an agent that is of use: name a real base (train.model_name) and your own "
    "repository (ingest.source) in swarmcode.yaml, and run `swarmcode run` on a machine with a GPU."
)


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the tour: what was done, and what came of it."""

    title: str
    told: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that the demonstration promises, and whether it held."""

    what: str
    holds: bool


def tour(folder: Path, tell: Tell) -> Iterator[Stop]:
    """Go the whole way in a folder; yield each stop as it is reached.

    Raises:
        DemoError: a promise was not held, or the folder is somebody else's.
    """
    _require()
    _claim(folder)
    with _inside(folder):
        yield Stop("sample", _prepare(tell))
        settings = wiring.settings(Sources(SETTINGS_FILE))
        with wiring.workplace(settings, name="demo") as place:
            for name, step in wiring.steps(place).items():
                if name == "publish":
                    losses = wiring.held_out_loss(place, tell)
                    yield Stop("loss", _told_losses(losses))
                done = place.do(step(), tell)
                yield Stop(name, done.summary)
            evaluation = place.newest("eval")
        yield from _afterwards(settings, tell)
        _hold(promises(evaluation, losses))


def promises(evaluation: Evaluation, losses: HeldOut) -> list[Promise]:
    """What has to come out, whatever the model."""
    oracle, empty = evaluation.subjects["oracle"], evaluation.subjects["empty"]
    return [
        Promise("the true fixes solve every example", oracle.solved == oracle.examples > 0),
        Promise("no change solves none", empty.solved == 0),
        Promise("the adapter's held-out loss is below its base's", losses.high < 0),
    ]


def _hold(found: list[Promise]) -> None:
    broken = [promise.what for promise in found if not promise.holds]
    if broken:
        raise DemoError(f"the demonstration did not hold: {'; '.join(broken)}")


def _afterwards(settings: Settings, tell: Tell) -> Iterator[Stop]:
    """Fetch what was published as somebody else would, check everything, write the page."""
    agent = wiring.pull(settings, settings.get("publish", "name"), into=None, tell=tell)
    findings = [*wiring.verify(settings, agent.folder), *wiring.verify(settings, None)]
    failed = [finding for finding in findings if not finding.holds]
    if failed:
        raise DemoError(f"{failed[0].what}: {failed[0].detail}")
    yield Stop("verify", f"fetched to {agent.folder}; {len(findings)} checks hold")
    pieces, answer = streamed_answer(agent.folder, trust=settings.get("verify", "expect"))
    yield Stop("serve", f"answered in {pieces} pieces: {answer[:60]!r}")
    page = wiring.write_report(settings, notice=honest_words(Path()))
    yield Stop("report", str(page.absolute()))


def honest_words(folder: Path) -> str:
    """What a tiny model can do, and what it cannot."""
    weights = folder / "base" / "model.safetensors"
    return HONEST.format(parameters=f"{weights.stat().st_size // 4:,}")


def _require() -> None:
    """Say at once what is not installed, rather than after minutes."""
    missing = [module for module in NEEDED if find_spec(module) is None]
    if missing:
        names = ", ".join(missing)
        raise DemoError(f"the demonstration needs {names}: pip install 'swarmcode[demo]'")


def _claim(folder: Path) -> None:
    """Refuse a folder that holds something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / SETTINGS_FILE).is_file():
        raise DemoError(f"{folder} is not empty, and is no demonstration: name another (--into)")
    folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in the folder, with the throwaway key's password at hand."""
    before, password = Path.cwd(), os.environ.get(keys.PASSWORD_VARIABLE)
    os.chdir(folder)
    os.environ[keys.PASSWORD_VARIABLE] = PASSWORD
    try:
        yield
    finally:
        os.chdir(before)
        if password is None:
            del os.environ[keys.PASSWORD_VARIABLE]
        else:
            os.environ[keys.PASSWORD_VARIABLE] = password


def _prepare(tell: Tell) -> str:
    """Make repository, base model, key and settings; each whole, or not at all."""
    source = files(__package__)
    if not Path("tally").exists():
        make_sample(_fresh("tally")).rename("tally")
    if not Path("base").exists():
        tell(Sign("making a base model"))
        texts = source.joinpath(HISTORY).read_text(encoding="utf-8").split("\n\n")
        make_base(_fresh("base"), texts).rename("base")
    if not KEYSTORE.exists():
        keys.new_trusted_key(KEYSTORE, Path("trust.json"), password=PASSWORD)
    if not SETTINGS_FILE.exists():
        SETTINGS_FILE.write_text(source.joinpath("swarmcode.yaml").read_text(encoding="utf-8"))
    return "a repository of 27 commits, a base model with random weights, a throwaway key"


def _fresh(name: str) -> Path:
    """A name to make something under before it gets its own; leftovers of a crash go."""
    import shutil

    partial = Path(f".{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    return partial


def _told_losses(losses: HeldOut) -> str:
    return (
        f"{losses.base_loss:.4f} → {losses.adapter_loss:.4f} on {losses.rows} held-out answers "
        f"(95 % interval of the difference {losses.low:+.4f} to {losses.high:+.4f})"
    )

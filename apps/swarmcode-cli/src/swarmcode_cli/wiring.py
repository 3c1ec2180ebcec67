"""Where the libraries meet. Nothing else in this app composes them."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import keys
from .errors import CliError, MissingStepError, ProjectError
from .settings import Settings, Sources, load, sections

if TYPE_CHECKING:
    from syncropel import Identity, Spool

    from . import doctor
    from .beginning import Beginning, Wanted
    from .checking import Finding
    from .pipeline import Doer, Performed
    from .progress import Tell
    from .project import Project, Step
    from .trail import Trail

ORDER: tuple["Step", ...] = ("ingest", "synth", "train", "eval", "publish")
SPOOL = "provenance.spool"
DELIVERY_SECONDS = 5.0
MCP_TOKEN_VARIABLE = "SWARMCODE_MCP_TOKEN"  # noqa: S105 - where it is, not what it is

# The base of each part's own errors, and where it is.
BASES = {
    "swarmcode_agent.errors": "AgentError",
    "swarmcode_registry.errors": "RegistryError",
    "swarmcode_server.errors": "ServerError",
    "swarmcode_trainer.errors": "TrainerError",
    "swop.errors": "SwopError",
    "syncropel.errors": "SyncropelError",
    "worktree.errors": "WorktreeError",
}


def deliberate_errors() -> tuple[type[Exception], ...]:
    """Every error that a part of this program raises on purpose: one line each, no traceback.

    Whoever raised one was imported for it: nothing is imported to find out.
    """
    bases = (
        getattr(sys.modules[home], name) for home, name in BASES.items() if home in sys.modules
    )
    return (CliError, OSError, *bases)


def was_stopped(error: Exception) -> bool:
    """Whether an error says that somebody asked a step to stop, and it did so in good order."""
    return type(error).__name__ == "TrainingInterrupted"


# ── settings ──────────────────────────────────────────────────────────────────────────────────


def settings(sources: Sources) -> Settings:
    """Read the settings."""
    return load(sections(), sources)


# ── the project ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Workplace:
    """A project that is being worked in: its settings, its tree, its provenance."""

    settings: Settings
    project: "Project"
    trail: "Trail"

    def do(self, doer: "Doer", tell: "Tell") -> "Performed":
        """Do a step, or find that it was done."""
        from .pipeline import perform

        return perform(doer, self.project, self.trail, tell)

    def newest(self, step: "Step") -> Any:
        """Return the newest artifact of a step, or None."""
        from .project import newest

        return newest(self.project, step)


def look_at(settings: Settings) -> "Project":
    """Load a project's tree to read it. Raises `MissingStepError` where there is none."""
    from .project import open_project

    folder = settings.data_dir
    if not (folder / "project.json").is_file():
        raise MissingStepError("init", f"{folder} holds no project")
    return open_project(folder, name="", thread="")


@contextmanager
def workplace(settings: Settings, *, name: str | None = None) -> Iterator[Workplace]:
    """Open the project to work in it, alone; afterwards its records go into the spool."""
    from syncropel import Spool, random_thread_id

    from .project import open_project, working_in
    from .trail import Trail, hand_over, identity_of

    folder = settings.data_dir
    identity = identity_of(settings.get("provenance", "actor"), settings.get("provenance", "key"))
    with working_in(folder):
        project = open_project(folder, name=name or Path.cwd().name, thread=random_thread_id())
        yield Workplace(settings, project, Trail(project, identity))
        # Not when a step failed or was stopped: what it left is handed over by the next call.
        spool = Spool(folder / SPOOL)
        try:
            hand_over(project, spool)
            _deliver(settings, spool, identity)
        finally:
            spool.close()


def _deliver(settings: Settings, spool: "Spool", identity: "Identity") -> None:
    """Send the records where a server is configured; what cannot be sent now stays spooled."""
    from .trail import deliver

    endpoint = settings.get("provenance", "endpoint")
    if endpoint is None:
        return
    key = os.environ.get(settings.get("provenance", "api_key_variable"))
    asyncio.run(
        deliver(spool, endpoint=endpoint, identity=identity, api_key=key, seconds=DELIVERY_SECONDS)
    )


def begin(settings: Settings, wanted: "Wanted") -> "Beginning":
    """Make a new project here; its key is trusted, where one is made."""
    from .beginning import begin
    from .keys import new_password, new_trusted_key
    from .settings import json_schema

    def make_key(path: Path) -> str:
        trust = settings.get("verify", "expect")
        named = trust.startswith(("0x", "-----BEGIN"))
        return new_trusted_key(path, None if named else Path(trust), password=new_password(path))

    schema = json_schema(settings.sections)
    made = begin(wanted, data_dir=settings.data_dir, schema=schema, make_key=make_key)
    with workplace(settings, name=wanted.name):
        return made


# ── looking at what there is ──────────────────────────────────────────────────────────────────


def verify(settings: Settings, target: Path | None) -> "list[Finding]":
    """Check an agent's folder, or the project."""
    from .checking import check_agent, check_project

    expect = settings.get("verify", "expect")
    if target is not None:
        return list(check_agent(target, expect=expect))
    return list(check_project(look_at(settings), expect=expect))


def write_report(settings: Settings, output: Path | None = None, *, notice: str = "") -> Path:
    """Write the page about the project, and return where it is."""
    from .render.report import page

    project = look_at(settings)
    text = page(project, verify(settings, None), notice=notice)
    place = output or settings.artifacts_dir / "report.html"
    place.parent.mkdir(parents=True, exist_ok=True)
    partial_page = place.with_name(f".{place.name}.partial")
    partial_page.write_text(text, encoding="utf-8")
    return partial_page.replace(place)


def pull(settings: Settings, reference: str, *, into: Path | None, tell: "Tell") -> Any:
    """Bring an agent here, verified."""
    from swarmcode_registry import Progress, Reference
    from swarmcode_registry import pull as bring

    from .progress import Sign

    def pass_on(moved: Progress) -> None:
        tell(Sign(f"{moved.step} {moved.path}", moved.bytes, moved.total))

    target = into or settings.artifacts_dir / "agents" / Reference.parse(reference).name
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return bring(
        reference,
        store=settings.get("publish", "store") or str(settings.data_dir / "registry"),
        into=target,
        expect=settings.get("verify", "expect"),
        seen=settings.data_dir / "seen.json",
        on_progress=pass_on,
    )


# ── the steps ─────────────────────────────────────────────────────────────────────────────────


def ingest(place: Workplace) -> "Doer":
    """The step from a repository to a snapshot."""
    from .steps.ingest import Ingest

    if place.settings.get("ingest", "source") is None:
        raise MissingStepError("init --source REPOSITORY", "no repository is named (ingest.source)")
    return Ingest(place.settings.build("ingest"), _enrichers(place.settings))


def _enrichers(settings: Settings) -> tuple[Any, ...]:
    if not settings.get("contracts", "map"):
        return ()
    from importlib.metadata import version

    from .contracts import ContractMap

    return (ContractMap(f"swop-core {version('swop-core')}"),)


def synth(place: Workplace) -> "Doer":
    """The step from a snapshot to rows."""
    from .steps.synth import Synth

    folder = place.settings.get("synth", "snapshot_dir") or _newest_path(place, "ingest")
    return Synth(place.settings.build("synth", snapshot_dir=folder))


def train(place: Workplace, *, anew: bool = False) -> "Doer":
    """The step from rows to an adapter."""
    from .steps.train import Train

    return Train(place.settings.build("train"), anew)


def preset(name: str) -> dict[str, Any]:
    """The settings of a size of base model that many people train."""
    from swarmcode_trainer.qlora import get_preset

    found = get_preset(name)
    return {
        "train.model_name": found.model_name,
        "train.batch_size": found.batch_size,
        "train.gradient_accumulation_steps": found.gradient_accumulation_steps,
    }


def training_plan(settings: Settings) -> Any:
    """What training would take; no weights are loaded."""
    from swarmcode_trainer.qlora import QLoRATrainer

    return QLoRATrainer(settings.build("train")).plan()


def evaluate(place: Workplace) -> "Doer":
    """The step from an adapter to figures."""
    from .steps.evaluate import Evaluate

    settings = place.settings
    adapter = settings.get("eval", "adapter_path")
    if adapter is None and settings.get("eval", "base_model") is None:
        adapter = settings.build("train").adapter_dir
    config = settings.build("eval", adapter_path=adapter, repository=_repository(place))
    return Evaluate(config, _metrics(settings))


def _repository(place: Workplace) -> Path | None:
    """Where the trees of evaluation rows come from: as set, or the newest snapshot's history."""
    named: Path | None = place.settings.get("eval", "repository")
    snapshot = place.newest("ingest")
    if named is not None or snapshot is None:
        return named
    history = Path(snapshot.path) / ".swarmcode" / "history.git"
    return history if history.is_dir() else None


def _metrics(settings: Settings) -> tuple[Any, ...]:
    if not settings.get("contracts", "drift") or not settings.get("eval", "run_tests"):
        return ()
    from .contracts import ContractDrift, SwopContracts

    return (ContractDrift(SwopContracts()),)


def held_out_loss(place: Workplace, tell: "Tell") -> Any:
    """Measure the newest adapter's losses on the evaluation rows, once."""
    from . import digests
    from .steps.heldout import held_out_loss

    adapter, rows = place.newest("train"), place.newest("synth")
    if adapter is None or rows is None:
        raise MissingStepError("train", "there is no adapter")
    key = digests.short(digests.of_value([adapter.digest, rows.eval_digest]))
    if key not in place.project.losses:
        config = place.settings.build("train")
        found = held_out_loss(config, Path(adapter.path), Path(rows.eval_path), tell)
        place.project.losses[key] = found
        place.project.commit()
    return place.project.losses[key]


def publish(place: Workplace) -> "Doer":
    """The step from an adapter to a signed manifest."""
    from .steps.publish import Publish, known_of
    from .trail import until

    chosen = publish_settings(place.settings)
    return Publish(
        chosen,
        known_of(place.project, Path(chosen["adapter_path"])),
        place.project.project.thread,
        partial(until, place.project),
        keys.signing_key(place.settings),
    )


def publish_settings(settings: Settings) -> dict[str, Any]:
    """The section `publish`, with what follows from the folders."""
    chosen = settings.of("publish")
    chosen["adapter_path"] = chosen["adapter_path"] or settings.build("train").adapter_dir
    chosen["store"] = chosen["store"] or str(settings.data_dir / "registry")
    return chosen


def _newest_path(place: Workplace, step: "Step") -> Path:
    found = place.newest(step)
    if found is None:
        raise MissingStepError(step, "there is no snapshot")
    return Path(found.path)


def steps(place: Workplace) -> "Mapping[Step, Callable[[], Doer]]":
    """Every step of the pipeline, in order; each looks at what there is when its turn comes."""
    return {
        "ingest": partial(ingest, place),
        "synth": partial(synth, place),
        "train": partial(train, place),
        "eval": partial(evaluate, place),
        "publish": partial(publish, place),
    }


# ── models and tools ──────────────────────────────────────────────────────────────────────────


def backend(settings: Settings, *, endpoint: str | None, model: str | None) -> Any:
    """Who answers: a server, or the newest adapter in this process."""
    from swarmcode_agent.backends import EndpointBackend, TransformersBackend
    from swarmcode_trainer.adapter import read_adapter

    if endpoint is not None:
        name = model or settings.get("publish", "name")
        return EndpointBackend(endpoint, name, api_key=os.environ.get("OPENAI_API_KEY"))
    folder = settings.get("serve", "adapter_path") or settings.build("train").adapter_dir
    base = model or settings.get("serve", "base_model") or read_adapter(folder).base
    return TransformersBackend(base, adapter=folder)


def serve_settings(settings: Settings) -> Any:
    """The section `serve`, with the newest adapter where nothing else is named."""
    from swarmcode_server import ServeConfig

    chosen = settings.of("serve")
    named = any(chosen[name] for name in ("adapter_path", "adapters", "base_model", "upstreams"))
    newest = settings.build("train").adapter_dir
    if not named and newest.is_dir():
        chosen["adapter_path"] = newest
    return ServeConfig.of(chosen)


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    from swarmcode_server import serve

    serve(serve_settings(settings))


def serve_tools(settings: Settings, *, port: int | None) -> None:
    """Serve a workspace's tools over standard input and output, or over HTTP."""
    from swarmcode_agent.mcp import serve_http, serve_stdio
    from swarmcode_agent.tools import AgentTools

    workspace = Path(settings.get("serve", "workspace_dir"))
    if not workspace.is_dir():
        raise ProjectError(f"{workspace} is no folder: name the one that the tools shall work in")
    tools = AgentTools(workspace, timeout=settings.get("serve", "tool_timeout"))
    if port is None:
        asyncio.run(serve_stdio(tools))
    else:
        token = os.environ.get(MCP_TOKEN_VARIABLE)
        asyncio.run(serve_http(tools, port=port, token=token))


# ── the machine ───────────────────────────────────────────────────────────────────────────────


# What commands need beyond the base install, and what brings it.
EXTRAS = {
    "torch": "pip install 'swarmcode[qlora]'",
    "transformers": "pip install 'swarmcode[qlora]'",
    "bitsandbytes": "pip install 'swarmcode[qlora]'",
    "cryptography": "pip install 'syncropel-sdk[sign]'",
}


def examine(folder: Path, settings: Settings) -> list["doctor.Check"]:
    """Run every check of `swarmcode doctor` for a project in `folder`."""
    from importlib.util import find_spec

    from swarmcode_agent.sandbox.ladder import in_force
    from swarmcode_trainer import best_device

    from . import doctor

    def rung() -> str | None:
        found = in_force()
        return None if found is None else found.value

    return [
        doctor.check_python(),
        doctor.check_git(),
        doctor.check_disk(folder),
        doctor.check_memory(),
        doctor.check_sandbox(rung),
        doctor.check_training(best_device),
        doctor.check_extras(EXTRAS, lambda name: find_spec(name) is not None),
        doctor.check_network(os.environ, sends_to=settings.get("provenance", "endpoint")),
    ]

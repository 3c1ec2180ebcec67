"""The sections of the libraries: where each configuration class is, and what is not to be set."""

from collections.abc import Callable
from functools import partial
from importlib import import_module

from . import own
from .sections import Section, Sections, section_of

# What the pipeline itself says in a manifest, so that no setting can say otherwise.
DECIDED = frozenset({"private_key", "training", "evaluation", "provenance", "extensions"})


def sections() -> Sections:
    """Every section of the settings: the libraries' own configurations, and ours."""

    def of_library(name: str, home: str, cls: str, *without: str) -> Callable[[], Section]:
        def make() -> Section:
            found = getattr(import_module(home), cls)
            return section_of(name, found, without=frozenset(without))

        return make

    return Sections(
        {
            "general": partial(section_of, "general", own.General),
            "ingest": of_library("ingest", "swarmcode_agent.ingest", "IngestConfig"),
            "synth": of_library("synth", "swarmcode_agent.synth", "SynthConfig"),
            "train": of_library("train", "swarmcode_trainer.qlora", "TrainConfig"),
            "eval": of_library("eval", "swarmcode_trainer.eval", "EvalConfig"),
            "publish": of_library("publish", "swarmcode_registry", "PublishConfig", *DECIDED),
            "serve": of_library("serve", "swarmcode_server", "ServeConfig"),
            "verify": partial(section_of, "verify", own.Verify),
            "provenance": partial(section_of, "provenance", own.Provenance),
            "contracts": partial(section_of, "contracts", own.Contracts),
        }
    )

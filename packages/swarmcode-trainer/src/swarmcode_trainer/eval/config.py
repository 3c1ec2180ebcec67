"""What a person can set about an evaluation."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError
from .suite import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig:
    """Everything that decides what an evaluation does.

    Attributes:
        adapter_path: the adapter to evaluate; None evaluates the base model alone.
        test_dataset: the JSONL file of rows.
        base_model: the base; None takes the one that the adapter was made for.
        run_tests: judge by tests; without, only whether patches apply is seen.
        test_command: what runs the tests of rows that name no command.
        output_dir: where results and report go; a stopped evaluation goes on from there.
        repository: where the trees of rows with a parent commit come from.
        with_base: measure the base model without its adapter beside it.

        endpoint: an OpenAI-compatible server to ask instead of loading the model.
        endpoint_model: the adapter's name there.
        endpoint_base: the base model's name there; None leaves the base unmeasured.
        api_key_variable: the environment variable that holds the server's key.

        samples: answers for each task.
        temperature: of sampling; 0 is greedy, and then all samples would be equal.
        max_new_tokens: the longest answer.
        max_prompt_tokens: the longest question; context files are left out until it fits.
        load_in_4bit: quantise the base while it is loaded.
        allow_download: whether a model that is not on disk may be fetched.
        seed: of sampling, and of intervals that resample.

        jobs: suites that run at the same time.
        timeout: seconds that one suite may take.
        python: the interpreter that has pytest and what the tests need.
        environment: variables to set for the tests, as (name, value).
        unisolated: run tests without walls, where this machine offers none.
    """

    adapter_path: Path | None = None
    test_dataset: Path = Path("./data/eval.jsonl")
    base_model: str | None = None
    run_tests: bool = True
    test_command: str = "pytest"
    output_dir: Path = Path("./artifacts/eval")
    repository: Path | None = None
    with_base: bool = True

    endpoint: str | None = None
    endpoint_model: str = "swarmcode"
    endpoint_base: str | None = None
    api_key_variable: str = "OPENAI_API_KEY"

    samples: int = 1
    temperature: float = 0.0
    max_new_tokens: int = 1024
    max_prompt_tokens: int = 4096
    load_in_4bit: bool = False
    allow_download: bool = True
    seed: int = 42

    jobs: int = max(1, (os.cpu_count() or 2) // 2)
    timeout: float = 120.0
    python: str = sys.executable
    environment: tuple[tuple[str, str], ...] = ()
    unisolated: bool = False

    def __post_init__(self) -> None:
        for name in ("adapter_path", "test_dataset", "output_dir", "repository"):
            value = getattr(self, name)
            if isinstance(value, str):
                object.__setattr__(self, name, Path(value))
        for name in ("samples", "max_new_tokens", "max_prompt_tokens", "jobs"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(name, value, "must be a whole number, at least 1")
        if self.temperature < 0 or self.timeout <= 0:
            name = "temperature" if self.temperature < 0 else "timeout"
            raise ConfigError(name, getattr(self, name), "must be a positive number")
        if self.samples > 1 and self.temperature == 0:
            raise ConfigError(
                "samples", self.samples, "greedy answers are all the same; set temperature"
            )
        if self.endpoint is not None and not self.endpoint.startswith(("http://", "https://")):
            raise ConfigError("endpoint", self.endpoint, "must be an http or https address")

    @property
    def machine(self) -> Machine:
        """How tests are run."""
        return Machine(
            python=self.python,
            timeout=self.timeout,
            environment=self.environment,
            unisolated=self.unisolated,
        )

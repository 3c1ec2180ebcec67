"""What an evaluation has done so far, line by line, so that a stopped one goes on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import EvaluationError
from ..training.provenance import base_fingerprint, file_hash
from .answers import Answer
from .config import EvalConfig
from .grade import DecidingTests, Verdict
from .judge import Judgement

NAME = "journal.jsonl"

# What may change between two parts of one evaluation: it changes no answer and no verdict.
FREE = frozenset({"output_dir", "jobs", "api_key_variable", "with_base", "allow_download"})


@dataclass(frozen=True, slots=True)
class Key:
    """Which answer of whom to what."""

    subject: str
    task: str
    sample: int = 0


class Journal:
    """Appends what was done, and knows what was done before.

    Raises:
        EvaluationError: the folder holds another evaluation.
    """

    def __init__(self, config: EvalConfig) -> None:
        self.deciding: dict[str, DecidingTests | str] = {}
        self.answers: dict[Key, Answer] = {}
        self.judgements: dict[Key, Judgement] = {}
        config.output_dir.mkdir(parents=True, exist_ok=True)
        path = config.output_dir / NAME
        identity = identity_of(config)
        valid = self._read(path, identity)
        self._file = path.open("a+", encoding="utf-8")
        self._file.truncate(valid)  # a line that a crash cut off
        if valid == 0:
            self._write({"evaluation": identity})

    def _read(self, path: Path, identity: str) -> int:
        """Take in what is there, and return where its last whole line ends."""
        if not path.exists():
            return 0
        valid = 0
        for number, line in enumerate(path.read_bytes().splitlines(keepends=True)):
            try:
                value = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            if number == 0 and value.get("evaluation") != identity:
                raise EvaluationError(
                    f"{path.parent} holds an evaluation of other data, models or settings; "
                    "choose another output_dir, or remove that folder"
                )
            self._take(value)
            valid += len(line)
        return valid

    def _take(self, value: Mapping[str, Any]) -> None:
        if "deciding" in value:
            found = value["deciding"]
            self.deciding[value["task"]] = (
                found
                if isinstance(found, str)
                else DecidingTests(tuple(found["fail_to_pass"]), tuple(found["pass_to_pass"]))
            )
        elif "answer" in value:
            self.answers[_key(value)] = Answer(**value["answer"])
        elif "judgement" in value:
            fields = dict(value["judgement"])
            fields["verdict"] = Verdict(fields["verdict"])
            fields["protected"] = tuple(fields["protected"])
            self.judgements[_key(value)] = Judgement(**fields)

    def decide(self, task: str, deciding: DecidingTests | str) -> None:
        """Note the tests that decide about a task, or why there are none."""
        self.deciding[task] = deciding
        plain = deciding if isinstance(deciding, str) else asdict(deciding)
        self._write({"task": task, "deciding": plain})

    def answer(self, key: Key, answer: Answer) -> None:
        """Note an answer."""
        self.answers[key] = answer
        self._write({**asdict(key), "answer": asdict(answer)})

    def judge(self, key: Key, judgement: Judgement) -> None:
        """Note a judgement."""
        self.judgements[key] = judgement
        plain = {**asdict(judgement), "verdict": judgement.verdict.value}
        self._write({**asdict(key), "judgement": plain})

    def close(self) -> None:
        """End writing."""
        self._file.close()

    def _write(self, value: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()


def _key(value: Mapping[str, Any]) -> Key:
    return Key(value["subject"], value["task"], value["sample"])


def identity_of(config: EvalConfig) -> str:
    """Return what tells one evaluation from another: settings, data, adapter, base."""
    settings = {
        name: str(getattr(config, name))
        for name in sorted(type(config).__dataclass_fields__)
        if name not in FREE
    }
    weights = config.adapter_path / "adapter_model.safetensors" if config.adapter_path else None
    settings["data"] = file_hash(config.test_dataset)
    settings["adapter"] = file_hash(weights) if weights and weights.is_file() else ""
    settings["base"] = base_fingerprint(Path(config.base_model or "")) or ""
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()

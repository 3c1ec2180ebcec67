"""Eval: from an adapter and rows to figures, beside the true fixes, no change and the base."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from swarmcode_trainer.eval import EvalConfig, EvalProgress, EvalResult, Evaluator, Metric
from swarmcode_trainer.eval.journal import identity_of

from .. import digests
from ..errors import MissingStepError
from ..pipeline import Attempt, Made, Work, relative
from ..progress import Sign
from ..project import Evaluation, Rates, Step
from ..settings.schema import plain
from .train import adapter_digest

NOT_DECISIVE = (
    "adapter_path",
    "test_dataset",
    "output_dir",
    "repository",
    "jobs",
    "allow_download",
)


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Evaluates an adapter by running the tests of what it changed."""

    config: EvalConfig
    metrics: Sequence[Metric] = ()
    step: Step = "eval"

    def work(self) -> Work:
        """Name the adapter and the rows."""
        config = self.config
        if not config.test_dataset.is_file():
            raise MissingStepError("synth", f"{config.test_dataset} does not exist")
        inputs = {
            "dataset": digests.of_file(config.test_dataset),
            "adapter": _subject(config),
        } | {f"metric {metric.name}": "measured" for metric in self.metrics}
        settings = {
            field.name: plain(getattr(config, field.name))
            for field in fields(config)
            if field.name not in NOT_DECISIVE
        }
        return Work(
            f"evaluate {config.adapter_path or config.endpoint or config.base_model}",
            inputs,
            settings,
            [{"kind": "@swarmcode.adapter", "id": inputs["adapter"]}],
        )

    def carry_out(self, attempt: Attempt) -> Made:
        """Ask, apply and run; nothing that was judged before is judged again.

        Each evaluation has a folder of its own, so that one of another adapter, or of other
        rows, is never in its way.
        """
        place = self.config.output_dir / digests.short(identity_of(self.config))
        config = replace(self.config, output_dir=place)

        def pass_on(progress: EvalProgress) -> None:
            attempt.tell(Sign(progress.stage, progress.done, progress.total))

        result = Evaluator(config, metrics=self.metrics, on_progress=pass_on).evaluate()
        record = evaluation_record(result, _subject(config), digests.of_file(config.test_dataset))
        held = "baselines hold" if result.baselines_hold else "BASELINES DO NOT HOLD"
        return Made(
            record,
            f"pass rate {result.pass_rate:.3f}, patches apply {result.patch_apply_rate:.3f}, "
            f"{result.examples_evaluated} examples, {held}",
            result,
            [{"kind": "@swarmcode.evaluation", "id": record.digest}],
        )

    def intact(self, artifact: Evaluation) -> bool:
        """Whether the report is there."""
        return Path(artifact.path).is_file()


def _subject(config: EvalConfig) -> str:
    """What is evaluated, by digest where it is here."""
    if config.endpoint is not None:
        return f"{config.endpoint}#{config.endpoint_model}"
    if config.adapter_path is None:
        return f"base:{config.base_model}"
    digest = adapter_digest(config.adapter_path)
    if digest is None:
        raise MissingStepError("train", f"{config.adapter_path} does not hold an adapter")
    return digest


def evaluation_record(result: EvalResult, adapter: str, dataset: str) -> Evaluation:
    """What the project's tree says of an evaluation."""
    subjects = {
        name: Rates(
            solved=each.solved.successes,
            applied=each.applied.successes,
            examples=each.solved.total,
        )
        for name, each in result.subjects.items()
    }
    verdicts = sorted(
        (str(one["subject"]), str(one["example"]), int(one["sample"]), str(one["verdict"]))
        for one in result.detailed_results
    )
    return Evaluation(
        path=relative(result.report_path),
        digest=digests.of_value({"dataset": dataset, "adapter": adapter, "verdicts": verdicts}),
        adapter=adapter,
        dataset=dataset,
        examples=result.examples_evaluated,
        pass_rate=result.pass_rate,
        patch_apply_rate=result.patch_apply_rate,
        baselines_hold=result.baselines_hold,
        subjects=subjects,
        measured=dict(result.subjects["model"].measured),
    )

"""The loss curves of a run as one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template

from .svg import Series, line_chart

Metrics = Sequence[Mapping[str, object]]


def training_report(title: str, facts: Mapping[str, object], metrics: Metrics) -> str:
    """Draw loss, held-out loss and learning rate, and list the facts beside them."""
    page = Template(files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=escape(title),
        facts="".join(
            f"<tr><th scope='row'>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
            for name, value in facts.items()
        ),
        loss=line_chart(
            "Loss by step",
            [
                Series("training", "train", points(metrics, "loss")),
                Series("held out", "held", points(metrics, "eval_loss")),
            ],
            x_name="step",
            y_name="loss",
        ),
        rate=line_chart(
            "Learning rate by step",
            [Series("learning rate", "train", points(metrics, "learning_rate"))],
            x_name="step",
            y_name="learning rate",
        ),
        rows="".join(_row(line) for line in metrics if "loss" in line or "eval_loss" in line),
    )


def points(metrics: Metrics, key: str) -> tuple[tuple[float, float], ...]:
    """Return (step, value) for every line that has a number under `key`."""
    found = []
    for line in metrics:
        step, value = line.get("step"), line.get(key)
        if isinstance(step, int) and isinstance(value, int | float):
            found.append((float(step), float(value)))
    return tuple(found)


def _row(line: Mapping[str, object]) -> str:
    cells = [line.get("step"), line.get("loss", ""), line.get("eval_loss", "")]
    return "<tr>" + "".join(f"<td>{escape(_number(cell))}</td>" for cell in cells) + "</tr>"


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)

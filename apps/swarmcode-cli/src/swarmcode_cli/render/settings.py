"""The settings in force, as YAML with where each came from, and as JSON."""

from typing import Any

from ..settings import Settings
from ..settings.load import GENERAL
from ..settings.schema import plain


def as_document(settings: Settings) -> dict[str, Any]:
    """Return `{"settings": {…}, "origins": {"train.lora_r": "swarmcode.yaml", …}}`."""
    return {"settings": _nested(settings), "origins": dict(sorted(settings.origins.items()))}


def as_yaml(settings: Settings) -> str:
    """Return a file that would give the same settings; what was set says where."""
    lines = []
    for section in _order(settings):
        indent = "" if section == GENERAL else "  "
        if indent:
            lines.append(f"{section}:")
        for name, value in settings.of(section).items():
            origin = settings.origins.get(f"{section}.{name}")
            note = f"  # {origin}" if origin else ""
            lines.append(f"{indent}{name}: {_scalar(value)}{note}")
    return "\n".join(lines)


def _scalar(value: Any) -> str:
    """A value in one line, as YAML reads it."""
    import yaml

    text = yaml.safe_dump(plain(value), allow_unicode=True, default_flow_style=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")


def _nested(settings: Settings) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for section in _order(settings):
        values = plain(settings.of(section))
        document |= values if section == GENERAL else {section: values}
    return document


def _order(settings: Settings) -> list[str]:
    return [GENERAL, *(name for name in settings.sections if name != GENERAL)]

"""The errors of swarmcode, drawn as a tree.

CliError                everything that swarmcode raises on purpose
├── SettingsError       a setting that does not exist or cannot work  .key, .origin
├── ProjectError        the project's data cannot be used
│   ├── BusyError       another swarmcode works in this project
│   ├── MissingStepError an earlier step has not been done           .step
│   └── NotFoundError   nothing of that name is in the project
├── TrailError          the provenance is not what was written        .record
└── DemoError           the demonstration did not hold what it promises
"""


class CliError(Exception):
    """Catch this to catch whatever swarmcode raises on purpose."""


class SettingsError(CliError):
    """A setting does not exist, or has a value that cannot work.

    Attributes:
        key: the setting, as `section.name`.
        origin: where its value came from.
    """

    def __init__(self, key: str, problem: str, *, origin: str) -> None:
        self.key = key
        self.origin = origin
        super().__init__(f"{origin}: {key} {problem}" if key else f"{origin}: {problem}")


class ProjectError(CliError):
    """The project's data cannot be used."""


class BusyError(ProjectError):
    """Another swarmcode works in this project."""


class MissingStepError(ProjectError):
    """An earlier step has not been done; `step` is the one to do."""

    def __init__(self, step: str, what: str) -> None:
        self.step = step
        super().__init__(f"{what}: run `swarmcode {step}` first, or `swarmcode run` for all steps")


class NotFoundError(ProjectError):
    """Nothing of that name is in the project."""


class TrailError(CliError):
    """The project's provenance is not what was written; `record` is where it stops to hold."""

    def __init__(self, record: str, problem: str) -> None:
        self.record = record
        super().__init__(f"trail, record {record[:12] or '?'}: {problem}")


class DemoError(CliError):
    """The demonstration did not hold what it promises."""

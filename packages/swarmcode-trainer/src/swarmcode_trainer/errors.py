"""The errors of swarmcode-trainer, drawn as a tree.

TrainerError            everything that swarmcode-trainer raises on purpose
└── MissingExtraError   an optional dependency is not installed
"""


class TrainerError(Exception):
    """Catch this to catch whatever swarmcode-trainer raises on purpose."""


class MissingExtraError(TrainerError):
    """An optional dependency is needed and is not installed.

    Attributes:
        module: the module that could not be imported.
        extra: the extra of swarmcode-trainer that brings it.
    """

    def __init__(self, module: str, *, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(
            f"{module!r} is not installed; run: pip install 'swarmcode-trainer[{extra}]'"
        )

"""Where the libraries meet. Nothing else in this app composes them."""

from pathlib import Path

from swarmcode_trainer import best_device

from . import doctor


def examine(folder: Path) -> list[doctor.Check]:
    """Run every check of `swarmcode doctor` for a project in `folder`."""
    return [
        doctor.check_python(),
        doctor.check_git(),
        doctor.check_disk(folder),
        doctor.check_memory(),
        doctor.check_training(best_device),
    ]

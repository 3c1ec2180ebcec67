"""Training data that is proven, from a repository's own history.

`DataSynthesizer(SynthConfig(snapshot_dir=…)).synthesize()` mines every commit, proves by
running tests what can be proven, plants bugs that tests notice, splits without overlap, and
writes JSONL rows with an audit of every decision.
"""

from .audit import Decision
from .config import SynthConfig
from .rows import ContextFile, Metadata, Row, read_rows
from .synthesizer import DataSynthesizer, Progress, SynthResult

__all__ = [
    "ContextFile",
    "DataSynthesizer",
    "Decision",
    "Metadata",
    "Progress",
    "Row",
    "SynthConfig",
    "SynthResult",
    "read_rows",
]

"""Finding artifacts in source files, without importing them."""

from .cache import FingerprintCache
from .report import ContextSummary, Detection, HandlerRef, ScanReport
from .scanning import scan_project
from .vocabulary import DetectionKind, DetectionVia

__all__ = [
    "ContextSummary",
    "Detection",
    "DetectionKind",
    "DetectionVia",
    "FingerprintCache",
    "HandlerRef",
    "ScanReport",
    "scan_project",
]

"""Edits: one model, four formats, applied all or nothing."""

from .apply import File, FileReport, Plan, Tree, apply_hunks, plan
from .conflict import Conflict
from .diff import diff_files, diff_texts
from .folder import FolderTree, apply_patch
from .formats import Format, detect_format, parse, render
from .model import FileEdit, Hunk, Kind, Level, Line, Patch
from .place import Placed, Unplaced

__all__ = [
    "Conflict",
    "File",
    "FileEdit",
    "FileReport",
    "FolderTree",
    "Format",
    "Hunk",
    "Kind",
    "Level",
    "Line",
    "Patch",
    "Placed",
    "Plan",
    "Tree",
    "Unplaced",
    "apply_hunks",
    "apply_patch",
    "detect_format",
    "diff_files",
    "diff_texts",
    "parse",
    "plan",
    "render",
]

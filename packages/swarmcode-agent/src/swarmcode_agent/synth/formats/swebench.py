"""A row as SWE-bench writes an instance. A planted bug also has its `setup_patch`."""

from __future__ import annotations

import json

from ..rows import Row


def swebench_row(row: Row) -> str:
    """One line of JSON with the fields of a SWE-bench instance."""
    about = row.metadata
    instance = {
        "instance_id": f"{about.repository}__{row.id}",
        "repo": about.repository,
        "base_commit": about.parent,
        "environment_setup_commit": about.parent,
        "problem_statement": row.task,
        "hints_text": "",
        "created_at": about.date,
        "version": about.python,
        "patch": row.diff,
        "test_patch": about.test_patch,
        "setup_patch": about.setup_patch,
        "FAIL_TO_PASS": json.dumps(about.f2p, ensure_ascii=False),
        "PASS_TO_PASS": json.dumps(about.p2p, ensure_ascii=False),
    }
    return json.dumps(instance, ensure_ascii=False, sort_keys=True)

"""`swop gen proto` as a person or a build meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .commands import run
from .shop import OPS, shop


def test_from_manifests_to_protos(tmp_path: Path) -> None:
    """One file for each context and the lock, and nothing the second time."""
    shop(tmp_path)
    run("gen", "manifests", cwd=tmp_path)
    seen = run("--mode", "OBSERVE", "gen", "proto", cwd=tmp_path)
    assert (seen.returncode, (tmp_path / "swop.lock.yml").exists()) == (0, False)
    done = run("gen", "proto", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("[PROTO] 2 file(s), 2 written\n")
    text = (tmp_path / ".swop/generated/proto/billing/v1/billing.proto").read_text()
    assert "rpc IssueInvoice(IssueInvoiceRequest) returns (IssueInvoiceResponse);" in text
    assert (tmp_path / "swop.lock.yml").exists()
    assert run("gen", "proto", cwd=tmp_path).stdout.startswith("[PROTO] 2 file(s), 0 written\n")


def test_a_rename_is_shown_before_it_is_taken(tmp_path: Path) -> None:
    """Exit code 1 until a person decides."""
    shop(tmp_path)
    run("gen", "manifests", cwd=tmp_path)
    run("gen", "proto", cwd=tmp_path)
    (tmp_path / "src/ops.py").write_text(OPS.replace("customer_id", "client_id"))
    run("gen", "manifests", cwd=tmp_path)
    asked = run("gen", "proto", cwd=tmp_path)
    assert asked.returncode == 1
    assert "customer_id → client_id" in asked.stdout
    assert "client_id" not in (tmp_path / "swop.lock.yml").read_text()
    assert run("gen", "proto", "--take-renames", cwd=tmp_path).returncode == 0
    text = (tmp_path / ".swop/generated/proto/billing/v1/billing.proto").read_text()
    assert "int64 client_id = 1;" in text


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        pytest.param("swop.lock.yml", "version: 3\n", "only version 1", id="lock"),
        pytest.param(".swop/manifests/billing/events.yml", "x: [", "not valid YAML", id="manifest"),
        pytest.param(None, "", "manifests folder not found", id="no-manifests"),
    ],
)
def test_what_is_damaged_is_exit_code_2(
    tmp_path: Path, name: str | None, text: str, says: str
) -> None:
    """One line, no traceback, nothing written."""
    shop(tmp_path)
    if name is not None:
        run("gen", "manifests", cwd=tmp_path)
        (tmp_path / name).write_text(text)
    done = run("gen", "proto", cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".swop/generated").exists()

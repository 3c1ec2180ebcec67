"""`gen grpc-python`, `gen grpc-ts`, `gen services` and `doctor` as a person meets them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .commands import run
from .shop import OPS, shop


def ready(root: Path) -> Path:
    """A shop with manifests and protos."""
    shop(root)
    run("gen", "manifests", cwd=root)
    run("gen", "proto", cwd=root)
    return root


def test_from_protos_to_services(tmp_path: Path) -> None:
    """Each command writes what the next one reads; the doctor agrees with all of it."""
    ready(tmp_path)
    assert run("gen", "grpc-python", cwd=tmp_path).returncode == 0
    code = "import python.billing.v1.billing_pb2_grpc as it; print(it.BillingCommandServiceStub)"
    folder = tmp_path / ".swop/generated"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    made = run("gen", "services", "--bus", "memory", cwd=tmp_path)
    assert (made.returncode, made.stdout[:24]) == (0, "[SERVICES] 2 service(s) ")
    healthy = run("doctor", "--deep", cwd=tmp_path)
    assert (healthy.returncode, healthy.stdout.count("[pass]")) == (0, 5)
    (tmp_path / "src/ops.py").write_text(OPS.replace("    amount: float\n", ""))
    sick = run("doctor", "--deep", cwd=tmp_path)
    assert sick.returncode == 1
    assert "[fail] scan ↔ manifests" in sick.stdout
    assert run("doctor", cwd=tmp_path).returncode == 0


def test_what_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    """Exit code 1 for what does not compile, 2 for what cannot be done."""
    shop(tmp_path)
    nothing = run("gen", "grpc-python", cwd=tmp_path)
    assert (nothing.returncode, "run `swop gen proto`" in nothing.stderr) == (1, True)
    assert run("gen", "services", cwd=tmp_path).returncode == 2
    ready_root = ready_again(tmp_path)
    pigeon = run("gen", "services", "--bus", "pigeon", cwd=ready_root)
    assert (pigeon.returncode, "the bus must be one of" in pigeon.stderr) == (2, True)
    observed = run("--mode", "OBSERVE", "gen", "services", cwd=ready_root)
    assert (observed.returncode, (ready_root / ".swop/generated/services").exists()) == (2, False)
    typescript = run("gen", "grpc-ts", "--plugin", "none-such", cwd=ready_root, PATH="/nowhere")
    assert typescript.returncode == 2
    assert "Node.js is not installed" in typescript.stderr
    assert run("doctor", "--deep", "--config", "none.yaml", cwd=ready_root).returncode == 2


def ready_again(root: Path) -> Path:
    run("gen", "manifests", cwd=root)
    run("gen", "proto", cwd=root)
    return root

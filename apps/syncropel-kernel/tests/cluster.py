"""A PostgreSQL cluster of the system's own, in a temporary folder, on loopback."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest


@dataclass(frozen=True)
class Cluster:
    """A running cluster; each database in it is fresh."""

    port: int
    binaries: Path
    account: dict[str, str]

    def database(self, name: str) -> str:
        """Make an empty database and return its DSN."""
        server = f"postgresql://tester@127.0.0.1:{self.port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}" STRATEGY file_copy')
        return f"{server}/{name}"

    def run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.binaries / program, *arguments], capture_output=True, text=True, timeout=100,
            cwd="/", **self.account,  # type: ignore[call-overload]
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a cluster, or skip where the system has no PostgreSQL."""
    binaries = _binaries()
    account: dict[str, str] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
        account = {"user": "postgres", "group": "postgres"}
    folder = Path(tempfile.mkdtemp(prefix="syncropel-pg-"))
    try:
        if account:
            shutil.chown(folder, **account)  # type: ignore[call-overload]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            cluster = Cluster(probe.getsockname()[1], binaries, account)
        data = folder / "data"
        cluster.run(
            "initdb", "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -c port={cluster.port} -c fsync=off -k {folder}"
        start = ["-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "-t", "90"]
        cluster.run("pg_ctl", "start", *start)
        try:
            yield cluster
        finally:
            cluster.run("pg_ctl", "stop", "-D", str(data), "-m", "immediate", "-w")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    reason = "needs the system package postgresql: apt-get install postgresql"
    anywhere = shutil.which("initdb")
    if not found and anywhere:
        found = [Path(anywhere).resolve()]
    if not found:
        pytest.skip(reason)
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip(f"{reason} (root cannot run it, and there is no user postgres)")
    return found[-1].parent

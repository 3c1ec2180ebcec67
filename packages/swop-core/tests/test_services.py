"""Generated services start and answer, on a real socket and on real buses."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from swop import (
    LockError,
    ManifestError,
    MissingToolError,
    compile_proto_python,
    compile_proto_typescript,
    generate_services,
    load_config,
    run_deep_doctor,
    run_doctor,
)

from .service_project import running, services

grpc: Any = pytest.importorskip("grpc")


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return services(tmp_path_factory.mktemp("memory"), "memory")


@contextmanager
def client(config: Any, where: str) -> Iterator[tuple[Any, Any, Any]]:
    """The generated messages and stubs, imported as a package, and a channel to a server."""
    out = config.project_root / "clients"
    assert compile_proto_python(config.generated_path / "proto", out / "made").ok
    sys.path.insert(0, str(out))
    try:
        pb2 = importlib.import_module("made.billing.v1.billing_pb2")
        stubs = importlib.import_module("made.billing.v1.billing_pb2_grpc")
        with grpc.insecure_channel(where) as channel:
            yield (
                pb2,
                stubs.BillingCommandServiceStub(channel),
                stubs.BillingQueryServiceStub(channel),
            )
    finally:
        sys.path.remove(str(out))
        for name in [name for name in sys.modules if name.partition(".")[0] == "made"]:
            del sys.modules[name]


def order(pb2: Any, **changes: Any) -> Any:
    """A command with something in every field."""
    request = pb2.IssueInvoiceRequest(
        customer="12345678-1234-5678-1234-567812345678",
        lines=[pb2.Line(text="é", price="1.10", tags=["a", "b"])],
        currency=pb2.CURRENCY_USD,
        grid=[pb2.ListOfInt64(items=[1, 2])],
        by_string="me",
        totals={"x": "2.50"},
        mode=pb2.ISSUE_INVOICE_REQUEST_MODE_SLOW,
    )
    request.at.FromJsonString("2030-01-02T03:04:05Z")
    request.due.FromSeconds(60)
    for name, value in changes.items():
        setattr(request, name, value)
    return request


SEEN = (
    "IssueInvoice(customer=UUID('12345678-1234-5678-1234-567812345678'), "
    "lines=[Line(text='é', price=Decimal('1.10'), tags=['a', 'b'])], "
    "currency=<Currency.USD: 'usd'>, due=datetime.timedelta(seconds=60), grid=[[1, 2]], by='me', "
    "totals={'x': Decimal('2.50')}, "
    "at=datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), "
    "mode='slow', note='none')"
)


def test_a_generated_server_answers_with_types(memory: Any) -> None:
    """Typed input arrives as the handler's class, typed output as messages; events follow."""
    kept = memory.project_root / "kept.txt"
    with running(memory, "server", SWOP_GRPC_PORT="0") as ready:
        where = ready.rpartition(" ")[2]
        assert where.startswith("127.0.0.1:")
        with client(memory, where) as (pb2, commands, queries):
            answer = commands.IssueInvoice(order(pb2), timeout=30)
            assert list(answer.emitted_events) == ["InvoiceIssued"]
            assert wait_for(kept) == f"1 {SEEN}\n"
            found = queries.FindLines(pb2.FindLinesRequest(wanted="w"), timeout=30)
            assert [(line.text, line.price, list(line.tags)) for line in found.result] == [
                ("w", "1.50", ["0"]),
                ("w", "1.50", ["1"]),
            ]
            for request, code, says in (
                (order(pb2, customer="no"), "INVALID_ARGUMENT", "customer: 'no' is no UUID"),
                (order(pb2, currency=0), "INVALID_ARGUMENT", "currency must be one of EUR, USD"),
                (pb2.IssueInvoiceRequest(), "INVALID_ARGUMENT", "customer"),
                (pb2.FailRequest(why="secret"), "INTERNAL", "Fail failed: RuntimeError"),
                (pb2.NobodyRequest(why="x"), "UNIMPLEMENTED", "nobody handles Nobody"),
            ):
                call = getattr(commands, type(request).__name__.removesuffix("Request"))
                with pytest.raises(grpc.RpcError) as caught:
                    call(request, timeout=30)
                assert (caught.value.code().name, says in caught.value.details()) == (code, True)


def wait_for(path: Path, seconds: float = 30) -> str:
    """The text of a file, as soon as there is some."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.exists() and path.read_text(encoding="utf-8").endswith("\n"):
            return path.read_text(encoding="utf-8")
        time.sleep(0.05)
    raise AssertionError(f"{path} stayed empty")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis of our own on loopback."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir"]
    with subprocess.Popen([*command, str(folder)], stdout=subprocess.DEVNULL) as process:
        try:
            answers(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def answers(port: int, seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers on port {port}")


@contextmanager
def rabbitmq_server(folder: Path) -> Iterator[str]:
    """A RabbitMQ of our own on loopback, with everything it writes in a folder of the test."""
    port, distribution, names = free_port(), free_port(), free_port()
    environ = {
        **os.environ,
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"swop{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
    }
    (folder / "plugins").write_text("[].")
    binary = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    directory = ["epmd", "-port", str(names), "-address", "127.0.0.1"]
    with (
        subprocess.Popen(directory) as registrar,  # otherwise a daemon would stay behind
        # A group of its own: the command is a script that starts the server.
        subprocess.Popen(
            [binary], env=environ, stdout=subprocess.DEVNULL, start_new_session=True
        ) as process,
    ):
        try:
            answers(names)
            answers(port)
            yield f"amqp://guest:guest@127.0.0.1:{port}/%2F"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            registrar.terminate()


# RabbitMQ brings Erlang along and starts by itself, so that `.ci/run` does not install it.
SERVERS = {
    "redis": (
        redis_server,
        shutil.which("redis-server"),
        "needs the system package redis-server: apt-get install redis-server",
    ),
    "rabbitmq": (
        rabbitmq_server,
        Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists(),
        "needs RabbitMQ, where somebody has it: apt-get install rabbitmq-server",
    ),
}


@pytest.mark.timeout(300)  # a server of Erlang takes its time on a machine that is busy
@pytest.mark.parametrize("bus", ["redis", "rabbitmq"])
def test_a_worker_takes_what_a_server_publishes(tmp_path: Path, bus: str) -> None:
    """Over a real server: what was sent before the worker came, and what breaks is set aside."""
    start, there, otherwise = SERVERS[bus]
    if not there:
        pytest.skip(otherwise)
    config = services(tmp_path, bus)
    (tmp_path / "bus").mkdir()
    with start(tmp_path / "bus") as url:
        on = {"SWOP_BUS_URL": url, "SWOP_GRPC_PORT": "0"}
        with running(config, "worker", **on):
            time.sleep(1.5)  # the worker's queue or group is made: what comes now is kept
        with (
            running(config, "server", **on) as ready,
            client(config, ready.rpartition(" ")[2]) as (pb2, commands, _),
        ):
            commands.IssueInvoice(order(pb2), timeout=30)
            kept = tmp_path / "kept.txt"
            assert not kept.exists()
            publish_broken(config, bus, url)
            with running(config, "worker", **on):
                assert wait_for(kept) == f"1 {SEEN}\n"
                kept.unlink()
                commands.IssueInvoice(order(pb2, by_int=7), timeout=30)
                assert "by=7" in wait_for(kept)
        assert dead_letters(bus, url) == 1


def publish_broken(config: Any, bus: str, url: str) -> None:
    """Send an event whose handler fails, with the generated code itself."""
    code = (
        "import os\nfrom billing import contract, billing_pb2\n"
        "from billing.publisher import from_env\nbus = from_env(contract.BUS)\n"
        "payload = billing_pb2.InvoiceIssued(number=1, said='break').SerializeToString()\n"
        "bus.publish(contract.ARTIFACTS['InvoiceIssued']['route'], 'InvoiceIssued', payload)\n"
        "bus.close()\n"
    )
    path = os.pathsep.join(
        [str(config.generated_path / "services"), str(config.project_root / "src")]
    )
    environ = {**os.environ, "PYTHONPATH": path, "SWOP_BUS_URL": url}
    subprocess.run([sys.executable, "-c", code], check=True, env=environ, timeout=60)


def dead_letters(bus: str, url: str) -> int:
    if bus == "redis":
        redis = importlib.import_module("redis").Redis.from_url(url)
        try:
            return int(redis.xlen("billing.invoice.issued.dead"))
        finally:
            redis.close()
    pika = importlib.import_module("pika")
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        declared = connection.channel().queue_declare("swop.billing.dead", passive=True)
        return int(declared.method.message_count)
    finally:
        connection.close()


def test_the_worker_of_the_bus_in_memory_says_that_it_reaches_nobody(memory: Any) -> None:
    """One line, not silence."""
    said = pytest.raises(AssertionError, match="the server listens itself")
    with said, running(memory, "worker"):
        pass


@pytest.mark.parametrize("bus", ["memory", "redis", "rabbitmq", "kafka"])
def test_the_files_of_a_service(tmp_path: Path, bus: str) -> None:
    """Every file is there, compiles, and is the same the second time."""
    config = services(tmp_path, bus)
    folder = config.generated_path / "services"
    names = {path.name for path in (folder / "billing").iterdir()}
    assert names == {
        *("__init__.py", "codec.py", "contract.py", "dispatch.py", "publisher.py", "serving.py"),
        *("server.py", "worker.py", "billing_pb2.py", "billing_pb2_grpc.py"),
        *("requirements.txt", "Dockerfile", ".env.example"),
    }
    for path in folder.rglob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
    compose = (folder / "docker-compose.cqrs.yml").read_text()
    yaml = importlib.import_module("yaml").safe_load(compose)
    assert ("bus" in yaml["services"]) is (bus != "memory")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    generate_services(config.manifests_path, folder, bus=bus)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_stale_lock_stops_the_generation(tmp_path: Path) -> None:
    """Services must not number fields otherwise than the protos that clients have."""
    config = services(tmp_path, "memory")
    config.lock_path.write_text("version: 1\ncontexts: {}\n")
    with pytest.raises(LockError, match="stale"):
        generate_services(config.manifests_path, tmp_path / "out", bus="memory")
    with pytest.raises(ValueError, match="must be one of memory"):
        generate_services(config.manifests_path, tmp_path / "out", bus="pigeon")
    with pytest.raises(ManifestError):
        generate_services(tmp_path / "none", tmp_path / "out", bus="memory")


def test_the_deep_doctor_compares_contents(tmp_path: Path) -> None:
    """Every layer that differs is named, whatever its age."""
    config = services(tmp_path, "memory")
    compile_proto_python(config.generated_path / "proto", config.generated_path / "python")
    healthy = run_deep_doctor(config)
    assert [check.format() for check in healthy.checks if check.status != "pass"] == []
    for path, name in (
        (config.generated_path / "proto/billing/v1/billing.proto", "manifests ↔ proto"),
        (config.generated_path / "python/billing/v1/billing_pb2.py", "proto ↔ grpc-python"),
        (config.generated_path / "services/billing/server.py", "manifests ↔ services"),
    ):
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "\n", encoding="utf-8")
        assert name in [check.name for check in run_deep_doctor(config).failed]
        path.write_text(text, encoding="utf-8")
    (tmp_path / "src/ops.py").write_text("from swop import command\n@command('x')\nclass A: ...\n")
    failed = [check.name for check in run_deep_doctor(load_config(tmp_path / "swop.yaml")).failed]
    assert failed == ["scan ↔ manifests"]
    (config.manifests_path / "billing/commands.yml").write_text("broken: [")
    failed = [check.name for check in run_deep_doctor(config).failed]
    assert "scan ↔ manifests" in failed
    assert "manifests ↔ proto" in failed


def test_the_doctor_names_what_is_there(tmp_path: Path) -> None:
    """And warns where it is no repository."""
    report = run_doctor(tmp_path)
    assert report.ok
    assert [check.name for check in report.checks][:3] == ["swop", "python", "pyyaml"]
    assert report.checks[-1].status == "warn"


PLUGIN = """\
#!{python}
import sys
from google.protobuf.compiler import plugin_pb2 as plugin
request = plugin.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
answer = plugin.CodeGeneratorResponse(supported_features=1)
for name in request.file_to_generate:
    answer.file.add(name=name.replace(".proto", "_pb.ts"), content="// " + request.parameter)
sys.stdout.buffer.write(answer.SerializeToString())
"""


def test_typescript_goes_through_a_plugin_of_the_compiler(memory: Any, tmp_path: Path) -> None:
    """A plugin that speaks the compiler's protocol; the real ones are run by a benchmark."""
    if shutil.which("node") is None:
        pytest.skip("needs the system package nodejs: apt-get install nodejs")
    plugin = tmp_path / "node_modules/.bin/protoc-gen-es"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(PLUGIN.format(python=sys.executable))
    plugin.chmod(0o755)
    protos = memory.generated_path / "proto"
    result = compile_proto_typescript(protos, tmp_path / "ts", ts_plugin=str(plugin))
    assert result.ok, result.errors
    assert (tmp_path / "ts/billing/v1/billing_pb.ts").read_text() == "// target=ts"


def test_typescript_without_its_tools_says_what_to_install(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Node.js first, then the plugin."""
    if shutil.which("node") is None:
        pytest.skip("needs the system package nodejs: apt-get install nodejs")
    protos = memory.generated_path / "proto"
    with pytest.raises(MissingToolError, match="npm install"):
        compile_proto_typescript(protos, tmp_path / "ts", ts_plugin=str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"Node\.js is not installed"):
        compile_proto_typescript(protos, tmp_path / "ts")


def test_nothing_to_compile_is_an_error(tmp_path: Path) -> None:
    """Not an empty success."""
    result = compile_proto_python(tmp_path / "none", tmp_path / "out")
    assert (result.ok, "run `swop gen proto`" in result.errors[0]) == (False, True)

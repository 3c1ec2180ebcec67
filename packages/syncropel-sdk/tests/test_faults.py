"""Every named fault: the program never sees an exception, and nothing accepted is lost."""

import asyncio
import importlib.util
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from syncropel import Client, Limits, Spool
from syncropel.kernel import Kernel
from syncropel.testing import LoopbackServer, MockKernel

_spec = importlib.util.spec_from_file_location("faults", Path(__file__).with_name("faults.py"))
assert _spec
assert _spec.loader
faults = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(faults)

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
BROKEN = [pytest.param(fault, id=name) for name, fault in faults.FAULTS.items()]
Make = Callable[..., Client]
IMPATIENT = {"timeout": 0.4, "limits": Limits(deadline_s=1.0)}


def test_there_are_enough_faults() -> None:
    """At least forty are named, beside those of the client's own side below."""
    assert len(faults.FAULTS) >= 40


@pytest.mark.parametrize("fault", BROKEN)
def test_emit_and_reads_return(fault: faults.Fault, make_client: Make) -> None:
    """Whatever answers, `emit` says no in a result and reads are empty, with `last_error` set."""

    async def scenario() -> None:
        with LoopbackServer(misbehave=fault) as server:
            async with make_client(server.url, **IMPATIENT) as client:
                result = await client.emit(**EMIT, body={"n": 1})
                assert not result.success
                assert result.record_id is None
                assert result.local_id
                assert result.error
                assert client.last_error is not None
                assert await client.query_thread("t") == []
                assert client.last_error is not None
                assert client.last_error.operation == "query_thread"

    asyncio.run(scenario())


@pytest.mark.parametrize("fault", BROKEN)
def test_a_blocking_emit_returns(fault: faults.Fault, make_client: Make) -> None:
    """`emit_sync` keeps its deadline too, also where a server drips one byte after the other."""
    with (
        LoopbackServer(misbehave=fault) as server,
        make_client(server.url, **IMPATIENT) as client,
    ):
        started = time.monotonic()
        result = client.emit_sync(**EMIT, body={"n": 1})
        assert time.monotonic() - started < 10
        assert (result.success, result.record_id) == (False, None)
        assert client.last_error is not None
        server.misbehave = None
        # A busy machine may miss so short a time-out, but not again and again.
        assert any(client.emit_sync(**EMIT, body={"n": 2}).success for _ in range(20))


@pytest.mark.parametrize("fault", BROKEN)
def test_a_spooled_record_survives(fault: faults.Fault, make_client: Make, tmp_path: Path) -> None:
    """What was accepted during the fault arrives once when the fault is over, in order."""

    async def scenario() -> None:
        kernel = Kernel()
        with LoopbackServer(kernel, misbehave=fault) as server:
            spool = Spool(tmp_path / "spool.db", poll_s=0.05)
            async with make_client(server.url, spool=spool, **IMPATIENT) as client:
                results = [await client.emit(**EMIT, body={"n": n}) for n in range(3)]
                assert [result.error for result in results] == [None] * 3
                assert {result.status for result in results} == {"spooled"}
                await asyncio.sleep(0.05)
                assert kernel.store.count() == 0
            server.misbehave = None
            async with make_client(server.url, spool=Spool(tmp_path / "spool.db")) as client:
                assert await client.flush(seconds=60) == 0
                stored = await client.query_thread("t")
        assert [record["id"] for record in stored] == [result.record_id for result in results]

    asyncio.run(scenario())


@pytest.mark.parametrize("then", [faults.reset, faults.says(b""), faults.answers(503, b"")])
def test_a_lost_acknowledgement_is_no_second_record(then: faults.Fault, make_client: Make) -> None:
    """The record arrived, the answer did not: the retry finds it there."""

    async def scenario() -> None:
        kernel = Kernel()
        with LoopbackServer(kernel) as server:
            lost = faults.stores_and_then(kernel, then)

            async def once(request: object, reader: object, writer: object) -> bool:
                server.misbehave = None
                return await lost(request, reader, writer)

            server.misbehave = once
            async with make_client(server.url) as client:
                result = await client.emit(**EMIT, body={})
        assert (result.success, result.retried) == (True, 1)
        assert kernel.store.count() == 1

    asyncio.run(scenario())


def test_a_lost_acknowledgement_at_a_forgetful_server(make_client: Make) -> None:
    """A server that calls our own record a duplicate clock is asked for the id first."""

    async def scenario() -> None:
        kernel = Kernel()
        posts = 0

        async def forgetful(request, reader, writer) -> bool:
            nonlocal posts
            if request.method != "POST":
                return False
            posts += 1
            if posts == 1:
                return await faults.stores_and_then(kernel, faults.reset)(request, reader, writer)
            return await faults.answers(400, faults.DUPLICATE)(request, reader, writer)

        with LoopbackServer(kernel, misbehave=forgetful) as server:
            async with make_client(server.url) as client:
                result = await client.emit(**EMIT, body={})
        assert result.success
        assert result.replaces == ()
        assert kernel.store.count() == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param({"results": []}, id="too-few-results"),
        pytest.param({"results": [1] * 20}, id="results-that-are-none"),
        pytest.param([1], id="a-list"),
        pytest.param({"results": [{"status": "created", "id": "0" * 64}] * 20}, id="other-ids"),
    ],
)
def test_a_lying_batch_door(batch: object, make_client: Make, tmp_path: Path) -> None:
    """A batch door whose answers do not name our records is believed in nothing."""

    async def scenario() -> None:
        kernel = Kernel()

        async def lying(request, reader, writer) -> bool:
            if request.path.endswith("/batch"):
                return await faults.answers(200, batch)(request, reader, writer)
            return False

        with LoopbackServer(kernel, misbehave=lying) as server:
            async with make_client(server.url) as client:
                await client.emit(**EMIT, body={})
                emits = (client.emit(**EMIT, body={"n": n}) for n in range(100))
                results = await asyncio.gather(*emits)
        stored = {record["id"] for record in kernel.store.all_records()}
        assert all(result.record_id in stored for result in results if result.success)
        assert not all(result.success for result in results)

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [404, 405, 501, 413, 400])
def test_a_batch_door_that_is_not_there(status: int, make_client: Make) -> None:
    """Announced but missing, or too small: every record is sent by itself."""

    async def scenario() -> None:
        kernel = Kernel()

        async def missing(request, reader, writer) -> bool:
            if request.path.endswith("/batch"):
                return await faults.answers(status, b"")(request, reader, writer)
            return False

        with LoopbackServer(kernel, misbehave=missing) as server:
            async with make_client(server.url, limits=Limits(deadline_s=60)) as client:
                emits = (client.emit(**EMIT, body={"n": n}) for n in range(60))
                results = await asyncio.gather(*emits)
        assert all(result.success for result in results)
        assert kernel.store.count() == 60

    asyncio.run(scenario())


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's context and one that trusts it."""
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


def test_tls_failure(make_client: Make, tmp_path: Path) -> None:
    """An untrusted certificate is no answer, and is not tried again; a trusted one works."""
    tls, trusting = _certificate(tmp_path)

    async def scenario() -> None:
        with LoopbackServer(tls=tls) as server:
            async with make_client(server.url, **IMPATIENT) as client:
                result = await client.emit(**EMIT, body={})
                assert (result.success, result.retried) == (False, 0)
                assert await client.query_thread("t") == []
            async with make_client(server.url, verify=trusting) as client:
                assert (await client.emit(**EMIT, body={})).success
            async with make_client(server.url.replace("https", "http"), **IMPATIENT) as client:
                assert not (await client.emit(**EMIT, body={})).success
        with LoopbackServer() as plain:
            async with make_client(
                plain.url.replace("http", "https"), timeout=2.0, max_retries=0
            ) as client:
                assert not (await client.emit(**EMIT, body={})).success

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("http://127.0.0.1:1", id="connection-refused"),
        pytest.param("ftp://127.0.0.1", id="scheme"),
        pytest.param("127.0.0.1:9100", id="no-scheme"),
        pytest.param("http://127.0.0.1:99999", id="port"),
        pytest.param("http://[::1", id="brackets"),
        pytest.param("http://no-such-name.invalid", id="dns"),
        pytest.param("http://exa mple", id="space"),
        pytest.param("", id="empty"),
        pytest.param("http://\udc80", id="surrogate"),
    ],
)
def test_an_endpoint_that_is_none(endpoint: str, make_client: Make) -> None:
    """A bad address is a failed result; only one that might come to life is tried again."""

    async def scenario() -> None:
        async with make_client(endpoint) as client:
            result = await client.emit(**EMIT, body={})
            assert not result.success
            hopeful = endpoint in {
                "http://127.0.0.1:1",
                "http://no-such-name.invalid",
                "http://exa mple",
            }
            assert result.retried == (1 if hopeful else 0)
            assert await client.query_thread("t") == []
            assert await client.health() == {}

    asyncio.run(scenario())


def test_a_keep_alive_connection_that_died(make_client: Make) -> None:
    """A connection the server closed between two emits costs nothing."""

    async def scenario() -> None:
        with LoopbackServer() as server:
            async with make_client(server.url) as client:
                for n in range(5):
                    assert (await client.emit(**EMIT, body={"n": n})).success
                    server.cut_connections()
                    await asyncio.sleep(0.02)

    asyncio.run(scenario())


def test_the_circuit_opens_and_closes(make_client: Make) -> None:
    """When nothing answers, emits fail at once; when something does again, they succeed."""
    from syncropel import Breaker

    async def scenario() -> None:
        kernel = MockKernel()
        breaker = Breaker(failures=4, cooldown_s=0.05)
        async with make_client(transport=kernel.transport(), breaker=breaker) as client:
            kernel.fail_next_post(4)
            for _ in range(2):
                assert not (await client.emit(**EMIT, body={})).success
            assert breaker.open
            refused = await client.emit(**EMIT, body={})
            assert "CircuitOpenError" in (refused.error or "")
            await asyncio.sleep(0.06)
            assert (await client.emit(**EMIT, body={})).success
            assert not breaker.open

    asyncio.run(scenario())

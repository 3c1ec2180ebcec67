"""The message bus: who publishes, and who listens. Which one is used is said by SWOP_BUS.

Messages are handed over at least once: one that a listener took and did not finish comes again,
and one whose handler fails is set aside under the route's name with `.dead` behind it.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

Handle = Callable[[str, bytes], None]
Route = Mapping[str, str]

_log = logging.getLogger("swop.bus")
_WAIT_SECONDS = 0.5


class BusPublisher(Protocol):
    """Takes messages to a bus, and listens to it."""

    def publish(self, route: Route, name: str, payload: bytes) -> None:
        """Send a message; when this returns the bus has it."""

    def listen(
        self, group: str, routes: Sequence[Route], handle: Handle, stop: threading.Event
    ) -> None:
        """Hand messages over until `stop` is set; every group gets each message once."""

    def close(self) -> None:
        """Let go of the connection."""


def from_env(default: str, environ: Mapping[str, str] = os.environ) -> BusPublisher:
    """The bus that SWOP_BUS names, at SWOP_BUS_URL.

    Raises:
        ValueError: there is no such bus, or it needs an address.
    """
    kind = environ.get("SWOP_BUS", default)
    if kind == "memory":
        return InMemoryPublisher()
    makers: dict[str, Callable[[str], BusPublisher]] = {
        "redis": RedisPublisher,
        "rabbitmq": RabbitMQPublisher,
        "kafka": KafkaPublisher,
    }
    if kind not in makers:
        raise ValueError(f"SWOP_BUS must be memory, {', '.join(makers)}, not {kind!r}")
    url = environ.get("SWOP_BUS_URL", "")
    if not url:
        raise ValueError(f"SWOP_BUS_URL must say where {kind} is")
    return makers[kind](url)


class InMemoryPublisher:
    """A bus inside of one process, for tests and for trying things out."""

    def __init__(self) -> None:
        self.dead: list[tuple[str, bytes]] = []
        self._queues: dict[str, list[queue.Queue[tuple[str, bytes]]]] = {}
        self._lock = threading.Lock()

    def publish(self, route: Route, name: str, payload: bytes) -> None:
        """Hand a message to whoever listens now."""
        with self._lock:
            listeners = list(self._queues.get(channel(route), ()))
        for listener in listeners:
            listener.put((name, payload))

    def listen(
        self,
        group: str,  # noqa: ARG002 (there is one group in one process)
        routes: Sequence[Route],
        handle: Handle,
        stop: threading.Event,
    ) -> None:
        """Take messages until told to stop; groups are of no account in one process."""
        inbox: queue.Queue[tuple[str, bytes]] = queue.Queue()
        with self._lock:
            for route in routes:
                self._queues.setdefault(channel(route), []).append(inbox)
        while not stop.is_set():
            try:
                name, payload = inbox.get(timeout=_WAIT_SECONDS / 10)
            except queue.Empty:
                continue
            if not _handled(handle, name, payload):
                self.dead.append((name, payload))

    def close(self) -> None:
        """Forget who listens."""
        with self._lock:
            self._queues.clear()


class RedisPublisher:
    """Redis streams, with a consumer group for each context."""

    def __init__(self, url: str) -> None:
        redis = importlib.import_module("redis")
        self._client: Any = redis.Redis.from_url(url)

    def publish(self, route: Route, name: str, payload: bytes) -> None:
        """Append a message to its stream."""
        self._client.xadd(channel(route), {"name": name, "payload": payload})

    def listen(
        self, group: str, routes: Sequence[Route], handle: Handle, stop: threading.Event
    ) -> None:
        """Take what was not finished, then what comes."""
        streams = [channel(route) for route in routes]
        consumer = socket.gethostname()
        for stream in streams:
            self._join(stream, group)
        self._take(group, consumer, dict.fromkeys(streams, "0"), handle)  # what was not finished
        while not stop.is_set():
            self._take(group, consumer, dict.fromkeys(streams, ">"), handle)

    def _join(self, stream: str, group: str) -> None:
        redis = importlib.import_module("redis")
        try:
            self._client.xgroup_create(stream, group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _take(self, group: str, consumer: str, streams: dict[str, str], handle: Handle) -> None:
        wait = int(_WAIT_SECONDS * 1000)
        answer = self._client.xreadgroup(group, consumer, streams, count=64, block=wait)
        found = answer.items() if isinstance(answer, dict) else answer or ()
        for stream, entries in found:
            for number, fields in _flat(entries):
                name, payload = fields[b"name"].decode(), fields[b"payload"]
                if not _handled(handle, name, payload):
                    self._client.xadd(f"{stream.decode()}.dead", fields)
                self._client.xack(stream, group, number)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _flat(entries: Any) -> list[Any]:
    """The entries of a stream; one protocol of Redis wraps them once more than the other."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


class RabbitMQPublisher:
    """Topic exchanges, with a durable queue for each context; what is published is confirmed."""

    def __init__(self, url: str) -> None:
        self._pika = importlib.import_module("pika")
        self._parameters = self._pika.URLParameters(url)
        self._lock = threading.Lock()
        self._connection: Any = None
        self._channel: Any = None

    def publish(self, route: Route, name: str, payload: bytes) -> None:
        """Send a message, and wait until the server confirms it."""
        with self._lock:
            try:
                self._send(route, name, payload)
            except self._pika.exceptions.AMQPConnectionError:
                self._connection = None  # the server closes what is idle for long
                self._send(route, name, payload)

    def _send(self, route: Route, name: str, payload: bytes) -> None:
        if self._connection is None or not self._connection.is_open:
            self._connection = self._pika.BlockingConnection(self._parameters)
            self._channel = self._connection.channel()
            self._channel.confirm_delivery()
        exchange = exchange_of(route)
        self._channel.exchange_declare(exchange, exchange_type="topic", durable=True)
        properties = self._pika.BasicProperties(type=name, delivery_mode=2)
        self._channel.basic_publish(exchange, channel(route), payload, properties)

    def listen(
        self, group: str, routes: Sequence[Route], handle: Handle, stop: threading.Event
    ) -> None:
        """Take messages from a durable queue of the group."""
        connection = self._pika.BlockingConnection(self._parameters)
        try:
            inbox = connection.channel()
            inbox.basic_qos(prefetch_count=16)
            inbox.queue_declare(group, durable=True)
            inbox.queue_declare(f"{group}.dead", durable=True)
            for route in routes:
                exchange = exchange_of(route)
                inbox.exchange_declare(exchange, exchange_type="topic", durable=True)
                inbox.queue_bind(group, exchange, channel(route))
            for method, properties, payload in inbox.consume(
                group, inactivity_timeout=_WAIT_SECONDS
            ):
                if method is not None:
                    self._take(inbox, group, method, properties, payload, handle)
                if stop.is_set():
                    break
            inbox.cancel()
        finally:
            connection.close()

    def _take(
        self, inbox: Any, group: str, method: Any, properties: Any, payload: bytes, handle: Handle
    ) -> None:
        if not _handled(handle, properties.type or method.routing_key, payload):
            inbox.basic_publish("", f"{group}.dead", payload, properties)
        inbox.basic_ack(method.delivery_tag)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None and self._connection.is_open:
                self._connection.close()


class KafkaPublisher:
    """Topics, with a consumer group for each context; offsets are committed after handling."""

    def __init__(self, url: str) -> None:
        self._kafka = importlib.import_module("kafka")
        self._servers = url.removeprefix("kafka://").split(",")
        self._producer: Any = self._kafka.KafkaProducer(bootstrap_servers=self._servers, acks="all")

    def publish(self, route: Route, name: str, payload: bytes) -> None:
        """Send a message, and wait until all replicas have it."""
        sent = self._producer.send(channel(route), payload, headers=[("name", name.encode())])
        sent.get(timeout=30)

    def listen(
        self, group: str, routes: Sequence[Route], handle: Handle, stop: threading.Event
    ) -> None:
        """Take messages of the topics, committing after each batch."""
        consumer = self._kafka.KafkaConsumer(
            *(channel(route) for route in routes),
            bootstrap_servers=self._servers,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            while not stop.is_set():
                for records in consumer.poll(timeout_ms=int(_WAIT_SECONDS * 1000)).values():
                    for record in records:
                        self._take(record, handle)
                    consumer.commit()
        finally:
            consumer.close()

    def _take(self, record: Any, handle: Handle) -> None:
        name = dict(record.headers).get("name", b"").decode()
        if not _handled(handle, name, record.value):
            dead = self._producer.send(f"{record.topic}.dead", record.value, headers=record.headers)
            dead.get(timeout=30)

    def close(self) -> None:
        """Close the producer."""
        self._producer.close()


def channel(route: Route) -> str:
    """The stream, topic or routing key of a route."""
    for key in ("stream", "topic", "routing_key"):
        if key in route:
            return route[key]
    raise ValueError(f"a route needs a stream, a topic or a routing key: {route!r}")


def exchange_of(route: Route) -> str:
    """The exchange of a route."""
    return route.get("exchange", "swop")


def _handled(handle: Handle, name: str, payload: bytes) -> bool:
    """Hand a message over; a handler that fails must not stop the listener."""
    try:
        handle(name, payload)
    except Exception:  # noqa: BLE001 (whatever a handler raises; the message is set aside)
        _log.exception("%s could not be handled, and was set aside", name)
        return False
    return True

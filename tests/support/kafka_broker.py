"""A real Apache Kafka in KRaft mode: a broker of one's own to kill, and one that many tests share."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import psutil
import pytest

from tests.support.argilla_server import free_port
from tests.support.needs import missing

ROOT = Path(__file__).resolve().parents[2]
LIBS = ROOT / ".kafka" / "libs"
ARCHIVE = ROOT / ".kafka" / "broker.jsa"
"""The broker's classes as `kafka_archive` had Java archive them: a broker starts in half the time."""
IMAGE = "apache/kafka:4.1.1"
START_SECONDS = 120.0
JAVA = ["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=WARN"]
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "auto.create.topics.enable": "false",
    "log.cleaner.dedupe.buffer.size": "2097152",
}

CLUSTER = b"<cluster>"
_formatted: dict[str, bytes] = {}
"""The files of a storage as it is made, by their names; with `CLUSTER` for its id."""


class Broker:
    """A broker as a process of its own on free ports; it can be killed, frozen and started again.

    `listener`: the name of the one for clients; `also`: the ports of further ones; `more` settings, and
    `formatting` options of its storage; `java`: options of its Java.
    """

    def __init__(
        self,
        folder: Path,
        listener: str = "PLAINTEXT",
        more: Mapping[str, str] = MappingProxyType({}),
        also: Mapping[str, int] = MappingProxyType({}),
        formatting: Sequence[str] = (),
        java: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self._listener = listener
        self._more = more
        self._also = also
        self._formatting = formatting
        self._options = [*JAVA, *java, *([f"-XX:SharedArchiveFile={ARCHIVE}"] if ARCHIVE.exists() else [])]
        self.port = free_port()
        self._controller = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "server.properties"
        self._write(self.port)

    def _write(self, advertised: int) -> None:
        settings = {
            **SETTINGS,
            "log.dirs": str(self.folder / "data"),
            "listeners": _at({self._listener: self.port, **self._also, "CONTROLLER": self._controller}),
            "advertised.listeners": _at({self._listener: advertised, **self._also}),
            **self._more,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
        }
        lines = [f"{name}={value}" for name, value in settings.items()]
        self._configuration.write_text("\n".join(lines), encoding="utf-8")

    def advertise(self, port: int) -> None:
        """Have clients come by another port, a proxy's; before the start."""
        self._write(port)

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process and wait until it answers."""
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        self.process = self._java("kafka.Kafka", str(self._configuration))
        give_up = time.monotonic() + START_SECONDS
        while not answers(self.port):
            output = (self.folder / "broker.txt").read_text(errors="replace")[-2000:]
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"Kafka does not start: {output}")
            time.sleep(0.05)

    def _format(self) -> None:
        """Make its storage. A plain one is a copy of the first, which a process of Java's made."""
        # One that began with a dash would be taken for an option.
        cluster, data = f"k{secrets.token_urlsafe(16)[1:]}", self.folder / "data"
        if self._formatting or not _formatted:
            where = ("-c", str(self._configuration))
            self._java("kafka.tools.StorageTool", "format", "-t", cluster, *where, *self._formatting).wait()
        else:
            data.mkdir()
            for name, content in _formatted.items():
                (data / name).write_bytes(content.replace(CLUSTER, cluster.encode()))
        if not self._formatting and not _formatted:
            for file in filter(Path.is_file, data.iterdir()):
                _formatted[file.name] = file.read_bytes().replace(cluster.encode(), CLUSTER)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def running(self) -> psutil.Process | None:
        """Its process, while it answers."""
        process = self.process
        return psutil.Process(process.pid) if process and answers(self.port) else None

    @contextmanager
    def kept_running(self) -> Iterator[None]:
        """Start it again whenever it is killed."""
        done = threading.Event()

        def keep() -> None:
            while not done.wait(0.1):
                if self.process is not None and self.process.poll() is not None:
                    self.start()

        keeper = threading.Thread(target=keep, name="kafka")
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _java(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "broker.txt").open("ab") as output:
            command = ["java", *self._options, "-cp", f"{LIBS}/*", *arguments]
            return subprocess.Popen(command, stdout=output, stderr=output, cwd=self.folder)


def _at(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())


def answers(port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def needs_java() -> None:
    """What a broker of one's own needs."""
    if shutil.which("java") is None or not LIBS.is_dir():
        missing("needs Java 17 and a Kafka in .kafka: scripts/kafka.sh fetches them")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a running Kafka: use a topic prefix of your own in it."""
    if named := os.environ.get("KAFKA_BOOTSTRAP"):
        yield named
    elif shutil.which("java") and LIBS.is_dir():
        broker = Broker(tmp_path_factory.mktemp("kafka"))
        try:
            broker.start()
            yield broker.servers
        finally:
            broker.kill()
    elif _has_engine():
        yield from _container()
    else:
        missing("needs a Kafka: KAFKA_BOOTSTRAP, one that scripts/kafka.sh fetches, or a container engine")


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that one test may kill, started."""
    needs_java()
    broker = Broker(tmp_path / "kafka")
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def _has_engine() -> bool:
    docker = shutil.which("docker")
    return docker is not None and subprocess.run([docker, "info"], capture_output=True).returncode == 0


def _container() -> Iterator[str]:
    port = free_port()
    variables = {
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        **{f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in SETTINGS.items()},
    }
    options = [part for name, value in variables.items() for part in ("-e", f"{name}={value}")]
    command = ["docker", "run", "--rm", "--detach", "-p", f"127.0.0.1:{port}:9092", *options, IMAGE]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    try:
        give_up = time.monotonic() + START_SECONDS
        while "Kafka Server started" not in _output_of(name):
            if time.monotonic() > give_up:
                raise RuntimeError(f"the container of Kafka does not start: {_output_of(name)[-2000:]}")
            time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        subprocess.run(["docker", "kill", name], capture_output=True, check=False)


def _output_of(container: str) -> str:
    logs = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=False)
    return logs.stdout + logs.stderr

"""The services as processes on a real log and a real Argilla, to be started, killed and waited for."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import Unavailable
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.observe.status_file import read_status_file
from labelloop.pool import snapshot
from labelloop.pool.snapshot import NONE_KEPT
from labelloop.projects.catalog import created
from labelloop.store import open_store, pool_uri
from schemas.envelope import Event, new_event
from schemas.events import EventData
from schemas.parts import BaseModelChoice, Snapshot
from tests.support import states
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.log_thread import LogThread
from tests.support.tiny_bert import TINY

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
Row = tuple[str, str | None]


class ServiceLoop:
    """A home with a log and a store, unless elsewhere, and people wherever the settings say.

    `quick`: the services look at the oracle more often than they do for users. `woken`: the watcher hardly
    ever looks unless it is woken.
    """

    quick = True
    woken = False

    def __init__(self, home: Path, log: str | None = None, store: str | None = None, **settings: Any) -> None:
        self.home = home
        self.settings = ServiceSettings(
            log=log or f"sqlite:///{home / 'log.sqlite'}",
            store=store or str(home / "store"),
            run=home / "run",
            threads=1,
            parent=os.getpid(),
            **settings,
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._service_of: dict[str, str] = {}
        self._log = LogThread(self.settings.log)
        self._histories: dict[str, History] = {}
        self.events: list[Event] = []

    # The log

    def append(self, project: str, *data: EventData) -> None:
        self._log.append(*(new_event(project, fact, source="tests") for fact in data))

    def create(
        self,
        rows: Sequence[Row],
        test: Sequence[Row] = (),
        project: str | None = None,
        kept_columns: Mapping[str, Sequence[str | None]] = NONE_KEPT,
        **changes: Any,
    ) -> str:
        """A project of these texts and gold labels; its id, which no other test has unless it is given.

        `kept_columns`: further ones of the pool. Its model is tiny: a training takes a third of the time.
        """
        project = project or f"mail-{secrets.token_hex(4)}"
        settings = {
            "pool": self.snapshot(project, rows, kept_columns),
            "model": BaseModelChoice(name=str(TINY)),
        } | changes
        if test:
            settings["test"] = self.snapshot(project, test)
        self.append(project, states.project(**settings))
        return project

    def snapshot(
        self, project: str, rows: Sequence[Row], kept_columns: Mapping[str, Sequence[str | None]] = NONE_KEPT
    ) -> Snapshot:
        table = [snapshot.Row(text, gold, number) for number, (text, gold) in enumerate(rows)]
        with tempfile.TemporaryDirectory() as folder:
            written = snapshot.write(Path(folder), table, kept_columns)
            info = Snapshot(
                uri=pool_uri(project, written.name),
                digest=written.digest,
                size=len(rows),
                label_column="label",
            )
            open_store(self.settings.store).add_snapshot(info, Path(folder) / written.name)
        return info

    def history(self, project: str) -> History:
        for record in self._log.read_on():
            assert record.event is not None, record.problem
            self.events.append(record.event)
            history = self._histories.setdefault(record.event.project, History(record.event.project))
            history.add(record.event)
        return self._histories[project]

    def state(self, project: str) -> LoopState:
        history = self.history(project)
        assert history.halt is None, history.halt
        return created(history)

    def wait(self, project: str, holds: Callable[[LoopState], object]) -> LoopState:
        """The state, once this holds of it; fails after two minutes, with what the services said."""
        self.until(lambda: holds(self.state(project)))
        return self.state(project)

    def until(self, holds: Callable[[], object]) -> None:
        give_up = time.monotonic() + PATIENCE
        while True:
            looked_at = time.monotonic()
            if _holds(holds):
                return
            if time.monotonic() > give_up:
                logs = {file.stem: file.read_text()[-2000:] for file in sorted(self.home.glob("*.log"))}
                raise TimeoutError(f"waited in vain; events: {[e.name for e in self.events]}; said: {logs}")
            # Asking must not take the cores from those who are waited for.
            time.sleep(min(max(0.1, 3 * (time.monotonic() - looked_at)), 1.0))

    def payloads(self, project: str, name: str) -> list[Any]:
        """What the events of this name say, in their order."""
        self.history(project)
        return [e.payload for e in self.events if e.project == project and e.name == name]

    # The processes

    def start(
        self, *services: str, as_: str | None = None, code: Path | str = ROOT, **environment: str
    ) -> None:
        """Start services, each a process of its own name, or one `as_` another where it is not the only one.

        Kafka knows the process by its name. `code`: the folder of another version.
        """
        for service in services:
            name = as_ or service
            self._service_of[name] = service
            output = (self.home / f"{name}.log").open("ab")
            is_quick = self.quick and code == ROOT
            module = ("tests.support.quick_service", service) if is_quick else (f"services.{service}",)
            if self.woken and service == "annotation_watcher":
                module = ("tests.support.woken_watcher",)
            variables = {
                **os.environ,
                **self.settings.to_environment(),
                "LABELLOOP_RUN": str(self._run(name)),
                "LABELLOOP_KAFKA_CLIENT_ID": name,
                "OMP_NUM_THREADS": "1",
                **({} if code == ROOT else {"PYTHONPATH": str(code)}),
                **environment,
            }
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=code,
                env=variables,
                stdout=output,
                stderr=output,
            )
            output.close()

    def have_running(self, *services: str) -> None:
        """Start those of these services that do not run."""
        self.start(*(each for each in services if each not in self.processes or not self.is_running(each)))

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def freeze(self, name: str) -> None:
        """Stop its own process, not those that it started."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def wake(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGCONT)

    def stop(self, name: str) -> int:
        """Ask it to stop; its exit code."""
        self.processes[name].terminate()
        return self.processes[name].wait(30)

    def is_running(self, name: str) -> bool:
        return self.processes[name].poll() is None

    def children(self, name: str) -> list[psutil.Process]:
        return psutil.Process(self.processes[name].pid).children(recursive=True)

    def log_of(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def status_file(self, name: str) -> dict[str, Any]:
        return read_status_file(self._run(name), self._service_of.get(name, name))

    def _run(self, name: str) -> Path:
        """Where a process says how it fares: two of one service must not write one file."""
        run = self.home / "run"
        return run if self._service_of.get(name, name) == name else run / name

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self._log.close()


class Loop(ServiceLoop):
    """With people in an Argilla; `url` is where the services look for it."""

    def __init__(
        self,
        home: Path,
        argilla: ArgillaServer,
        url: str | None = None,
        store: str | None = None,
        log: str | None = None,
    ) -> None:
        super().__init__(home, log, store, argilla_url=url or argilla.url, argilla_key=argilla.login.api_key)
        self.argilla = argilla

    @property
    def where(self) -> tuple[object, ...]:
        """The options by which a command works on this log and store, from another home."""
        return ("--home", self.home / "cli", "--log", self.settings.log, "--store", self.settings.store)

    def command(self, *arguments: object) -> str:
        """What a command prints, which must succeed."""
        result = labelloop(*arguments, *self.where)
        assert result.exit_code == 0, result.output
        return result.stdout


def _holds(holds: Callable[[], object]) -> object:
    """Whether it holds; not while the log is away."""
    try:
        return holds()
    except Unavailable:
        return False


@contextmanager
def a_loop(
    home: Path,
    argilla: ArgillaServer,
    url: str | None = None,
    store: str | None = None,
    log: str | None = None,
) -> Iterator[Loop]:
    home.mkdir(parents=True, exist_ok=True)
    loop = Loop(home, argilla, url, store, log)
    try:
        yield loop
    finally:
        loop.close()


def texts(count: int, labels: Sequence[str] = states.LABELS) -> list[Row]:
    """Texts that tell their label, each label as often as the others."""
    return [
        (f"mail {number} about {labels[number % len(labels)]}", labels[number % len(labels)])
        for number in range(count)
    ]

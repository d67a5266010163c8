"""A folder in which the commands of a page are run: a home with the questions of the demo, all labelled."""

import asyncio
import contextlib
import os
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from labelloop.cli.main import cli
from labelloop.config.home import DEFAULT, open_home
from labelloop.supervisor.argilla import Embedded, remember_address
from schemas.envelope import Event, new_event
from schemas.events import BatchAnnotated, BatchQueried, ModelEvaluated, ModelTrained, ProjectCreated
from schemas.model import replaced
from tests.support.argilla_server import free_port
from tests.support.logs import read_log, write_log
from tests.support.receivers import a_hook

SHOWN_AS = "/home/ada"
PACKAGES = sysconfig.get_path("purelib")
ORDER = (BatchAnnotated, ModelTrained, ModelEvaluated, BatchQueried)


@dataclass(frozen=True)
class Workshop:
    folder: Path

    @classmethod
    def make(cls, folder: Path, demo: Path, data: Iterable[Path]) -> "Workshop":
        """In `folder`, with what a demo left in its home, and with its data."""
        home = open_home(folder / DEFAULT)
        shutil.copytree(demo / "store", home.store, copy_function=os.link, dirs_exist_ok=True)
        events = asyncio.run(read_log(f"sqlite:///{demo / 'log.sqlite'}"))
        asyncio.run(write_log(home.log, in_order(events)))
        remember_address(home, Embedded("127.0.0.1", free_port()))
        for file in data:
            shutil.copy(file, folder)
        return cls(folder)

    def run(self, command: str) -> list[str]:
        """The lines that a command prints here; this folder and that of packages are shown as a user's."""
        name, *arguments = shlex.split(command)
        with contextlib.chdir(self.folder):
            if name == "labelloop":
                with _environment(arguments) as environment:
                    result = CliRunner().invoke(cli, arguments, env=environment)
                if result.exception is not None and not isinstance(result.exception, SystemExit):
                    raise result.exception
                # What goes to stderr beside a result is progress, which a terminal shows by a bar.
                said = result.output if result.exit_code else result.stdout
            else:
                run = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
                said = run.stdout
        shown = said.replace(str(self.folder), SHOWN_AS).replace(PACKAGES, f"{SHOWN_AS}/.venv/site-packages")
        return shown.splitlines()


@contextlib.contextmanager
def _environment(arguments: list[str]) -> Iterator[dict[str, str]]:
    """What the page has set before: a web hook that takes alerts."""
    if arguments[:1] == ["alert"]:
        with a_hook() as hook:
            yield {"LABELLOOP_ALERT": hook.url}
    else:
        yield {}


def in_order(events: Iterable[Event]) -> list[Event]:
    """What the loop decided, as if its services had worked one after the other.

    They work side by side, so that what does not depend on each other is in another order each time. What
    they say of the log that they had read is not true of this order, and is left out.
    """
    return sorted((_of_any_log(event) for event in events if _place(event)), key=_place)


def _of_any_log(event: Event) -> Event:
    data = event.payload
    if not isinstance(data, ModelTrained):
        return event
    told = replaced(data, log=None)
    return new_event(event.project, told, source=event.source, cause=event.cause, time=event.time)


def _place(event: Event) -> tuple[int, ...]:
    said = event.payload
    if isinstance(said, ProjectCreated):
        return (-2,)
    if isinstance(said, BatchQueried) and said.model is None:
        return (-1, int(said.batch))
    if isinstance(said, BatchAnnotated):
        return (int(said.batch), ORDER.index(BatchAnnotated))
    if isinstance(said, BatchQueried | ModelTrained | ModelEvaluated):
        return (int(said.model or 0), ORDER.index(type(said)))
    return ()

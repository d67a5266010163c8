"""What runs in a folder that has packages and modules of our names, and of Python's."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labelloop.config.deployment import ArgillaAccess
from labelloop.config.home import open_home
from labelloop.config.locations import Locations
from labelloop.log import create_log
from labelloop.observe.settings import PORT
from labelloop.observe.status_file import read_status_file
from labelloop.supervisor import plan, service
from tests.support.command import eventually
from tests.support.deployment import WHOLE, services
from tests.support.homes import home_with
from tests.support.states import project

ROOT = Path(__file__).resolve().parents[3]
NOBODY = ArgillaAccess("http://127.0.0.1:9", "owner.key")
MODULES = (
    "labelloop/__init__",
    "services/__init__",
    "schemas/__init__",
    "random",
    "signal",
    "sched",
    "click/__init__",
)
LEAVES_A_MARK = "import os; open(os.path.join({folder!r}, 'imported.' + __name__), 'w').close()\n"
SAYS = """
import sched

from labelloop import Consumer

class Says(Consumer):
    def handle(self, event, state):
        print(event.name, flush=True)
"""
# What an entry point's script is: it does not search the current folder.
LABELLOOP = (sys.executable, "-P", "-c", "from labelloop.cli import main; main()")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: modules of other people lie there, which tell when they are imported."""
    folder = tmp_path / "mine"
    for module in MODULES:
        file = folder / f"{module}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(LEAVES_A_MARK.format(folder=str(folder)))
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return folder


def imported(folder: Path) -> list[str]:
    return sorted(found.suffix[1:] for found in folder.glob("imported.*"))


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)


def test_a_service_and_its_health_check_import_nothing_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PORT, "0")
    home = open_home(folder / ".labelloop")
    asyncio.run(create_log(home.log_url))
    planned = plan.services(
        home, Locations(home.log_url, str(home.store), home), NOBODY, plan.OptionalServices()
    )
    (watcher,) = [each for each in planned if each.name == "annotation_watcher"]
    in_compose = services(WHOLE)[watcher.name]["healthcheck"]["test"]
    assert in_compose[:2] == ["CMD", "python"]

    async def check() -> subprocess.CompletedProcess[str]:
        process = await service.start(watcher)
        try:
            says = await asyncio.to_thread(health, home.run)
            environment = {PORT: says.rpartition(":")[2]}
            return await asyncio.to_thread(run, sys.executable, *in_compose[2:-1], "healthz", **environment)
        finally:
            await service.end(process, 30)

    def health(folder: Path) -> str:
        eventually(lambda: "health" in read_status_file(folder, watcher.name), "the service shows itself")
        return str(read_status_file(folder, watcher.name)["health"])

    checked = asyncio.run(check())

    assert (checked.returncode, checked.stderr) == (0, "")
    assert imported(folder) == []


def test_each_process_that_is_supervised_is_asked_to_leave_it_alone(folder: Path) -> None:
    home = open_home(folder / ".labelloop")
    locations = Locations(home.log_url, str(home.store), home)
    loop = plan.services(home, locations, NOBODY, plan.OptionalServices(alert=("json://localhost",)))
    planned = [
        *loop,
        plan.argilla(home, "127.0.0.1", 6900),
        plan.learner(home, folder / "socket"),
        plan.annotators(home, locations, NOBODY, "mail", {}),
    ]

    assert {each.name: each.command[:3] for each in planned} == {
        each.name: (sys.executable, "-P", "-m") for each in planned
    }


def test_the_learners_processes_import_nothing_of_it(folder: Path) -> None:
    code = (
        "from labelloop.learner import child, requests\n"
        "child.PRELOADED[:] = ['tempfile']\n"
        "started = child.Child(requests.Ping(), 'learner')\n"
        "started.start()\n"
        "started.kill()\n"
    )

    started = run(sys.executable, "-P", "-c", code)
    assert (started.returncode, started.stderr) == (0, "")
    started = run(sys.executable, str(saved(folder.parent / "script.py", code)))

    assert (started.returncode, started.stderr) == (0, "")
    assert imported(folder) == []


def test_a_consumer_of_it_is_given_events_and_what_else_lies_there_is_not_imported(folder: Path) -> None:
    saved(folder / "says.py", SAYS)
    home = home_with(folder / ".labelloop", project())

    ran = run(*LABELLOOP, "run", "says:Says", "--home", str(home), "--once")

    assert ran.returncode == 0, ran.stderr
    assert "ProjectCreated" in ran.stdout.splitlines()
    assert imported(folder) == []


# Of `-m services.NAME`, where `services` is another's, only Python itself can say so.
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("schemas", LABELLOOP),
        ("services", LABELLOOP),
        ("schemas", (sys.executable, "-P", "-m", "services.annotation_watcher")),
        ("schemas", (sys.executable, "-P", "-m", "labelloop.runtime", "annotation_watcher")),
        ("services", (sys.executable, "-P", "-m", "labelloop.runtime", "annotation_watcher")),
    ],
)
def test_another_package_of_the_name_that_comes_first_is_told_in_one_line(
    name: str, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / name).mkdir(parents=True)
    saved(other / name / "__init__.py", LEAVES_A_MARK.format(folder=str(other)))
    monkeypatch.chdir(tmp_path)

    ran = run(*command, PYTHONPATH=os.pathsep.join([str(other), str(ROOT)]))

    assert ran.returncode == 2
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"error: the package {name} in {other} ")
    assert imported(other) == []


def saved(file: Path, text: str) -> Path:
    file.write_text(text)
    return file

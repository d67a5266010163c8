"""What runs on one machine, and with which settings."""

import os
import sys
from collections.abc import Mapping

from labelloop.deployment import ArgillaAccess
from labelloop.home import Home
from labelloop.observe.settings import PORT, Observing
from labelloop.places import Places
from labelloop.settings import Settings, default_threads
from labelloop.supervisor.service import Service

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "ARGILLA_ENABLE_TELEMETRY": "0",
    "PYTHONUNBUFFERED": "1",
}


def argilla(home: Home, host: str, port: int) -> Service:
    """The embedded Argilla."""
    where = ("--home", str(home.argilla), "--host", host, "--port", str(port))
    return _python(home, "argilla", ("labelloop.oracle.server", *where, "--stop-with-parent"), {})


def services(home: Home, places: Places, access: ArgillaAccess) -> list[Service]:
    """The loop and the evaluator.

    If LABELLOOP_HEALTH_PORT is given, the first shows itself there and the others at the ports that follow.
    """
    environment = settings(home, places, access).to_environment()
    first = Observing.from_environment().port
    return [
        _python(home, name, (f"services.{name}",), {**environment, **_port(first, number)})
        for number, name in enumerate(SERVICES)
    ]


def annotators(
    home: Home, places: Places, access: ArgillaAccess, project: str, behaviour: Mapping[str, str]
) -> Service:
    """Simulated annotators, who label a project from the gold labels of its pool."""
    arguments = [part for option in {"--project": project, **behaviour}.items() for part in option]
    environment = settings(home, places, access).to_environment()
    module = ("labelloop.oracle.simulated", *arguments, "--stop-with-parent")
    return _python(home, "annotators", module, environment)


def settings(home: Home, places: Places, access: ArgillaAccess) -> Settings:
    """The settings that the services of this home get, from this process."""
    threads = os.environ.get("LABELLOOP_THREADS") or str(default_threads())
    keep = os.environ.get("LABELLOOP_KEEP_MODELS") or "5"
    basis = Settings(
        log=places.log,
        store=places.store,
        argilla_url=access.url,
        argilla_key=access.key,
        argilla_headers=access.headers,
        run=home.run,
        parent=os.getpid(),
    )
    return Settings.from_environment(
        {**basis.to_environment(), "LABELLOOP_THREADS": threads, "LABELLOOP_KEEP_MODELS": keep}
    )


def _port(first: int | None, number: int) -> dict[str, str]:
    return {PORT: str(first + number)} if first else {}


def _python(home: Home, name: str, module: tuple[str, ...], environment: Mapping[str, str]) -> Service:
    command = (sys.executable, "-m", *module)
    return Service(name, command, home.logs / f"{name}.log", {**QUIET, **environment})

"""Which services run on one machine, and their settings."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labelloop.alerts.channels import targets
from labelloop.alerts.settings import ALERT, RULE, STATE, read_rules, written
from labelloop.config import dashboard
from labelloop.config.deployment import ArgillaAccess
from labelloop.config.environment import SERVICE
from labelloop.config.home import Home
from labelloop.config.locations import Locations
from labelloop.config.service_settings import (
    ALERTING,
    DASHBOARD,
    ENGINE,
    KEEP_MODELS,
    LEARNER,
    LLM_KEY,
    SERVICES,
    SUGGESTER,
    WEBHOOK_URL,
    ServiceSettings,
    chosen_engine,
    default_threads,
    number,
)
from labelloop.learner.shared import SHARED
from labelloop.observe.settings import PORT, Observing
from labelloop.supervisor.service import Service

ARGILLA_PUBLIC_URL = "LABELLOOP_ARGILLA_PUBLIC_URL"
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


def learner(home: Home, address: Path) -> Service:
    """The process that runs the tasks of all services."""
    options = ("--address", str(address), "--threads", str(_threads()), "--stop-with-parent")
    return _python(home, LEARNER, ("labelloop.learner", *options), {})


@dataclass(frozen=True)
class OptionalServices:
    """Services beside the loop: the evaluator, alerting if there are addresses, and the dashboard.

    `alert`: Apprise URLs. `rules`: pairs of a rule's name and value. `dashboard`: host and port.
    """

    evaluate: bool = True
    alert: tuple[str, ...] = field(default=(), repr=False)
    rules: tuple[tuple[str, str], ...] = ()
    dashboard: tuple[str, int] | None = None

    def check(self) -> None:
        """Raises UserError if alerts cannot work with these settings."""
        read_rules(self.rules)
        if self.alert:
            targets(self.alert)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the services."""
        chosen = SERVICES if self.evaluate else tuple(name for name in SERVICES if name != "evaluator")
        beside = {ALERTING: self.alert, DASHBOARD: self.dashboard}
        return (*chosen, *(name for name, wanted in beside.items() if wanted))


def services(
    home: Home,
    locations: Locations,
    access: ArgillaAccess,
    beside: OptionalServices,
    learner: Path | None = None,
    *,
    names: Sequence[str] | None = None,
    webhook_url: str | None = None,
) -> list[Service]:
    """The services of the loop and the optional ones, or those of these `names`.

    `learner`: the address of the learner of this home. `webhook_url`: where Argilla tells the watcher of
    answers, unless LABELLOOP_WEBHOOK_URL says another.

    If LABELLOOP_HEALTH_PORT is set, the first service serves its health page there, and the others on the
    following ports. Otherwise, if there are alerts, each uses any free port.
    """
    environment = settings(home, locations, access).to_environment()
    if learner is not None:
        environment[SHARED] = str(learner)
    if webhook_url is not None and WEBHOOK_URL not in SERVICE:
        environment[WEBHOOK_URL] = webhook_url
    first = Observing.from_environment().port
    if beside.alert and first is None:
        first = 0
    own = {
        name: _port(first, number) for number, name in enumerate((*SERVICES, ALERTING, SUGGESTER, DASHBOARD))
    }
    own[ALERTING] |= {ALERT: " ".join(beside.alert), RULE: written(beside.rules), STATE: str(home.path)}
    own[DASHBOARD] |= {RULE: written(beside.rules), **_of_dashboard(home, access, beside.dashboard)}
    return [
        _python(home, name, (f"services.{name}",), {**environment, **own[name]})
        for name in names or beside.names
    ]


def _of_dashboard(home: Home, access: ArgillaAccess, at: tuple[str, int] | None) -> dict[str, str]:
    if at is None:
        return {}
    host, port = at
    return {
        dashboard.HOST: host,
        dashboard.PORT: str(port),
        dashboard.STATE: str(home.dashboard),
        dashboard.TOKEN_FILE: str(home.dashboard_token),
        ARGILLA_PUBLIC_URL: access.page,
    }


def annotators(
    home: Home, locations: Locations, access: ArgillaAccess, project: str, behaviour: Mapping[str, str]
) -> Service:
    """Simulated annotators, which label a project from the gold labels of its pool."""
    arguments = [part for option in {"--project": project, **behaviour}.items() for part in option]
    environment = settings(home, locations, access).to_environment()
    module = ("labelloop.oracle.simulated", *arguments, "--stop-with-parent")
    return _python(home, "annotators", module, environment)


def settings(home: Home, locations: Locations, access: ArgillaAccess) -> ServiceSettings:
    """The settings for the services of this home."""
    keep = SERVICE.get("LABELLOOP_KEEP_MODELS") or str(KEEP_MODELS)
    basis = ServiceSettings(
        log=locations.log,
        store=locations.store,
        argilla_url=access.url,
        argilla_key=access.key,
        argilla_headers=access.headers,
        run=home.run,
        parent=os.getpid(),
    )
    return ServiceSettings.from_environment(
        {
            **basis.to_environment(),
            "LABELLOOP_THREADS": str(_threads()),
            "LABELLOOP_KEEP_MODELS": keep,
            ENGINE: chosen_engine(),
        }
    )


def _threads() -> int:
    return number(SERVICE, "LABELLOOP_THREADS", default_threads())


def _port(first: int | None, number: int) -> dict[str, str]:
    return {} if first is None else {PORT: str(first + number if first else 0)}


def _python(home: Home, name: str, module: tuple[str, ...], environment: Mapping[str, str]) -> Service:
    # Nothing in the current folder may shadow a module of ours or of Python.
    command = (sys.executable, "-P", "-m", *module)
    # Addresses contain secrets: only the alerting service gets them, and only the suggester its key.
    kept = {ALERT: "", **({} if name == SUGGESTER else {LLM_KEY: ""})}
    if name != DASHBOARD:
        kept[dashboard.TOKEN] = ""
    return Service(name, command, home.logs / f"{name}.log", {**QUIET, **kept, **environment})

"""Run all services of one machine."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from labelloop.config.deployment import ArgillaAccess
from labelloop.config.home import Home
from labelloop.config.locations import Locations
from labelloop.learner.shared import private_folder, shared_learner
from labelloop.oracle.server import credentials
from labelloop.supervisor import plan
from labelloop.supervisor.access import wait_until_up
from labelloop.supervisor.embedded import Embedded, local_url
from labelloop.supervisor.supervisor import Supervisor

RESTARTS = 3


@dataclass(frozen=True)
class Machine:
    """The running services and their Argilla. `learner`: the address of their own learner, if any."""

    home: Home
    locations: Locations
    supervisor: Supervisor
    access: ArgillaAccess
    learner: Path | None


@asynccontextmanager
async def running(
    home: Home, locations: Locations, argilla: Embedded | ArgillaAccess, say: Callable[[str], None]
) -> AsyncIterator[Machine]:
    """Start the embedded Argilla. On exit, stop everything in order. The caller holds the home's lock."""
    if isinstance(argilla, Embedded):
        url, key = local_url(argilla.host, argilla.port), credentials(home.argilla).api_key
        access = ArgillaAccess(url, key, public_url=argilla.public_url)
    else:
        access = argilla
    with private_folder() as folder:
        async with Supervisor(home, access.url, say) as supervisor:
            if isinstance(argilla, Embedded):
                supervisor.start(plan.argilla(home, argilla.host, argilla.port))
            learner = None if shared_learner() else Path(folder) / "learner"
            yield Machine(home, locations, supervisor, access, learner)


async def argilla_answers(machine: Machine) -> None:
    """Wait until Argilla answers. Raises UserError if it keeps crashing."""

    def given_up() -> str | None:
        state = machine.supervisor.state_of("argilla")
        return state.ended if state is not None and state.restarts >= RESTARTS else None

    await wait_until_up(machine.access, given_up)


async def start_services(machine: Machine, beside: plan.OptionalServices) -> None:
    """Start the services once Argilla answers. It starts faster while nothing else runs.

    Raises UserError if Argilla keeps crashing.
    """
    await argilla_answers(machine)
    if machine.learner is not None:
        machine.supervisor.start(plan.learner(machine.home, machine.learner))
    for service in plan.services(machine.home, machine.locations, machine.access, beside, machine.learner):
        machine.supervisor.start(service)

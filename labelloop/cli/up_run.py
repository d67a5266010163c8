"""`labelloop up`: the loop with people."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace

from labelloop.cli.dashboard import Dashboard, chosen_dashboard, remember_dashboard
from labelloop.cli.known_people import check_can_ask_twice
from labelloop.cli.live_view import Watch, login_lines, tell_links, tell_notes
from labelloop.cli.opened import Opened, OpenedForProjects, opened_for_projects
from labelloop.cli.screen import Screen
from labelloop.config.deployment import ArgillaAccess, GivenArgilla, choose_elsewhere, save_elsewhere
from labelloop.config.home import Home, open_home
from labelloop.config.locations import (
    Locations,
    Where,
    check_log_is_there,
    choose_locations,
    is_file,
    remember_locations,
)
from labelloop.config.service_settings import ARGILLA, chosen_oracle
from labelloop.errors import UserError
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server import credentials
from labelloop.projects.catalog import sound
from labelloop.projects.create import ensure_project
from labelloop.projects.machines import is_suggester_needed
from labelloop.projects.next_steps import going_on_lines
from labelloop.projects.options import ProjectOptions, flag
from labelloop.supervisor.argilla import (
    Embedded,
    check,
    check_free,
    choose_address,
    colleagues_url,
    remember_address,
)
from labelloop.supervisor.lock import hold
from labelloop.supervisor.plan import OptionalServices
from labelloop.supervisor.supervisor import (
    Machine,
    end_leftovers,
    running,
    start_services,
    start_suggester,
)

LOOK_EVERY = 1.0


@dataclass
class PeopleLoop:
    """One run of `labelloop up`. Options that are not given keep their values from the last run."""

    where: Where
    options: ProjectOptions
    host: str | None
    port: int | None
    argilla: GivenArgilla
    beside: OptionalServices
    dashboard: tuple[str | None, int | None] | None = (None, None)
    _machine: Machine | None = field(default=None, init=False)

    async def serve(self) -> None:
        """Serve until cancelled. Raises UserError on bad input, before anything runs."""
        self.beside.check()
        _check_oracle()
        home = open_home(self.where.home)
        locations = choose_locations(home, self.where.elsewhere)
        if self.where.elsewhere.log is None:
            check_log_is_there(locations)
        with hold(home.run), Screen() as screen:
            end_leftovers(home)
            async with opened_for_projects(locations) as for_projects:
                argilla = await self._argilla(home)
                shown = Dashboard(None) if self.dashboard is None else chosen_dashboard(home, *self.dashboard)
                self.beside = replace(self.beside, dashboard=shown.at)
                await self._prepare(for_projects, screen)
                opened_log = await for_projects.make()
                remember_locations(locations)
                _remember(home, argilla)
                if self.dashboard is not None:
                    remember_dashboard(home, *self.dashboard, shown.at)
                await self._serve(home, opened_log, argilla, shown, screen)

    def kill(self) -> None:
        """Kill everything that runs, at once."""
        if self._machine is not None:
            self._machine.supervisor.kill()

    async def _prepare(self, opened_log: OpenedForProjects, screen: Screen) -> None:
        if self.options.dataset or self.options.name:
            ensured = await ensure_project(
                opened_log.store,
                opened_log.log.make,
                opened_log.histories,
                self.options,
                tries_model=True,
                tell=screen.tell,
            )
            screen.show(())
            await tell_notes(await opened_log.log.make(), ensured, screen)
            if ensured.is_new:
                screen.line(f"project {ensured.project} starts")
            return
        if self.options.given_names:
            option = flag(sorted(self.options.given_names)[0])
            raise UserError(f"{option} belongs to a project: name one with --dataset FILE or --name NAME")
        if not opened_log.histories and not opened_log.locations.has_own_log:
            screen.line(
                "there is no project in this log yet: create one with `labelloop init`, and it will be served"
            )
            return
        if not opened_log.histories:
            raise UserError(
                "there is no project here yet: give --dataset FILE --labels a,b, or try `labelloop demo`"
            )
        if all(history.halt for history in opened_log.histories.values()):
            for history in opened_log.histories.values():
                sound(history)

    async def _argilla(self, home: Home) -> Embedded | ArgillaAccess:
        """The Argilla to use, once it can be. Raises UserError."""
        access = choose_elsewhere(home, self.argilla)
        await check_can_ask_twice(home, self.argilla, self.options)
        if access is None:
            address = choose_address(home, self.host, self.port, self.argilla.public_url)
            check_free(address.host, address.port)
            return address
        async with Argilla(access.url, access.key, access.headers) as argilla:
            await check(argilla, access.url)
        return access

    async def _serve(
        self,
        home: Home,
        opened_log: Opened,
        argilla: Embedded | ArgillaAccess,
        dashboard: Dashboard,
        screen: Screen,
    ) -> None:
        for line in _about(opened_log.locations, argilla):
            screen.line(line)
        histories = tuple(opened_log.histories.values())
        for line in (line for history in histories for line in going_on_lines(history)):
            screen.line(line)
        watch = Watch(home, screen, histories, tells_endings=True)
        async with running(home, opened_log.locations, argilla, screen.line) as machine:
            self._machine = machine
            screen.line("starting Argilla")
            await start_services(machine, self.beside)
            for line in (*_login(home, argilla, machine.access.page), *dashboard.lines):
                screen.line(line)
            beside = (
                asyncio.create_task(tell_links(machine.access, watch, screen)),
                asyncio.create_task(self._start_suggester(machine, watch)),
            )
            try:
                await watch.until(opened_log.log, lambda histories: False)
            finally:
                for task in beside:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    async def _start_suggester(self, machine: Machine, watch: Watch) -> None:
        """Start the service that asks machines for labels, once a project has chosen one."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if is_suggester_needed(list(watch.histories.values())):
                start_suggester(machine, self.beside)
                return


def _check_oracle() -> None:
    """Raises UserError if LABELLOOP_ORACLE names an oracle other than Argilla, which `up` starts."""
    oracle = chosen_oracle()
    if oracle != ARGILLA:
        raise UserError(
            f"LABELLOOP_ORACLE is {oracle}, but `labelloop up` starts Argilla: unset it, "
            f"or start the services themselves (python -P -m labelloop.runtime querier …)"
        )


def _remember(home: Home, argilla: Embedded | ArgillaAccess) -> None:
    if isinstance(argilla, Embedded):
        remember_address(home, argilla)
    else:
        save_elsewhere(home, argilla)


def _about(locations: Locations, argilla: Embedded | ArgillaAccess) -> list[str]:
    """Where the log is, if it is not the home's, and what other machines need to share it."""
    if locations.has_own_log:
        return []
    lines = [f"log        {locations.log}"]
    if not is_file(locations.log) and (isinstance(argilla, Embedded) or locations.has_own_store):
        lines.append(
            "only this machine can serve it: several machines need a shared --argilla-url and --store"
        )
    return lines


def _login(home: Home, argilla: Embedded | ArgillaAccess, url: str) -> list[str]:
    if isinstance(argilla, Embedded):
        return login_lines(url, credentials(home.argilla), colleagues_url(argilla.host, argilla.port))
    return login_lines(url, None, None)

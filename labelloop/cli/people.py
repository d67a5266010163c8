"""The loop with people, from an empty home to a running one."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labelloop.cli.interrupt import Kill
from labelloop.cli.opened import Opened, opened
from labelloop.cli.view.links import login_lines, tell_links
from labelloop.cli.view.notes import tell_notes
from labelloop.cli.view.screen import Screen
from labelloop.cli.view.watch import Watch
from labelloop.deployment import ArgillaAccess, find_elsewhere, save_elsewhere
from labelloop.errors import UserError
from labelloop.home import Home, open_home
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server import credentials
from labelloop.projects.catalog import sound
from labelloop.projects.create import ensure_project
from labelloop.projects.options import ProjectOptions
from labelloop.supervisor.access import check
from labelloop.supervisor.address import check_free, colleagues_url
from labelloop.supervisor.embedded import Embedded, choose_address, remember_address
from labelloop.supervisor.lock import hold
from labelloop.supervisor.machine import running, start_services
from labelloop.supervisor.supervisor import end_leftovers

Elsewhere = tuple[str | None, str | None, Mapping[str, str]]


@dataclass(frozen=True)
class People:
    """`labelloop up` as it was asked for; without `host` or `port`, that of the last time is taken.

    `elsewhere` is URL, key and headers of another Argilla.
    """

    path: Path
    options: ProjectOptions
    host: str | None
    port: int | None
    elsewhere: Elsewhere

    async def serve(self, kills: list[Kill]) -> None:
        """Serve until cancelled. Raises UserError before anything runs when the input is bad."""
        home = open_home(self.path)
        with hold(home.run), Screen() as screen:
            end_leftovers(home)
            async with opened(home) as found:
                await self._prepare(found, screen)
                await self._serve(found, await self._argilla(home), screen, kills)

    async def _prepare(self, found: Opened, screen: Screen) -> None:
        if self.options.dataset or self.options.name:
            ensured = await ensure_project(found.home, found.log, found.histories, self.options)
            await tell_notes(found.log, ensured, screen)
            screen.line(f"project {ensured.project} {'begins' if ensured.is_new else 'goes on'}")
            return
        if self.options.given:
            option = sorted(self.options.given)[0].replace("_", "-")
            raise UserError(f"--{option} is of a project: name it with --dataset FILE or --name NAME")
        if not found.histories:
            raise UserError(
                "there is no project here yet: give --dataset FILE --labels a,b, or try `labelloop demo`"
            )
        if all(history.halt for history in found.histories.values()):
            for history in found.histories.values():
                sound(history)

    async def _argilla(self, home: Home) -> Embedded | ArgillaAccess:
        url, key, headers = self.elsewhere
        recorded = find_elsewhere(home)
        if url is None and recorded is None:
            if key is not None:
                raise UserError("--argilla-key is of an Argilla elsewhere: give its --argilla-url as well")
            address = choose_address(home, self.host, self.port)
            check_free(address.host, address.port)
            remember_address(home, address)
            return address
        if url is not None:
            access = ArgillaAccess(url.rstrip("/"), self._key(url, recorded), dict(headers))
        elif recorded is not None:
            access = ArgillaAccess(recorded.url, key or recorded.key, dict(headers) or recorded.headers)
        async with Argilla(access.url, access.key, access.headers) as argilla:
            await check(argilla, access.url)
        save_elsewhere(home, access)
        return access

    def _key(self, url: str, recorded: ArgillaAccess | None) -> str:
        key = self.elsewhere[1] or (recorded.key if recorded and recorded.url == url.rstrip("/") else None)
        if key is None:
            raise UserError(f"no key for the Argilla at {url}: give an owner's with --argilla-key")
        return key

    async def _serve(
        self, found: Opened, argilla: Embedded | ArgillaAccess, screen: Screen, kills: list[Kill]
    ) -> None:
        home = found.home
        watch = Watch(home, screen, tuple(found.histories.values()))
        async with running(home, argilla, screen.line) as machine:
            kills.append(machine.supervisor.kill)
            screen.line("starting Argilla")
            await start_services(machine)
            for line in _login(home, argilla, machine.access.url):
                screen.line(line)
            linking = asyncio.create_task(tell_links(machine.access, watch, screen))
            try:
                await watch.until(found.log, lambda histories: False)
            finally:
                linking.cancel()
                with suppress(asyncio.CancelledError):
                    await linking


def _login(home: Home, argilla: Embedded | ArgillaAccess, url: str) -> list[str]:
    if isinstance(argilla, Embedded):
        return login_lines(url, credentials(home.argilla), colleagues_url(argilla.host, argilla.port))
    return login_lines(url, None, None)

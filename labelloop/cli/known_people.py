"""The people of a log and of its Argilla, for the commands that change who may answer."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import Home, find_home
from labelloop.config.locations import Where

if TYPE_CHECKING:
    from labelloop.config.deployment import ArgillaAccess
    from labelloop.loop.history import History
    from labelloop.oracle.argilla import Argilla
    from labelloop.projects.log_creation import LogForProjects
    from labelloop.projects.options import ProjectOptions


@dataclass(frozen=True)
class People:
    """What a log and Argilla know of people. `roles` and `argilla` None: Argilla cannot be asked, and why."""

    log: "LogForProjects | None"
    histories: "dict[str, History]"
    argilla: "Argilla | None"
    access: "ArgillaAccess | None"
    roles: dict[str, str] | None
    unasked: str | None = None

    def closed(self, name: str) -> str | None:
        """How the person was kept from answering, if that holds."""
        from labelloop.projects.catalog import standings

        standing = standings(self.histories).get(name)
        return standing.word if standing is not None and standing.is_barred else None

    async def say(self, name: str, word: str, why: str = "") -> None:
        """Say it in the log, then to Argilla, if it answers; the querier says it, too."""
        from labelloop.loop.state import Standing
        from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE
        from labelloop.projects.operator_requests import set_standing

        if self.log is not None and self.histories:
            await set_standing(await self.log.make(), self.histories, name, word, why)
        if self.argilla is None:
            return
        standing = Standing(word, datetime.now(UTC))
        if await self.argilla.say_standings({name: standing}):
            return
        workspaces = [DEFAULT_WORKSPACE, *self.histories]
        for workspace in workspaces if standing.is_barred else ():
            await self.argilla.leave_workspace(workspace, {name})
        if not standing.is_barred and name in (self.roles or {}):
            await self.argilla.create_annotator(name, DEFAULT_WORKSPACE)


async def roles_in(home: Home | None, given: GivenArgilla) -> tuple[dict[str, str] | None, str | None]:
    """The roles of Argilla's users by name; None and why if it cannot be asked and was not named."""
    from labelloop.errors import Unavailable, UserError
    from labelloop.supervisor.argilla import reached

    try:
        async with reached(home, given) as (argilla, _):
            return {user.username: user.role for user in await argilla.users()}, None
    except (UserError, Unavailable) as error:
        if given.url is not None:
            raise
        return None, str(error)


async def check_can_ask_twice(home: Home | None, given: GivenArgilla, asked: "ProjectOptions") -> None:
    """Raises UserError if two people are to answer some texts, in an Argilla that does not know that."""
    from labelloop.config.deployment import choose_elsewhere
    from labelloop.errors import Unavailable, UserError
    from labelloop.oracle.argilla import Argilla

    access = choose_elsewhere(home, given) if asked.overlap else None
    if access is None:
        return
    async with Argilla(access.url, access.key, access.headers) as argilla:
        try:
            is_ours = await argilla.standings() is not None
        except Unavailable:
            return  # The querier will tell.
    if not is_ours:
        raise UserError(
            f"the Argilla at {access.url} asks as many people for each text: leave out --overlap, "
            "or use the Argilla that comes with labelloop"
        )


@asynccontextmanager
async def known_people(where: Where, given: GivenArgilla, must_reach: bool) -> AsyncIterator[People]:
    """Read the log, if there is one, and ask Argilla. Raises UserError, and Unavailable.

    `must_reach`: an Argilla that does not answer is an error. Otherwise it is only if nothing else is known.
    """
    from labelloop.cli.opened import opened_for_projects
    from labelloop.errors import Unavailable, UserError
    from labelloop.supervisor.argilla import reached

    async with AsyncExitStack() as stack:
        log, histories, home = None, {}, None
        if given.url is None or where.elsewhere.log is not None or find_home(where.home) is not None:
            locations = where.find()
            opened = await stack.enter_async_context(opened_for_projects(locations))
            log, histories, home = opened.log, opened.histories, locations.home
        try:
            argilla, access = await stack.enter_async_context(reached(home, given))
            roles = {user.username: user.role for user in await argilla.users()}
        except (UserError, Unavailable) as error:
            if must_reach or given.url is not None or not histories:
                raise
            yield People(log, histories, None, None, None, str(error))
            return
        yield People(log, histories, argilla, access, roles)

"""Connect to a home's Argilla or to an external one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from labelloop.config.deployment import ArgillaAccess, GivenArgilla, choose_elsewhere
from labelloop.config.home import Home
from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server import credentials
from labelloop.supervisor.embedded import choose_address
from labelloop.supervisor.lock import holder
from labelloop.supervisor.state import read_state

INTERVAL = 0.1
PATIENCE = 120.0
OWNER = "owner"


@asynccontextmanager
async def reached(home: Home | None, given: GivenArgilla) -> AsyncIterator[tuple[Argilla, ArgillaAccess]]:
    """The given Argilla, or the one that the home uses. Raises UserError if it does not run."""
    access = choose_elsewhere(home, given) or given.shown(embedded(home))
    async with Argilla(access.url, access.key, access.headers) as argilla:
        await check(argilla, access.url)
        yield argilla, access


async def check(argilla: Argilla, url: str) -> None:
    """Raises UserError unless Argilla answers and the key is an owner's."""
    try:
        user = await argilla.me()
    except Unavailable as error:
        raise UserError(
            f"Argilla at {url} does not answer ({error}): check its address, or start it"
        ) from error
    if user.role != OWNER:
        raise UserError(f"the key for {url} belongs to {user.username}, an {user.role}: give an owner's key")


async def wait_until_up(access: ArgillaAccess, given_up: Callable[[], str | None]) -> None:
    """Wait for an Argilla that is starting. Raises UserError if `given_up` returns a reason."""
    give_up = time.monotonic() + PATIENCE
    async with Argilla(access.url, access.key, access.headers) as argilla:
        while True:
            try:
                await argilla.me()
                return
            except Unavailable as error:
                reason = given_up() or (str(error) if time.monotonic() > give_up else None)
                if reason:
                    raise UserError(f"Argilla does not start: {reason}") from error
            await asyncio.sleep(INTERVAL)


def embedded(home: Home | None) -> ArgillaAccess:
    """The Argilla that the home's supervisor runs. Raises UserError if none runs."""
    if home is None:
        raise UserError("there is no Argilla: give --argilla-url and --argilla-key")
    state = read_state(home.run)
    if state is None or state.argilla is None or holder(home.run) is None:
        raise UserError(f"nothing runs in {home.path}: start it with `labelloop up`")
    public_url = choose_address(home, None, None).public_url
    return ArgillaAccess(state.argilla, credentials(home.argilla).api_key, public_url=public_url)

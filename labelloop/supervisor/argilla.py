"""A home's Argilla: where the embedded one listens, and how it or an external one is reached."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.config.deployment import ArgillaAccess, GivenArgilla, choose_elsewhere
from labelloop.config.home import Home
from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server import credentials
from labelloop.supervisor.lock import holder
from labelloop.supervisor.state import read_state

FILE = "argilla-address.json"
ANY = ("0.0.0.0", "::", "")
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 6900
INTERVAL = 0.1
PATIENCE = 120.0
OWNER = "owner"


@dataclass(frozen=True)
class Embedded:
    """The host and port of the embedded Argilla.

    `public_url`: the address at which people open its page, if it is another one.
    """

    host: str
    port: int
    public_url: str | None = None


def choose_address(home: Home, host: str | None, port: int | None, public_url: str | None = None) -> Embedded:
    """What is given; otherwise what held the last time, or the defaults.

    Raises UserError if the home's record is damaged.
    """
    before = _recorded(home) or Embedded(DEFAULT_HOST, DEFAULT_PORT)
    return Embedded(
        before.host if host is None else host,
        before.port if port is None else port,
        before.public_url if public_url is None else public_url.rstrip("/") or None,
    )


def remember_address(home: Home, address: Embedded) -> None:
    """Save the address for the next time."""
    atomic.write(home.path / FILE, json.dumps(asdict(address)) + "\n")


def _recorded(home: Home) -> Embedded | None:
    recorded = recorded_address(home.path / FILE, "--host and --port")
    if recorded is None:
        return None
    return Embedded(recorded["host"], recorded["port"], recorded.get("public_url"))


def recorded_address(path: Path, remedy: str) -> dict[str, Any] | None:
    """The `host` and `port` that a file of a home remembers, and what else. None if there is no file.

    `remedy`: the options to give where it is damaged. Raises UserError then.
    """
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        return {**recorded, "host": str(recorded["host"]), "port": int(recorded["port"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} cannot be read ({error}): remove it, and give {remedy}") from error


def check_free(host: str, port: int) -> None:
    """Raises UserError if the port cannot be used."""
    try:
        with _bound(host, port):
            return
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"port {port} on {host} cannot be used ({reason}): "
            "stop what uses it, or give another --host or --port"
        ) from error


def free_port(host: str, preferred: int = DEFAULT_PORT, further: int = 0) -> int:
    """The wanted port if it is free, or one of so many after it, otherwise any free port."""
    for port in (*range(preferred, preferred + further + 1), 0):
        try:
            with _bound(host, port) as bound:
                return int(bound.getsockname()[1])
        except OSError:
            continue
    raise UserError(f"no port on {host} can be used: give another --host")


def local_url(host: str, port: int) -> str:
    """The URL for this machine."""
    name = "127.0.0.1" if host in ANY else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def colleagues_url(host: str, port: int) -> str | None:
    """The URL for other machines, or None if it listens on one address only."""
    return f"http://{socket.gethostname()}:{port}" if host in ANY else None


def _bound(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def reached(
    home: Home | None, argilla_options: GivenArgilla
) -> AsyncIterator[tuple[Argilla, ArgillaAccess]]:
    """The given Argilla, or the one that the home uses. Raises UserError if it does not run."""
    access = choose_elsewhere(home, argilla_options) or argilla_options.shown(embedded(home))
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

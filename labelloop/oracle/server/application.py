"""Argilla's application; import it once the environment is set and the imports are trimmed."""

import asyncio
import socket
import warnings
from pathlib import Path

import uvicorn
from argilla_server import app
from sqlalchemy.exc import SAWarning

from labelloop.oracle.server import connection, jobs  # noqa: F401  (the connection registers itself)
from labelloop.oracle.server.database import prepare
from labelloop.oracle.server.next_batch import show_next_batch
from labelloop.oracle.server.owner import ensure_owner
from labelloop.oracle.server.pages import OwnFonts
from labelloop.oracle.server.search import engine  # noqa: F401  (registers itself)
from labelloop.oracle.server.secrets import Credentials

GRACE_SECONDS = 3


def run(database: Path, login: Credentials, listener: socket.socket) -> None:
    """Serve requests on `listener` until a signal asks to stop."""
    warnings.simplefilter("ignore", SAWarning)
    jobs.run_here()
    prepare(database)
    show_next_batch(app)
    config = uvicorn.Config(
        OwnFonts(app),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    asyncio.run(_serve(uvicorn.Server(config), login, listener))


async def _serve(server: uvicorn.Server, login: Credentials, listener: socket.socket) -> None:
    await ensure_owner(login)
    await server.serve(sockets=[listener])

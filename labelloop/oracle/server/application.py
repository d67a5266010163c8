"""Argilla's application. Import it only after the environment is set and the imports are trimmed."""

import asyncio
import logging
import socket
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from argilla_server import app
from argilla_server.api.policies.v1 import RecordPolicy
from argilla_server.contexts import accounts
from argilla_server.database import AsyncSessionLocal, async_engine
from argilla_server.enums import UserRole
from argilla_server.jobs import dataset_jobs
from argilla_server.models import Record, User
from sqlalchemy import event
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm.attributes import set_committed_value

from labelloop.observe import logs
from labelloop.observe.settings import Observing
from labelloop.oracle.server.database import prepare
from labelloop.oracle.server.kept_answers import (
    LateAnswers,
    fail_with_the_database,
    keep_newer_answers,
    make_table,
)
from labelloop.oracle.server.logins import bar_people, end_with_the_password, read_accounts_alone
from labelloop.oracle.server.pages import Forwarded, Policed, change_pages
from labelloop.oracle.server.reservations import Screens
from labelloop.oracle.server.search import engine  # noqa: F401  (registers itself)
from labelloop.oracle.server.search.engine import FUNCTION, matches
from labelloop.oracle.server.secrets import Credentials
from labelloop.oracle.server.wanted_answers import count_by_batch, keep_changed_metadata
from labelloop.oracle.server.webhooks import couriers, deliver_webhooks

GRACE_SECONDS = 3
_running: set[asyncio.Task[None]] = set()


def run(database: Path, login: Credentials, listener: socket.socket) -> None:
    """Serve requests on `listener` until a signal arrives."""
    warnings.simplefilter("ignore", SAWarning)
    log_in_lines()
    read_accounts_alone()
    run_here()
    keep_answers_private()
    keep_newer_answers()
    fail_with_the_database()
    count_by_batch()
    keep_changed_metadata()
    end_with_the_password()
    deliver_webhooks()
    prepare(database)
    make_table(database)
    bar_people(database)
    policy = change_pages(app)
    config = uvicorn.Config(
        Policed(Forwarded(Screens(LateAnswers(app))), policy),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    config.setup_event_loop()
    asyncio.run(_serve(uvicorn.Server(config), login, listener))


def log_in_lines() -> None:
    """Write each message as one line, as our services do. Argilla's own handler wraps it at 80 columns."""
    logs.configure(Observing.from_environment().json)
    logging.getLogger().setLevel(logging.WARNING)


async def _serve(server: uvicorn.Server, login: Credentials, listener: socket.socket) -> None:
    await ensure_owner(login)
    await couriers.read()
    await server.serve(sockets=[listener])


@event.listens_for(async_engine.sync_engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    """Do not wait for the disk at each commit: a commit in the write-ahead log survives the process."""
    connection.create_function(FUNCTION, 4, matches, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


async def ensure_owner(login: Credentials) -> None:
    """Create the owner's account, or give it the login of the secrets file if the API keys differ."""
    async with AsyncSessionLocal() as session:
        owner = await User.get_by(session, username=login.username)
        if owner is not None and owner.api_key == login.api_key:
            return
        secret = {"api_key": login.api_key, "password_hash": accounts.hash_password(login.password)}
        if owner is None:
            await User.create(
                session, first_name=login.username, username=login.username, role=UserRole.owner, **secret
            )
        else:
            await owner.update(session, role=UserRole.owner, **secret)


def keep_answers_private() -> None:
    """Show annotators who ask for a record their own answer only: votes must not depend on each other."""
    may_get = RecordPolicy.get

    def get(record: Record) -> Callable[[User], Awaitable[bool]]:
        async def is_allowed(actor: User) -> bool:
            if actor.role == UserRole.annotator:
                own = [response for response in record.responses if response.user_id == actor.id]
                set_committed_value(record, "responses", own)
            return bool(await may_get(record)(actor))

        return is_allowed

    RecordPolicy.get = get


def run_here() -> None:
    """Count records again in this process when a data set's `min_submitted` changes."""
    dataset_jobs.update_dataset_records_status_job.delay = _start


def _start(dataset_id: UUID) -> None:
    task = asyncio.get_running_loop().create_task(dataset_jobs.update_dataset_records_status_job(dataset_id))
    _running.add(task)
    task.add_done_callback(_running.discard)

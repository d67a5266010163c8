"""Background jobs of Argilla's, run by the server itself: there is no worker."""

import asyncio
from uuid import UUID

from argilla_server.jobs import dataset_jobs

_running: set[asyncio.Task[None]] = set()


def run_here() -> None:
    """Count records anew in this process when a data set's `min_submitted` changes."""
    dataset_jobs.update_dataset_records_status_job.delay = _start


def _start(dataset_id: UUID) -> None:
    task = asyncio.get_running_loop().create_task(dataset_jobs.update_dataset_records_status_job(dataset_id))
    _running.add(task)
    task.add_done_callback(_running.discard)

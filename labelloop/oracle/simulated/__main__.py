"""`python -P -m labelloop.oracle.simulated`: annotate a project from the gold labels of its pool.

Give either a project of a deployment (`--project`, with a service's settings in the environment), or a data
set in an Argilla (`--url`, `--dataset`, `--pool` and the annotators' keys).
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from labelloop.backoff import Backoff
from labelloop.config.environment import ANNOTATORS
from labelloop.config.service_settings import ServiceSettings, argilla_headers
from labelloop.errors import Unavailable, UserError
from labelloop.log import open_log
from labelloop.log.base import own_group
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.oracle.argilla import Argilla, Dataset
from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE
from labelloop.oracle.simulated.annotator import Decide, GoldAnswers, gold_labels, work
from labelloop.pool.label_cells import Gold
from labelloop.pool.snapshot import paths_of
from labelloop.projects.catalog import created, named, read_histories
from labelloop.startup import stop_with_parent
from labelloop.store import open_store
from schemas.events import ProjectCreated

KEYS_VARIABLE = "LABELLOOP_ANNOTATOR_KEYS"
GoldOf = Callable[[int], Gold | None]
Share = click.FloatRange(0, 1)
Result = TypeVar("Result")

log = logging.getLogger("labelloop.oracle.simulated")  # __name__ is "__main__" here


@dataclass(frozen=True)
class AnnotationJob:
    """A data set in Argilla, the pool snapshots with its gold labels, and one API key per annotator.

    `pools_now` tells the snapshots of a pool that may have grown since.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    dataset: str
    workspace: str
    pools: Sequence[Path]
    keys: Sequence[str] = field(repr=False)
    pools_now: Callable[[], Sequence[Path]] = tuple


@click.command(help="Annotate a project, or a data set in Argilla, from gold labels.")
@click.option(
    "--project",
    envvar="LABELLOOP_PROJECT",
    help="Name or id of a project in the log; it may appear later. Set LABELLOOP_LOG, LABELLOOP_STORE, "
    "LABELLOOP_ARGILLA_URL and LABELLOOP_ARGILLA_KEY.",
)
@click.option(
    "--annotators",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of accounts to create for --project.",
)
@click.option("--url", help="Argilla's address.")
@click.option("--dataset", help="Name of a data set, instead of --project. It may appear later.")
@click.option("--workspace", default=DEFAULT_WORKSPACE, show_default=True)
@click.option(
    "--pool",
    "pools",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Pool snapshot with the column `gold`. Give several in order.",
)
@click.option(
    "--keys",
    type=click.Path(path_type=Path),
    help=f"File (mode 0600) with one API key per line. [default: the keys in {KEYS_VARIABLE}]",
)
@click.option("--seconds-per-label", type=click.FloatRange(min=0), default=0.0, show_default=True)
@click.option(
    "--error", "error_share", type=Share, default=0.0, show_default=True, help="Share of wrong labels."
)
@click.option("--discard", type=Share, default=0.0, show_default=True, help="Share of discarded texts.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--stop-with-parent",
    "parent_too",
    is_flag=True,
    help="Stop when the parent process ends.",
)
def main(
    project: str | None,
    annotators: int,
    url: str | None,
    dataset: str | None,
    workspace: str,
    pools: tuple[Path, ...],
    keys: Path | None,
    seconds_per_label: float,
    error_share: float,
    discard: float,
    seed: int,
    parent_too: bool,
) -> None:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        if parent_too:
            stop_with_parent()
        if project is not None:
            employing = employ(ServiceSettings.from_environment(), project, annotators)
        elif url and dataset and pools:
            annotators_keys = tuple(api_keys(keys, ANNOTATORS))
            job = AnnotationJob(url, argilla_headers(ANNOTATORS), dataset, workspace, pools, annotators_keys)
            employing = _at_once(job)
        else:
            raise UserError("nothing to annotate: give --project, or --url, --dataset and --pool")

        def deciding(gold: GoldOf, data_set: Dataset) -> Decide:
            personal = data_set.min_submitted > 1
            return GoldAnswers(gold, data_set.labels, error_share, discard, seed, personal)

        asyncio.run(_work(employing, deciding, seconds_per_label))
    except UserError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


async def _at_once(employment: AnnotationJob) -> AnnotationJob:
    return employment


async def _work(
    employing: Awaitable[AnnotationJob],
    deciding: Callable[[GoldOf, Dataset], Decide],
    seconds_per_label: float,
) -> None:
    at = await employing
    gold = gold_labels(at.pools, at.pools_now)
    await work(
        at.url, at.keys, at.headers, at.dataset, at.workspace, partial(deciding, gold), seconds_per_label
    )


async def employ(settings: ServiceSettings, project: str, count: int) -> AnnotationJob:
    """Wait for a project with this name or id, and create `count` accounts, `annotator-1` and so on.

    Waits while the log or Argilla is down. Raises UserError.
    """
    project_id = await _patiently(lambda: _find(settings.log, project))
    keys = await _patiently(lambda: _accounts(settings, count))
    pools = await _patiently(lambda: _pools(settings, project_id))

    def pools_now() -> Sequence[Path]:
        with ThreadPoolExecutor(1) as thread:  # An event loop runs here already.
            return thread.submit(asyncio.run, _pools(settings, project_id)).result()

    return AnnotationJob(
        *(settings.argilla_url, settings.argilla_headers, project_id, DEFAULT_WORKSPACE),
        *(pools, keys, pools_now),
    )


async def _pools(settings: ServiceSettings, project: str) -> tuple[Path, ...]:
    opened = open_log(settings.log)
    try:
        pool = pool_of(created((await read_histories(opened))[project]))
    finally:
        await opened.close()
    return paths_of(await asyncio.to_thread(open_store(settings.store).pool, pool))


async def _find(url: str, project: str) -> str:
    opened = open_log(url)
    try:
        async with opened.follow(own_group()) as follower:
            async for record in follower:
                if record.event is not None and record.event.name == ProjectCreated.__name__:
                    history = named(await read_histories(opened), project)
                    if history is not None and isinstance(history.state, LoopState):
                        return history.project
    finally:
        await opened.close()
    raise Unavailable(f"the log {url} has ended")


async def _accounts(settings: ServiceSettings, count: int) -> tuple[str, ...]:
    names = [f"annotator-{number}" for number in range(1, count + 1)]
    async with Argilla(settings.argilla_url, settings.argilla_key, settings.argilla_headers) as argilla:
        accounts = [await argilla.create_annotator(name, DEFAULT_WORKSPACE) for name in names]
    return tuple(account.api_key for account in accounts)


async def _patiently(attempt: Callable[[], Awaitable[Result]]) -> Result:
    backoff, has_warned = Backoff(), False
    while True:
        try:
            return await attempt()
        except Unavailable as away:
            if not has_warned:
                log.warning("waiting: %s", away)
            has_warned = True
            await asyncio.sleep(backoff.next())


def api_keys(file: Path | None, environment: Mapping[str, str]) -> list[str]:
    """One API key per annotator, from a file (one per line, mode 0600) or the environment (with commas)."""
    text = _private(file) if file else environment.get(KEYS_VARIABLE, "").replace(",", " ")
    keys = list(dict.fromkeys(text.split()))
    if not keys:
        raise UserError(f"there is no annotator's API key; give a file with --keys, or set {KEYS_VARIABLE}")
    return keys


def _private(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise UserError(f"{file} can be read by others; run chmod 600 {file}")
        return file.read_text()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}; give the annotators' keys there") from error


if __name__ == "__main__":
    main()

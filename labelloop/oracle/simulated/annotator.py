"""Simulated annotators at work: take the first text of the queue, answer it, repeat."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable
from labelloop.oracle.argilla import Argilla, Dataset, Missing, Refused, Rejected
from labelloop.oracle.simulated.answers import Decide

EMPTY_QUEUE_WAIT = 0.3
LONGEST_EMPTY_QUEUE_WAIT = 1.0
LONGEST_WAIT = 5.0
PAGE = 2
log = logging.getLogger(__name__)


class Annotator:
    """An annotator with `argilla`'s key, who labels a data set, one text per `seconds_per_label`.

    `deciding` returns the answers for the data set that was found.
    """

    def __init__(
        self,
        argilla: Argilla,
        dataset: str,
        workspace: str,
        deciding: Callable[[Dataset], Decide],
        seconds_per_label: float = 0.0,
    ) -> None:
        self._argilla = argilla
        self._dataset = dataset
        self._workspace = workspace
        self._deciding = deciding
        self._seconds_per_label = seconds_per_label
        self._backoff = Backoff(limit=LONGEST_WAIT)
        self._empty = Backoff(EMPTY_QUEUE_WAIT, LONGEST_EMPTY_QUEUE_WAIT)
        self._failing = False

    async def run(self) -> None:
        """Answer until cancelled. Waits for the data set if it does not exist yet.

        Failures on Argilla's side (down, key refused, data set or record deleted) are retried with growing
        waits, and logged once.
        """
        while True:
            try:
                await self._work()
            except (Unavailable, Refused, Missing, Rejected) as error:
                log.log(logging.DEBUG if self._failing else logging.WARNING, "trying again: %s", error)
                self._failing = True
                await asyncio.sleep(self._backoff.next())

    async def _work(self) -> None:
        username = (await self._argilla.me()).username
        dataset = await self._argilla.find_dataset(self._dataset, self._workspace)
        if dataset is None:
            await asyncio.sleep(EMPTY_QUEUE_WAIT)
            return
        decide = self._deciding(dataset)
        while True:
            if await self._answer_some(dataset, username, decide):
                continue
            # To ask costs the server more than anything else that a demo asks of it.
            await asyncio.sleep(self._empty.next())
            if (newer := await self._argilla.follower(dataset)) is not None:
                dataset, decide = newer, self._deciding(newer)

    async def _answer_some(self, dataset: Dataset, username: str, decide: Decide) -> bool:
        """Whether there was something to answer."""
        waiting = await self._argilla.next_records(dataset, 1 if self._seconds_per_label else PAGE)
        # Somebody else's record has no item; none has, for an account that is just being deleted.
        queue = [record for record in waiting if "item" in record.metadata]
        for record in queue:
            self._empty.reset()
            await asyncio.sleep(self._seconds_per_label)
            answer = decide(int(record.metadata["item"]), username)
            await self._argilla.respond(record.id, answer.labels, answer.status, dataset.task)
        self._backoff.reset()
        self._failing = False
        return bool(queue)


async def work(
    url: str,
    keys: Sequence[str],
    headers: Mapping[str, str],
    dataset: str,
    workspace: str,
    deciding: Callable[[Dataset], Decide],
    seconds_per_label: float = 0.0,
) -> None:
    """Annotate, with one annotator per key, until SIGTERM or SIGINT."""
    async with AsyncExitStack() as clients:
        argillas = [await clients.enter_async_context(Argilla(url, key, headers)) for key in keys]
        working = [
            Annotator(argilla, dataset, workspace, deciding, seconds_per_label).run() for argilla in argillas
        ]
        tasks = [asyncio.ensure_future(each) for each in (_told_to_stop(), *working)]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()


async def _told_to_stop() -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()

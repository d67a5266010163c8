"""Several annotators in one process."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from labelloop.oracle.argilla import Argilla, Dataset
from labelloop.oracle.simulated.annotator import Annotator
from labelloop.oracle.simulated.decision import Decide


async def work(
    url: str,
    keys: Sequence[str],
    headers: Mapping[str, str],
    dataset: str,
    workspace: str,
    deciding: Callable[[Dataset], Decide],
    seconds_per_label: float = 0.0,
) -> None:
    """Annotate, one annotator a key, until SIGTERM or SIGINT."""
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

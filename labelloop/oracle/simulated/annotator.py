"""One annotator at work: the first text of the own queue, an answer, the next."""

import asyncio
import logging
from collections.abc import Callable

from labelloop.errors import Unavailable
from labelloop.oracle.argilla import Argilla, Dataset, Missing, Record, Refused, Rejected
from labelloop.oracle.simulated.decision import Decide
from labelloop.oracle.simulated.patience import Patience

EMPTY_QUEUE_WAIT = 0.3
PAGE = 4

log = logging.getLogger(__name__)


async def annotate(
    argilla: Argilla,
    dataset: str,
    workspace: str,
    deciding: Callable[[Dataset], Decide],
    seconds_per_label: float = 0.0,
) -> None:
    """Answer as the user of `argilla`'s key until cancelled; a data set that is not there is waited for.

    `deciding` gives the answers for the data set that was found. Whatever fails on Argilla's side (away, key
    refused, data set or record deleted) is tried again with growing waits, and said once.
    """
    patience = Patience()
    while True:
        try:
            await _work(argilla, dataset, workspace, deciding, seconds_per_label, patience)
        except (Unavailable, Refused, Missing, Rejected) as error:
            log.log(logging.WARNING if patience.rested else logging.DEBUG, "waiting: %s", error)
            await asyncio.sleep(patience.wait())


async def _work(
    argilla: Argilla,
    name: str,
    workspace: str,
    deciding: Callable[[Dataset], Decide],
    seconds_per_label: float,
    patience: Patience,
) -> None:
    username = (await argilla.me()).username
    dataset = await argilla.find_dataset(name, workspace)
    if dataset is None:
        await asyncio.sleep(EMPTY_QUEUE_WAIT)
        return
    decide = deciding(dataset)
    while True:
        queue = await argilla.next_records(dataset, 1 if seconds_per_label else PAGE)
        patience.reset()
        if not queue:
            await asyncio.sleep(EMPTY_QUEUE_WAIT)
        for record in queue:
            await asyncio.sleep(seconds_per_label)
            answer = decide(_item(record), username)
            await argilla.respond(record.id, answer.labels, answer.status)


def _item(record: Record) -> int:
    return int(record.metadata["item"])

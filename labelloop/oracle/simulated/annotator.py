"""Simulated annotators: each takes the first text of the queue, answers it by its gold label, and repeats."""

import asyncio
import hashlib
import logging
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla, Dataset, Missing, Refused, Rejected
from labelloop.pool.label_cells import Gold
from labelloop.pool.snapshot import OpenSnapshot

Decide = Callable[[int, str], "Answer"]
EMPTY_QUEUE_WAIT = 0.3
LONGEST_EMPTY_QUEUE_WAIT = 1.0
LONGEST_WAIT = 5.0
PAGE = 2
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to one text: `submitted` with labels, or `discarded`."""

    status: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoldAnswers:
    """Answers from gold labels, of which a share is wrong (`error`) and a share discarded (`discard`).

    They depend only on the seed and the pool item, so a text always gets the same label. With `personal` they
    also depend on the annotator's name, so annotators make different errors and a majority is better than one
    of them. A text without a gold label, or with one that is no label any more, is discarded. Where texts may
    have several labels, a wrong answer has one label too many, or one too few.
    """

    gold: Callable[[int], Gold | None]
    labels: Sequence[str]
    error: float = 0.0
    discard: float = 0.0
    seed: int = 0
    personal: bool = False

    def __call__(self, item: int, annotator: str) -> Answer:
        """The answer of this annotator to this pool item."""
        gold = self.gold(item)
        who = annotator if self.personal else ""
        if gold is None or self._draw(item, who, "discard") < self.discard:
            return Answer("discarded")
        is_wrong = self._draw(item, who, "error") < self.error
        draw = self._draw(item, who, "label")
        if isinstance(gold, str) and gold not in self.labels:
            return Answer("discarded")
        if isinstance(gold, str):
            return Answer("submitted", (self._other(gold, draw) if is_wrong else gold,))
        return Answer("submitted", self._with_error(gold, draw) if is_wrong else self._known_labels(gold))

    def _known_labels(self, gold: Collection[str]) -> tuple[str, ...]:
        return tuple(label for label in gold if label in self.labels)

    def _with_error(self, gold: Collection[str], draw: float) -> tuple[str, ...]:
        wrong = self.labels[int(draw * len(self.labels))]
        return tuple(label for label in self.labels if (label in gold) != (label == wrong))

    def _other(self, label: str, draw: float) -> str:
        others = [other for other in self.labels if other != label]
        return others[int(draw * len(others))] if others else label

    def _draw(self, item: int, who: str, what: str) -> float:
        digest = hashlib.sha256(f"{self.seed}:{item}:{what}:{who}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48


def gold_labels(
    pools: Sequence[Path], pools_now: Callable[[], Sequence[Path]] = tuple
) -> Callable[[int], Gold | None]:
    """A function from pool item (row number over all these snapshots) to its gold, or None beyond them.

    `pools_now` is asked for further snapshots at an item beyond them. Raises UserError for a snapshot without
    gold labels.
    """
    paths = list(pools)
    labels = [label for path in paths for label in _labels(path)]

    def gold(item: int) -> Gold | None:
        if item >= len(labels):
            for path in pools_now()[len(paths) :]:
                labels.extend(_labels(path))
                paths.append(path)
        return labels[item] if 0 <= item < len(labels) else None

    return gold


def _labels(path: Path) -> list[Gold]:
    snapshot = OpenSnapshot.open(path)
    labels: list[Gold] | None = snapshot.gold(range(len(snapshot)))
    if labels is None:
        raise UserError(f"the pool {path} has no gold labels; make it from a data set with a label column")
    return labels


class SimulatedAnnotator:
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
            SimulatedAnnotator(argilla, dataset, workspace, deciding, seconds_per_label).run()
            for argilla in argillas
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

"""Gives a group the events of a log: each at least once, tried again, and set aside when nothing helps."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Follower, Log, Record
from labelloop.log.dead_letters import DeadLetter, Standing
from labelloop.patience import Patience
from labelloop.slot import IDLE, Slot

logger = logging.getLogger(__name__)
LOOK_INTERVAL = 1.0
LONGEST_REASON = 1000

Handle = Callable[[Record], Awaitable[None]]


class Delivery:
    """The records past a group's committed position, and the dead letters of the group that are asked for.

    `handle` gets one record at a time, each with an event; a dead letter comes out of its order. It may raise
    Unavailable: something that it needs is away, and it is called again until that is back. All else
    that it raises is a failed attempt. After `attempts` the record becomes a dead letter and the next one
    comes; a dead letter that is asked for gets one attempt.
    """

    def __init__(
        self,
        log: Log,
        group: str,
        handle: Handle,
        slot: Slot,
        attempts: int = 4,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._log = log
        self._group = group
        self._handle = handle
        self._slot = slot
        self._attempts = attempts
        self._backoff = backoff
        self._log_patience = Patience(slot, "log", backoff)
        self._handler_patience = Patience(slot, "handler", backoff)
        self._turn = asyncio.Lock()
        self._strangers = 0

    async def run(self) -> None:
        """Run until cancelled. While the log is away, wait."""
        self._slot.say(doing=IDLE)
        # Nothing is handled that could not be set aside.
        await self._log_patience.until_done(self._log.dead_letters.read)
        while True:
            try:
                async with self._log.follow(self._group) as follower, asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._redrive(follower))
                    async for record in follower:
                        self._log_patience.is_over()
                        await self._deliver(record)
                        await self._log_patience.until_done(partial(follower.commit, record))
            except* (Unavailable, UserError) as away:
                await self._log_patience.wait(away.exceptions[0])

    async def _deliver(self, record: Record) -> None:
        """Return when the record is handled or set aside."""
        if record.event is None:
            self._strangers += 1
            logger.warning("%s is skipped, it holds no event: %s", record.place, record.problem)
            self._slot.say(strangers=self._strangers)
            return
        reason = await self._try(record, self._attempts)
        if reason is not None:
            place = (self._group, record.partition, record.offset)
            await self._put(DeadLetter(*place, record.event, reason, self._attempts, datetime.now(UTC)))

    async def _redrive(self, follower: Follower) -> None:
        """Look again and again which dead letters are asked for, and try each of them once."""
        while True:
            letters = await self._log_patience.until_done(self._log.dead_letters.read)
            for letter in letters.values():
                if self._is_due(letter) and letter.partition in follower.partitions():
                    await self._put(await self._tried_again(letter))
            await asyncio.sleep(LOOK_INTERVAL)

    def _is_due(self, letter: DeadLetter) -> bool:
        return letter.group == self._group and letter.standing is Standing.REDRIVEN

    async def _tried_again(self, letter: DeadLetter) -> DeadLetter:
        reason = await self._try(Record(letter.partition, letter.offset, letter.event), 1)
        now = datetime.now(UTC)
        return letter.settled(now) if reason is None else letter.failed_again(reason, now)

    async def _put(self, letter: DeadLetter) -> None:
        if letter.standing is Standing.DEAD:
            logger.error(
                "%s is a dead letter after %d attempts: %s", letter.id, letter.attempts, letter.reason
            )
        await self._log_patience.until_done(partial(self._log.dead_letters.put, letter))

    async def _try(self, record: Record, attempts: int) -> str | None:
        """None once the record is handled; after so many failed attempts, why it is not."""
        backoff = self._backoff()
        failed = 0
        async with self._turn:
            while True:
                try:
                    await self._handle(record)
                except Unavailable as error:
                    await self._handler_patience.wait(error)
                except Exception as error:
                    self._handler_patience.is_over()
                    failed += 1
                    reason = _reason(error)
                    logger.warning("%s failed: %s", _about(record), reason, exc_info=failed == attempts)
                    if failed == attempts:
                        return reason
                    await asyncio.sleep(backoff.next())
                else:
                    self._handler_patience.is_over()
                    return None


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split())[:LONGEST_REASON]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _about(record: Record) -> str:
    event = record.event
    return f"{event.project}: {event.name} {event.id}" if event else record.place

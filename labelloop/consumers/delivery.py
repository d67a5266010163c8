"""Deliver a log's events to a group, at least once each, with retries and dead letters."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError, one_line
from labelloop.log.base import DeadLetter, DeadLetterStatus, Follower, Log, Record
from labelloop.observe.service_status import LOG, ServiceStatus
from labelloop.observe.status_file import IDLE
from labelloop.runtime.retry import Retry, first_outage, stop_if_asked

logger = logging.getLogger(__name__)
LOOK_INTERVAL = 1.0
CATCH_UP_INTERVAL = 0.1
LONGEST_REASON = 1000

Handle = Callable[[Record], Awaitable[bool]]


class Handler(ABC):
    """Handles records with events, one at a time.

    If it raises Unavailable, it is called again until that is over. Any other exception is a failed attempt.
    """

    @abstractmethod
    async def handle(self, record: Record) -> bool:
        """Handle a record, in order. Returns False if there was nothing to do."""

    async def handle_again(self, record: Record) -> bool:
        """Handle a dead letter, out of order."""
        return await self.handle(record)

    def renewed(self) -> None:  # noqa: B027
        """Called after a rebalance: records may start over, or follow those of another member."""


class Delivery:
    """Delivers the records after a group's committed position, and requested dead letters.

    After `attempts` failures a record becomes a dead letter. A requested dead letter gets one attempt.
    """

    def __init__(
        self,
        log: Log,
        group: str,
        handler: Handler,
        status: ServiceStatus,
        attempts: int = 4,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._log = log
        self._group = group
        self._handler = handler
        self._status = status
        self._attempts = attempts
        self._backoff = backoff
        self._log_retry = Retry(status, LOG, backoff)
        self._handler_retry = Retry(status, "handler", backoff)
        self._lock = asyncio.Lock()
        self._passed: dict[int, Record] = {}
        self._rebalances = 0
        self._delivered = 0
        self._is_busy = False

    async def run(self, once: bool = False) -> None:
        """Run until cancelled. `once`: until nothing is left. Waits while the log is down."""
        self._status.show(doing=IDLE)
        # Handle nothing unless failures can be recorded as dead letters.
        await self._log_retry.until_done(self._log.dead_letters.read)
        while True:
            try:
                async with self._log.follow(self._group) as follower:
                    self._begin(follower)
                    await self._follow(follower, once)
                    return
            except* (Unavailable, UserError) as away:
                await self._log_retry.wait(first_outage(away))

    def _begin(self, follower: Follower) -> None:
        self._status.health.lacks(LOG, None)
        self._handler.renewed()
        self._rebalances = follower.rebalances
        self._passed.clear()
        self._is_busy = False

    async def _follow(self, follower: Follower, once: bool) -> None:
        """Runs without end unless `once`."""
        if once:
            await self._redrive(follower)
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(self._work(follower)), tasks.create_task(self._look_after(follower))]
            if once:
                await self._until_caught_up(follower)
                for task in working:
                    task.cancel()

    async def _work(self, follower: Follower) -> None:
        async for record in follower:
            self._is_busy = True
            self._log_retry.is_over()
            if follower.rebalances != self._rebalances:
                self._rebalances = follower.rebalances
                self._handler.renewed()
                self._passed.clear()
            if await self._deliver(record):
                self._passed.pop(record.partition, None)
                await self._log_retry.until_done(partial(follower.commit, record))
            else:
                self._passed[record.partition] = record
            stop_if_asked()
            self._delivered += 1
            self._is_busy = False

    async def _look_after(self, follower: Follower) -> None:
        """Periodic work: commit skipped records, look for requested dead letters, measure the lag."""
        while True:
            await self._redrive(follower)
            await self._commit_passed(follower)
            await self._behind(follower)
            await asyncio.sleep(LOOK_INTERVAL)

    async def _until_caught_up(self, follower: Follower) -> None:
        while True:
            delivered = self._delivered
            await self._commit_passed(follower)
            behind = await self._behind(follower)
            if not behind and not self._is_busy and delivered == self._delivered:
                return
            await asyncio.sleep(CATCH_UP_INTERVAL)

    async def _behind(self, follower: Follower) -> int:
        behind = sum((await self._log_retry.until_done(follower.lag)).values())
        self._status.behind(behind)
        return behind

    async def _commit_passed(self, follower: Follower) -> None:
        for partition in list(self._passed):
            await self._log_retry.until_done(partial(self._commit_last_passed, follower, partition))

    async def _commit_last_passed(self, follower: Follower, partition: int) -> None:
        # Another record may have been skipped or handled by now: a late commit would move back.
        record = self._passed.get(partition)
        if record is not None:
            await follower.commit(record)
            if self._passed.get(partition) is record:
                del self._passed[partition]

    async def _deliver(self, record: Record) -> bool:
        """Return once the record is handled or a dead letter. False if there was nothing to do."""
        if record.event is None:
            self._status.passed_over(record.position, record.problem)
            return False
        self._status.metrics.lag.folded(record.event.time)
        outcome = await self._try(self._handler.handle, record, self._attempts)
        if isinstance(outcome, str):
            now = datetime.now(UTC)
            letter = DeadLetter(
                self._group, record.partition, record.offset, record.event, outcome, self._attempts, now
            )
            await self._put(letter)
        return bool(outcome)

    async def _redrive(self, follower: Follower) -> None:
        """Try each requested dead letter once."""
        letters = await self._log_retry.until_done(self._log.dead_letters.read)
        for letter in letters.values():
            if self._is_due(letter) and letter.partition in follower.partitions():
                await self._put(await self._tried_again(letter))
                stop_if_asked()

    def _is_due(self, letter: DeadLetter) -> bool:
        return letter.group == self._group and letter.status is DeadLetterStatus.REDRIVEN

    async def _tried_again(self, letter: DeadLetter) -> DeadLetter:
        record = Record(letter.partition, letter.offset, letter.event)
        outcome = await self._try(self._handler.handle_again, record, 1)
        now = datetime.now(UTC)
        return letter.failed_again(outcome, now) if isinstance(outcome, str) else letter.settled(now)

    async def _put(self, letter: DeadLetter) -> None:
        if letter.status is DeadLetterStatus.DEAD:
            logger.error(
                "%s is a dead letter after %d attempts: %s", letter.id, letter.attempts, letter.reason
            )
        await self._log_retry.until_done(partial(self._log.dead_letters.put, letter))

    async def _try(self, handle: Handle, record: Record, attempts: int) -> str | bool:
        """The handler's result, or the reason after `attempts` failures."""
        backoff = self._backoff()
        failed = 0
        async with self._lock:
            while True:
                try:
                    handled = await handle(record)
                except Unavailable as error:
                    self._status.metrics.waited(_project(record))
                    await self._handler_retry.wait(error)
                except (Exception, asyncio.CancelledError) as error:
                    stop_if_asked()
                    self._handler_retry.is_over()
                    failed += 1
                    reason = _reason(error)
                    self._status.metrics.failed(_project(record), type(error).__name__)
                    logger.warning("%s failed: %s", _about(record), reason, exc_info=failed == attempts)
                    if failed == attempts:
                        return reason
                    await asyncio.sleep(backoff.next())
                else:
                    self._handler_retry.is_over()
                    return handled


def _reason(error: BaseException) -> str:
    message = one_line(" ".join((str(error), *getattr(error, "__notes__", ()))))[:LONGEST_REASON]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _about(record: Record) -> str:
    event = record.event
    return f"{event.project}: {event.name} {event.id}" if event else record.position


def _project(record: Record) -> str:
    return record.event.project if record.event else ""

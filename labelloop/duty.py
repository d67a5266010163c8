"""What a running controller does in one project: what is due, and a look at the world now and then."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from labelloop.controller import Controller, Outcome
from labelloop.live import Live
from labelloop.observe.about import about_project, about_work
from labelloop.observe.instruments import Instruments
from labelloop.observe.logs import bind_contextvars, bound_contextvars
from labelloop.slot import Slot
from labelloop.trial import Trial

logger = logging.getLogger(__name__)


class Duty:
    """Two endless tasks, `work` and `tend`; each is to run as a task of its own."""

    def __init__(self, service: Controller[Any], live: Live, slot: Slot, instruments: Instruments) -> None:
        self._service = service
        self._live = live
        self._slot = slot
        self._instruments = instruments
        self._begun: str | None = None

    async def work(self) -> None:
        """Do what is due, one thing after the other."""
        bind_contextvars(**about_project(self._live.history.project))
        with self._trial("work") as trial:
            while True:
                version = self._live.version
                work = None if self._live.history.resting else self._service.due(self._live.state)
                if work is None:
                    trial.say(None)
                    await self._live.grown(version)
                    continue
                with bound_contextvars(**about_work(work)):
                    await self._do(self._service.describe(work), trial)

    async def _do(self, due: str, trial: Trial) -> None:
        trial.say(due)
        done: list[Outcome] = []
        if await trial.run(due, self._in_turn(done)):
            # What took long to do is not done again because the log cannot be written.
            while not await trial.run(due, self._live.append(done)):
                continue

    async def _in_turn(self, done: list[Outcome]) -> None:
        async with self._service.turn:
            work = self._service.due(self._live.state)
            if work is None:
                return
            with bound_contextvars(**about_work(work)):
                outcomes = await self._done(work)
            if not self._service.must_still_be_due or self._service.due(self._live.state) == work:
                done += outcomes

    async def _done(self, work: Any) -> Sequence[Outcome]:
        due, began = self._service.describe(work), time.monotonic()
        if due != self._begun:  # A try again is no news.
            logger.info("begins: %s", due)
        self._begun = due
        with self._instruments.meters.working(self._live.history.project):
            outcomes = await self._service.do(self._live.state, work)
        self._begun = None
        logger.info("done: %s, %.1f s", due, time.monotonic() - began)
        return outcomes

    async def tend(self) -> None:
        """Look at the world outside the log, again and again."""
        bind_contextvars(**about_project(self._live.history.project))
        with self._trial("poll") as trial:
            while True:
                version = self._live.version
                polled = [60.0]
                if self._live.history.resting or await trial.run("poll", self._poll(polled)):
                    await self._live.grown(version, polled[0])

    async def _poll(self, again_in: list[float]) -> None:
        with self._instruments.meters.polling():
            polled = await self._service.poll(self._live.state)
        again_in[0] = polled.again_in
        await self._live.append(polled.outcomes)

    def _trial(self, task: str) -> Trial:
        return Trial(self._service.name, task, self._slot, self._live, self._instruments)

"""Runs a controller: restore its projects from the log, follow them, react, try again."""

import asyncio
import logging
from functools import partial
from typing import Any

from labelloop.backoff import Backoff
from labelloop.controller import Controller
from labelloop.errors import Unavailable
from labelloop.folds import Folds, Misfit
from labelloop.log.base import Fenced, Log
from labelloop.observe.health import LOG
from labelloop.observe.instruments import Instruments
from labelloop.slot import IDLE, Slot
from labelloop.term import Term

logger = logging.getLogger(__name__)


class Runtime:
    """One service over all the projects that it owns, each worked on by tasks of its own."""

    def __init__(
        self,
        log: Log,
        service: Controller[Any],
        slot: Slot,
        folds: Folds | None = None,
        instruments: Instruments | None = None,
    ) -> None:
        self._log = log
        self._service = service
        self._slot = slot
        self._folds = folds
        self._instruments = instruments or Instruments.of(service.name)

    async def run(self) -> None:
        """Run until cancelled; when another process takes over, wait to own the projects again."""
        health, meters = self._instruments.health, self._instruments.meters
        standing_by = partial(health.lacks, LOG)
        outages, backoff = self._instruments.outages, Backoff()
        while True:
            self._slot.say(doing="waiting for the process that owns this service")
            try:
                here = await self._log.identity()
                async with self._log.own(self._service.name, standing_by) as ownership:
                    self._slot.say(doing=IDLE, waiting=None)
                    outages.over(LOG)
                    backoff.reset()
                    await Term(
                        self._service, self._slot, ownership, self._folds, self._instruments, here
                    ).serve()
            except* Fenced as fenced:
                logger.warning("%s; joining again", fenced.exceptions[0])
                health.lacks(LOG, "another process took its projects over: it joins again")
                meters.taken_over()
            except* Misfit as misfit:
                logger.warning("%s", misfit.exceptions[0])
            except* Unavailable as away:
                error = away.exceptions[0]
                if isinstance(error, Unavailable):
                    outages.met(LOG, error, "joining again")
                self._slot.say(waiting=str(error))
                health.lacks(LOG, str(error))
            await asyncio.sleep(backoff.next())

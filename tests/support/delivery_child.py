"""A consumer: `python -m tests.support.delivery_child KIND PLACE LIFETIME GROUP FAILING HANGING`.

It says each number that it is called for; fails at those in FAILING, and never ends with those in HANGING.
"""

import asyncio
import json
import sys
from functools import partial

from labelloop.backoff import Backoff
from labelloop.consumers.delivery import Delivery, Handler
from labelloop.log.base import Record
from labelloop.observe.service_status import ServiceStatus
from tests.support.logs import KINDS, number_of


class Telling(Handler):
    """Says what it is called for."""

    def __init__(self, failing: str, hanging: str) -> None:
        self._failing, self._hanging = _numbers(failing), _numbers(hanging)

    async def handle(self, record: Record) -> bool:
        number = number_of(record)
        print(json.dumps({"called": number}), flush=True)
        if number in self._hanging:
            await asyncio.Event().wait()
        if number in self._failing:
            raise ValueError(f"{number} is odd")
        print(json.dumps({"handled": number}), flush=True)
        return True


async def main(kind: str, place: str, lifetime: str, group: str, failing: str, hanging: str) -> None:
    log = KINDS[kind].open(place, float(lifetime))
    telling = Telling(failing, hanging)
    await Delivery(
        log, group, telling, ServiceStatus(group), attempts=2, backoff=partial(Backoff, 0.01)
    ).run()


def _numbers(text: str) -> set[int]:
    return {int(number) for number in text.split(",") if number}


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

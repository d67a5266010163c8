"""A consumer: `python -m tests.support.delivery_child KIND PLACE LIFETIME GROUP FAILING HANGING`.

It says each number that it is called for; fails at those in FAILING, and never ends with those in HANGING.
"""

import asyncio
import json
import sys
from functools import partial

from labelloop.backoff import Backoff
from labelloop.delivery import Delivery
from labelloop.log.base import Record
from labelloop.slot import Slot
from tests.support.logs import KINDS, number_of


async def main(kind: str, place: str, lifetime: str, group: str, failing: str, hanging: str) -> None:
    async def handle(record: Record) -> None:
        number = number_of(record)
        print(json.dumps({"called": number}), flush=True)
        if number in _numbers(hanging):
            await asyncio.Event().wait()
        if number in _numbers(failing):
            raise ValueError(f"{number} is odd")
        print(json.dumps({"handled": number}), flush=True)

    log = KINDS[kind].open(place, float(lifetime))
    await Delivery(log, group, handle, Slot(None, group), attempts=2, backoff=partial(Backoff, 0.01)).run()


def _numbers(said: str) -> set[int]:
    return {int(number) for number in said.split(",") if number}


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

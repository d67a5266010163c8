"""Any log, used from code that is not async."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from labelloop.log import Log, Record, create_log, open_log
from schemas.envelope import Event

Result = TypeVar("Result")


class LogThread:
    """The log of a URL, on an event loop in a thread of its own."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="log", daemon=True)
        self._thread.start()
        self._log = self._run(_open(url))
        self._places: set[tuple[int, int]] = set()

    def append(self, *events: Event) -> None:
        self._run(self._log.append(*events))

    def read_on(self) -> Sequence[Record]:
        """The records up to the present end that no earlier call returned."""
        return self._run(self._read_on())

    def close(self) -> None:
        self._run(self._log.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _read_on(self) -> Sequence[Record]:
        new = []
        async for record in self._log.read():
            if (record.partition, record.offset) not in self._places:
                self._places.add((record.partition, record.offset))
                new.append(record)
        return new

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _open(url: str) -> Log:
    await create_log(url)
    return open_log(url)

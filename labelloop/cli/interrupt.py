"""Ctrl-C and SIGTERM: the first one stops cleanly, the second one kills."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any


class Interrupted(Exception):
    """A signal asked to stop, and everything has stopped."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


async def interruptible(work: Coroutine[Any, Any, None], kill: Callable[[], None]) -> None:
    """Await `work`. The first signal cancels it; further signals call `kill`.

    Raises Interrupted if a signal ended the work.
    """
    received: list[int] = []
    task = asyncio.ensure_future(work)

    def on_signal(number: int) -> None:
        received.append(number)
        if len(received) == 1:
            task.cancel()
        else:
            kill()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal, number)
    try:
        await task
    except asyncio.CancelledError:
        if not received:
            raise
    if received:
        raise Interrupted(received[0])

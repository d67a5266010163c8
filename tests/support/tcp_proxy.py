"""A proxy before any server that passes bytes on slowly, or refuses to be reached."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

PIECE = 65536


class TcpProxy:
    """On a free port before a port of this machine.

    `delay`: seconds before a piece of what one side says is passed on; `delayed` counts such pieces.
    """

    def __init__(self, behind: int) -> None:
        self.port = 0
        self.delay = 0.0
        self.delayed = 0
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Let clients in."""
        if not self._thread.is_alive():
            self._thread.start()
        self._run(self._open())

    def shut(self) -> None:
        """Refuse new connections, and end those that are there."""
        self._run(self._shut())

    def close(self) -> None:
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        ends = [writer]
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._behind)
            ends.append(forth)
            ways = [self._pass_on(reader, forth), self._pass_on(back, writer)]
            passing = [asyncio.create_task(way) for way in ways]
            try:
                await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in passing:
                    way.cancel()
        except (OSError, asyncio.CancelledError):
            return
        finally:
            for end in ends:
                end.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                    self.delayed += 1
                writer.write(piece)
                await writer.drain()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def tcp_proxy(behind: int) -> Iterator[TcpProxy]:
    """A proxy before this port, open."""
    proxy = TcpProxy(behind)
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.close()

"""The HTTP server against clients that never finish what they ask."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.responses import PlainTextResponse

from labelloop.serving.http import HttpServer, listener

PATIENCE = 0.5
LIMIT = 20


@contextmanager
def served() -> Iterator[str]:
    """An address that answers `here`."""
    with listener("127.0.0.1", 0) as (bound, url):
        server = HttpServer(PlainTextResponse("here"), parting=1, patience=PATIENCE)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([bound])))
        thread.start()
        try:
            yield url
        finally:
            server.stop()
            thread.join()


@pytest.mark.parametrize(
    "head",
    [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx"],
)
def test_who_sends_no_whole_head_is_sent_away(head: bytes) -> None:
    with served() as url, socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), LIMIT) as slow:
        slow.sendall(head)

        while slow.recv(4096):
            pass


def test_a_head_that_comes_byte_by_byte_has_no_more_time() -> None:
    with served() as url, socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), LIMIT) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        slow.settimeout(PATIENCE / 10)
        for _ in range(LIMIT * 20):
            try:
                slow.sendall(b"a: b\r\n")
                if not slow.recv(1):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("it is still connected")


def test_who_asks_is_answered_again_and_again() -> None:
    with served() as url, httpx.Client(base_url=url) as client:
        assert [client.get("/").text for _ in range(3)] == ["here"] * 3

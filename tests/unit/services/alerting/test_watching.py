"""Which machines are asked how a service fares."""

import asyncio
import socket
from typing import Any

import pytest

from services.alerting.watching import ServiceWatch, _each
from tests.support.states import START


def found(family: socket.AddressFamily, place: str) -> tuple[Any, ...]:
    return family, socket.SOCK_STREAM, 6, "", (place, 8080)


@pytest.mark.parametrize(
    ("stands_for", "asked"),
    [
        (
            [
                found(socket.AF_INET6, "fd00::2"),
                found(socket.AF_INET, "10.0.0.3"),
                found(socket.AF_INET, "10.0.0.2"),
            ],
            ["http://10.0.0.2:8080", "http://10.0.0.3:8080"],
        ),
        ([found(socket.AF_INET6, "fd00::2")], ["http://[fd00::2]:8080"]),
    ],
)
async def test_each_machine_behind_a_name_is_asked_once(
    stands_for: list[tuple[Any, ...]], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def getaddrinfo(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return stands_for

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)

    assert await _each("http://trainer:8080") == asked


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
async def test_a_name_that_cannot_be_one_is_a_service_that_does_not_answer(host: str) -> None:
    look = (await ServiceWatch(None, {"trainer": f"http://{host}:8080"}).look(START))["trainer"]

    assert look.problem is not None
    assert look.lag is None

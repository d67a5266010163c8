"""Which machines are asked how a service fares."""

import asyncio
import socket
from typing import Any

import pytest

from labelloop.observe.asking import LAG, each_address, samples_of
from services.alerting.watching import ServiceWatch
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

    assert await each_address("http://trainer:8080") == asked


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
async def test_a_name_that_cannot_be_one_is_a_service_that_does_not_answer(host: str) -> None:
    look = (await ServiceWatch(None, {"trainer": f"http://{host}:8080"}).look(START))["trainer"]

    assert look.problem is not None
    assert look.lag is None


@pytest.mark.parametrize(
    ("page", "lags"),
    [
        (
            "# HELP labelloop_lag_seconds Age\n# TYPE labelloop_lag_seconds gauge\n"
            'labelloop_lag_seconds{service="a } 1"} 2.5\nlabelloop_lag_seconds{service="b"} 1e+02\n'
            '# TYPE labelloop_lag_events gauge\nlabelloop_lag_events{service="a"} 7.0\n',
            [2.5, 100.0],
        ),
        ("# TYPE labelloop_lag_events gauge\nlabelloop_lag_events 7.0\n", []),
        ("<html><body>502 Bad Gateway</body></html>", []),
        ("", []),
    ],
)
def test_lags_are_taken_from_a_page_of_metrics(page: str, lags: list[float]) -> None:
    assert [sample.value for sample in samples_of(page) if sample.name == LAG] == lags

"""Where a watcher listens, and at which address Argilla reaches it."""

import socket
from pathlib import Path

import pytest

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import UserError
from labelloop.oracle.argilla.wake_ups import Address
from tests.support.messages import raises_naming

NAME = socket.gethostname()


def address(url: str | None, run: Path | None = None, **more: object) -> Address | None:
    return Address.from_settings(
        ServiceSettings("log", "store", "http://argilla", "key", run=run, webhook_url=url, **more)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("url", [None, ""])
def test_without_an_address_there_is_none(url: str | None) -> None:
    assert address(url) is None


@pytest.mark.parametrize(
    ("url", "listens", "reached"),
    [
        ("http://127.0.0.1:0", ("127.0.0.1", 0), "http://127.0.0.1:4711"),
        ("http://localhost:8081", ("127.0.0.1", 8081), "http://localhost:8081"),
        ("http://[::1]:0/", ("::1", 0), "http://[::1]:4711"),
        ("http://watcher:8081", ("0.0.0.0", 8081), "http://watcher:8081"),
        ("http://{hostname}:8081", ("0.0.0.0", 8081), f"http://{NAME}:8081"),
    ],
)
def test_it_listens_where_the_address_leads(url: str, listens: tuple[str, int], reached: str) -> None:
    found = address(url)

    assert found is not None
    assert (found.host, found.port) == listens
    assert found.reached_at(4711) == reached


def test_behind_a_proxy_it_listens_elsewhere() -> None:
    found = address("https://example.org/labelloop", webhook_host="10.0.0.7", webhook_port=8081)

    assert found is not None
    assert (found.host, found.port) == ("10.0.0.7", 8081)
    assert found.reached_at(8081) == "https://example.org/labelloop"


@pytest.mark.parametrize(
    "url", ["watcher:8081", "ftp://watcher:8081", "http://", "http://watcher:port", "http://watcher"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    with raises_naming(UserError, "LABELLOOP_WEBHOOK_URL", repr(url)):
        address(url)


def test_a_watcher_is_told_from_others_by_its_home_or_by_an_address_that_stays(tmp_path: Path) -> None:
    at = {
        name: address(url, run)
        for name, url, run in (
            ("home", "http://127.0.0.1:0", tmp_path / "a"),
            ("home again", "http://127.0.0.1:8081", tmp_path / "a"),
            ("another home", "http://127.0.0.1:0", tmp_path / "b"),
            ("container", "http://one:8081", None),
            ("another container", "http://two:8081", None),
        )
    }
    owners = {name: found.owner for name, found in at.items() if found is not None}

    assert owners["home"] == owners["home again"]
    assert len(set(owners.values())) == 4

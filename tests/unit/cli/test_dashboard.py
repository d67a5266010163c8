"""Where the dashboard of a home listens, and the link that is printed."""

import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from labelloop.cli.dashboard import FURTHER, chosen_dashboard, remember_dashboard
from labelloop.config.home import open_home
from labelloop.errors import UserError
from tests.support.argilla_server import free_port
from tests.support.messages import raises_naming


def test_its_link_logs_in_with_the_token_that_the_home_keeps(tmp_path: Path) -> None:
    home, port = open_home(tmp_path / "home"), free_port()

    first = chosen_dashboard(home, port=port, environment={})

    (line,) = first.lines
    link = urlsplit(line.split()[-1])
    assert (link.hostname, link.port, link.path) == ("127.0.0.1", port, "/login")
    assert parse_qs(link.query)["token"] == [home.dashboard_token.read_text().strip()]
    assert home.dashboard_token.stat().st_mode & 0o077 == 0
    assert chosen_dashboard(home, port=port, environment={}) == first


def test_a_token_of_the_environment_counts(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")

    (line,) = chosen_dashboard(home, environment={"LABELLOOP_DASHBOARD_TOKEN": "mine"}).lines

    assert line.endswith("token=mine")
    assert not home.dashboard_token.exists()


def test_a_port_that_was_named_and_is_taken_is_refused_and_another_one_is_found(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with raises_naming(UserError, str(port)):
            chosen_dashboard(home, port=port, environment={})

    assert chosen_dashboard(home, environment={}).at is not None


def test_where_the_usual_port_is_taken_it_is_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("labelloop.cli.dashboard.DEFAULT_PORT", port)
        chosen = chosen_dashboard(open_home(tmp_path / "home"), environment={})

    assert chosen.at is not None
    assert port < chosen.at[1] <= port + FURTHER


def test_colleagues_are_told_their_link(tmp_path: Path) -> None:
    chosen = chosen_dashboard(open_home(tmp_path / "home"), host="0.0.0.0", environment={})

    assert chosen.at is not None
    assert chosen.at[0] == "0.0.0.0"
    assert len(chosen.lines) == 2


def test_without_its_packages_there_is_none_unless_one_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelloop.cli.dashboard.find_spec", lambda name: None)
    home = open_home(tmp_path / "home")

    assert chosen_dashboard(home, environment={}).at is None
    with raises_naming(UserError, "labelloop[dashboard]"):
        chosen_dashboard(home, port=free_port(), environment={})


def test_the_port_is_remembered(tmp_path: Path) -> None:
    home, port = open_home(tmp_path / "home"), free_port()
    first = chosen_dashboard(home, port=port, environment={})

    remember_dashboard(home, None, port, first.at)

    assert chosen_dashboard(home, environment={}).at == first.at

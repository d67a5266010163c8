"""With which settings the services of one machine run."""

from pathlib import Path

import pytest

from labelloop.deployment import ArgillaAccess
from labelloop.errors import UserError
from labelloop.home import open_home
from labelloop.observe.settings import PORT
from labelloop.places import Places
from labelloop.supervisor import plan

ACCESS = ArgillaAccess("http://localhost:6900", "owner.key")


def ports(tmp_path: Path) -> list[str | None]:
    home = open_home(tmp_path / "home")
    places = Places(home.log_url, str(home.store), home)
    return [service.environment.get(PORT) for service in plan.services(home, places, ACCESS)]


def test_no_service_shows_itself_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PORT, raising=False)

    assert ports(tmp_path) == [None] * 4


def test_services_show_themselves_at_ports_that_follow_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PORT, "9100")

    assert ports(tmp_path) == ["9100", "9101", "9102", "9103"]


def test_any_free_port_is_any_free_port_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT, "0")

    assert ports(tmp_path) == [None] * 4  # as it is in the environment that they inherit


def test_a_port_that_is_none_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PORT, "http")

    with pytest.raises(UserError, match="give a port"):
        ports(tmp_path)

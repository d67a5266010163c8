"""With which settings the services of one machine run."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from labelloop.alerts.settings import ALERT, AlertSettings
from labelloop.config.dashboard import DashboardSettings
from labelloop.config.deployment import ArgillaAccess
from labelloop.config.home import open_home
from labelloop.config.locations import Locations
from labelloop.config.service_settings import LLM_KEY, SERVICES, SUGGESTER, WEBHOOK_URL, ServiceSettings
from labelloop.errors import UserError
from labelloop.observe.settings import PORT
from labelloop.supervisor import plan
from labelloop.supervisor.service import Service
from tests.support.messages import raises_naming

ACCESS = ArgillaAccess("http://localhost:6900", "owner.key")
ALONE = plan.OptionalServices()
TOLD = plan.OptionalServices(alert=("json://localhost/a", "json://localhost/b"), rules=(("waiting", "2d"),))


def planned(tmp_path: Path, beside: plan.OptionalServices = ALONE) -> dict[str, Mapping[str, str]]:
    """The environment of each service."""
    home = open_home(tmp_path / "home")
    locations = Locations(home.log_url, str(home.store), home)
    return {found.name: found.environment for found in plan.services(home, locations, ACCESS, beside)}


def ports(tmp_path: Path, beside: plan.OptionalServices = ALONE) -> list[str | None]:
    return [environment.get(PORT) for environment in planned(tmp_path, beside).values()]


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

    assert ports(tmp_path) == ["0"] * 4


def test_whoever_is_to_be_told_is_told_by_a_service_that_can_watch_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PORT, raising=False)
    monkeypatch.setenv(ALERT, " ".join(TOLD.alert))

    found = planned(tmp_path, TOLD)

    assert list(found) == [*SERVICES, "alerting"]
    assert {environment[PORT] for environment in found.values()} == {"0"}
    settings = AlertSettings.from_environment(found["alerting"])
    assert settings.urls == TOLD.alert
    assert settings.rules.waiting == timedelta(days=2)
    assert settings.run == tmp_path / "home" / "run"
    # The addresses hold secrets: no other service has them.
    environments = [{**os.environ, **found[name]} for name in SERVICES]
    environments.append(
        {**os.environ, **plan.argilla(open_home(tmp_path / "home"), "localhost", 6900).environment}
    )
    assert not any("json://" in str(environment) for environment in environments)


def test_the_evaluator_can_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT, "9100")

    found = planned(tmp_path, plan.OptionalServices(evaluate=False, alert=TOLD.alert))

    assert "evaluator" not in found
    assert found["alerting"][PORT] == "9104"


def test_the_dashboard_gets_a_folder_and_a_token_that_no_other_service_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLOOP_DASHBOARD_TOKEN", "secret")

    found = planned(tmp_path, plan.OptionalServices(dashboard=("127.0.0.1", 7000)))

    settings = DashboardSettings.from_environment({**os.environ, **found["dashboard"]})
    assert (settings.host, settings.port) == ("127.0.0.1", 7000)
    assert settings.state == tmp_path / "home" / "dashboard"
    assert settings.run == tmp_path / "home" / "run"
    assert not any("secret" in str({**os.environ, **found[name]}) for name in SERVICES)
    assert "dashboard" not in planned(tmp_path, ALONE)


@pytest.mark.parametrize(
    ("beside", "facts"),
    [
        (plan.OptionalServices(alert=("foo://secret-token",)), ("1", "foo://…")),
        (plan.OptionalServices(rules=(("patience", "1d"),)), ("'patience'",)),
        (plan.OptionalServices(rules=(("waiting", "long"),)), ("waiting", "'long'")),
    ],
)
def test_what_could_not_alert_is_told_before_anything_starts(
    beside: plan.OptionalServices, facts: tuple[str, ...]
) -> None:
    with raises_naming(UserError, *facts) as told:
        beside.check()
    assert "secret" not in str(told.value)


def test_a_port_that_is_none_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PORT, "http")

    with raises_naming(UserError, PORT, "'http'"):
        ports(tmp_path)


def test_the_service_that_asks_machines_alone_is_given_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LLM_KEY, "sk-secret")
    monkeypatch.setenv(PORT, "9100")
    home = open_home(tmp_path / "home")
    locations = Locations(home.log_url, str(home.store), home)

    (suggester,) = plan.services(home, locations, ACCESS, ALONE, names=(SUGGESTER,))

    assert suggester.name == SUGGESTER
    assert suggester.environment[PORT] == "9105"
    assert LLM_KEY not in suggester.environment  # It has that of this process.
    assert {environment[LLM_KEY] for environment in planned(tmp_path, TOLD).values()} == {""}


@pytest.mark.parametrize(
    ("said", "url"),
    [(None, "http://127.0.0.1:0"), ("http://10.0.0.7:8081", "http://10.0.0.7:8081"), ("", None)],
)
def test_where_the_embedded_argilla_tells_of_answers_can_be_said_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, url: str | None
) -> None:
    monkeypatch.delenv(WEBHOOK_URL, raising=False)
    if said is not None:
        monkeypatch.setenv(WEBHOOK_URL, said)
    home = open_home(tmp_path / "home")
    locations = Locations(home.log_url, str(home.store), home)

    embedded = plan.services(home, locations, ACCESS, ALONE, webhook_url="http://127.0.0.1:0")
    elsewhere = plan.services(home, locations, ACCESS, ALONE)

    def of_watcher(services: list[Service]) -> str | None:
        (watcher,) = [service for service in services if service.name == "annotation_watcher"]
        return ServiceSettings.from_environment({**os.environ, **watcher.environment}).webhook_url

    assert of_watcher(embedded) == url
    assert of_watcher(elsewhere) == (said or None)

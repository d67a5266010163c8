"""The alert rules and the dashboard speak of metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelloop.config.service_settings import BESIDE, SERVICES
from labelloop.loop.history import History
from labelloop.observe.metrics import Metrics
from tests.support.deployment import WHOLE, services
from tests.unit.observe.test_metrics import Told

ROOT = Path(__file__).parents[3]
SCRAPES = ROOT / "deploy" / "prometheus" / "prometheus.yml"
RULES = ROOT / "deploy" / "prometheus" / "labelloop-rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "labelloop.json"
SOURCE, GRID = "DS_PROMETHEUS", 24
NAME = re.compile(r"\b(?:labelloop|process)_[a-z_]+")
PARTS = {"counter": ("_total",), "histogram": ("_sum", "_count", "_bucket"), "gauge": ("",)}


@pytest.fixture(scope="module")
def exposed() -> set[str]:
    """The names of all series that a service exposes."""
    metrics = Metrics("trainer")
    metrics.own({"mail": Told(History("mail"))})
    families = metrics.registry.collect()
    return {family.name + part for family in families for part in PARTS.get(family.type, ("",))}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def queries() -> list[str]:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_each_rule_has_a_name_of_its_own_and_an_expression() -> None:
    names = [rule["alert"] for rule in rules()]

    assert len(set(names)) == len(names) > 8
    assert all(rule["expr"].strip() for rule in rules())


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in rules()), *queries()])
def test_each_metric_that_is_asked_for_is_there(query: str, exposed: set[str]) -> None:
    assert set(NAME.findall(query)) <= exposed
    assert query.count("(") == query.count(")")


def test_prometheus_scrapes_every_service_where_compose_serves_it_and_bears_the_token() -> None:
    settings = yaml.safe_load(SCRAPES.read_text(encoding="utf-8"))
    (job,) = settings["scrape_configs"]
    (discovery,) = job["dns_sd_configs"]
    deployed = services(WHOLE)

    assert set(discovery["names"]) == {*SERVICES, *BESIDE}
    assert {deployed[name]["environment"]["LABELLOOP_HEALTH_PORT"] for name in discovery["names"]} == {
        str(discovery["port"])
    }
    assert job["authorization"] == {"credentials_file": "/run/secrets/labelloop_health_token"}
    assert [SCRAPES.parent / name for name in settings["rule_files"]] == [RULES]


def test_the_dashboard_is_one_that_grafana_imports_and_asks_for_its_source() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels, variables = dashboard["panels"], dashboard["templating"]["list"]

    assert dashboard["schemaVersion"] >= 39
    assert dashboard["title"]
    assert "id" not in dashboard, "Grafana gives it one"
    assert {
        variable["name"]: variable["query"] for variable in variables if variable["type"] == "datasource"
    } == {SOURCE: "prometheus"}
    asked = [panel["datasource"] for panel in panels]
    asked += [variable["datasource"] for variable in variables if variable["type"] == "query"]
    assert {(source["type"], source["uid"]) for source in asked} == {("prometheus", f"${{{SOURCE}}}")}
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= GRID


def test_no_panel_lies_on_another() -> None:
    taken = set[tuple[int, int]]()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        place = panel["gridPos"]
        columns, lines = (
            range(place["x"], place["x"] + place["w"]),
            range(place["y"], place["y"] + place["h"]),
        )
        cells = {(column, line) for column in columns for line in lines}
        assert not cells & taken
        taken |= cells

"""What texts, names and addresses from outside do to pages."""

import json
from pathlib import Path

import pytest
from jinja2 import Environment
from starlette.testclient import TestClient

from services.dashboard.charts import Chart
from services.dashboard.directions import Directions, isolated, visible
from tests.support.dashboards import PORT, TOKEN, Pages, records
from tests.support.states import PROJECT, project, queried, recorded, vote, votes

TURNED = "spam\u202e"
SEEN = "spam\\u202e"


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    pages = Pages(tmp_path)
    answers = votes(0, vote(TURNED, "spam"), vote("ann", "spam"))
    pages.take(records(project(), queried(), recorded(answers)))
    return pages


@pytest.fixture
def client(pages: Pages) -> TestClient:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return TestClient(pages.app, f"http://127.0.0.1:{PORT}", headers=headers)


def drawn(template: str) -> str:
    environment = Environment(autoescape=True, extensions=[Directions])
    environment.filters.update({"isolated": isolated, "visible": visible})
    return environment.from_string(template).render(value=TURNED, figure=1.5, rtl="שלום")


def test_what_turns_the_direction_stays_within_its_element() -> None:
    assert drawn("<td>{{ value }} (4 %)") == f"<td><bdi>{TURNED}</bdi> (4 %)"
    assert drawn("<td>{{ rtl }} {{ figure }}") == "<td><bdi>שלום</bdi> 1.5"
    assert drawn('<option value="{{ value }}"{% if figure %} selected{% endif %}>{{ value }}</option>') == (
        f'<option value="{TURNED}" selected>{SEEN}</option>'
    )
    assert (
        drawn('<a title="so {{ value }}" href="?{{ value }}">x') == f'<a title="so {SEEN}" href="?{TURNED}">x'
    )
    assert drawn("{{ '<b>' if figure else value }}") == "&lt;b&gt;"


def test_charts_show_what_would_turn_their_names() -> None:
    chart = Chart("labels", "Labels", "bars", ("label", TURNED), [(TURNED, 3)])

    assert json.loads(chart.drawing)["rows"] == [[SEEN, 3]]
    assert json.loads(chart.drawing)["columns"] == ["label", SEEN]
    assert TURNED in chart.csv


@pytest.mark.parametrize("path", [f"/projects/{PROJECT}", f"/texts?project={PROJECT}", f"/texts/{PROJECT}/0"])
def test_no_name_turns_what_stands_beside_it(path: str, client: TestClient) -> None:
    page = client.get(path).text

    assert f"<bdi>{TURNED}</bdi>" in page
    assert TURNED not in page.replace(f"<bdi>{TURNED}</bdi>", "")

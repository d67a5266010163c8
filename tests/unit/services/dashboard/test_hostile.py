"""What texts, names and addresses from outside do to pages."""

import json
from pathlib import Path

import pytest
from jinja2 import Environment
from starlette.testclient import TestClient

from services.dashboard.charts import Chart
from services.dashboard.text_direction import Directions, isolated, visible
from services.dashboard.text_queries import TextFilter
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


def test_a_long_text_is_cut_and_there_as_plain_text(pages: Pages, client: TestClient) -> None:
    text = "<b>" + "x" * 1_000_000
    pages.model.save_words(PROJECT, {0: text})

    page = client.get(f"/texts/{PROJECT}/0").text
    whole = client.get(f"/texts/{PROJECT}/0/whole.txt")

    assert 'id="cut"' in page
    assert len(page) < 50_000
    assert len(client.get(f"/texts?project={PROJECT}").text) < 50_000
    assert whole.text == text
    assert whole.headers["content-type"].startswith("text/plain")
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert TestClient(pages.app, f"http://127.0.0.1:{PORT}").get(whole.url.path).status_code == 401


def test_long_words_are_cut_and_found_in_long_texts(pages: Pages, client: TestClient) -> None:
    pages.model.save_words(PROJECT, {0: "a" * 1_000_000 + "B" + "a" * 300, 1: "100 %"})

    def found(words: str) -> str:
        return client.get("/texts", params={"project": PROJECT, "words": words}).text

    assert 'id="text-0-' in found("aBa")
    assert 'id="text-0-' in found("a" * 150 + "b")
    assert 'id="text-' not in found("a" * 100 + "c" + "a" * 99)
    assert 'id="text-1-' in found("0 %")
    assert 'id="text-0-' not in found("0%a")
    assert 'id="cut"' in found("a" * 1000)


@pytest.mark.parametrize(
    "path",
    [
        f"/events/{'9' * 5000}",
        "/events/x",
        f"/texts/{PROJECT}/{'9' * 5000}",
        f"/texts/{PROJECT}/-1",
        f"/texts/{PROJECT}/{'9' * 5000}/whole.txt",
        "/static/%00",
        f"/static/{'x' * 5000}",
    ],
)
def test_an_address_that_cannot_be_is_one_where_nothing_is(path: str, client: TestClient) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_a_label_is_chosen_alone_and_found_in_answers_of_several(tmp_path: Path) -> None:
    pages = Pages(tmp_path)
    with pages.model.transaction():
        pages.model._connection.executemany(
            "INSERT INTO texts (project, item, batch, rank, reason, asked, label, discarded, people, "
            "answers) VALUES ('p', ?, '0', ?, 'random', '2026', ?, 0, '', 1)",
            [(0, 0, "a"), (1, 1, "a, b"), (2, 2, "aa"), (3, 3, "none of them")],
        )

    def found(label: str) -> list[int]:
        return [row["item"] for row in pages.texts.matching("p", TextFilter(label=label), None, 9)]

    assert pages.texts.choices("p", ["a", "b", "aa", "c"])["label"] == ["a", "aa", "b", "none of them"]
    assert (found("a"), found("b"), found("aa")) == ([1, 0], [1], [2])

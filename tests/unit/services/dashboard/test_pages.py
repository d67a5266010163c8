"""What pages tell of what runs, who waited for whom, and what was found."""

import csv
import io
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from labelloop.doctor import FAIL, OK, Finding
from schemas.parts import Choice
from services.dashboard.pages.project import charts_of
from services.dashboard.project_figures import PROJECT as PAGE
from services.dashboard.service_states import BUSY, ILL, Look, Work
from tests.support.dashboards import PORT, TOKEN, Pages, records
from tests.support.messages import names
from tests.support.states import (
    PROJECT,
    all_answered,
    checked,
    evaluated,
    project,
    queried,
    recorded,
    trained,
    vote,
    votes,
)

HOSTILE = "<script>document.title = 'stolen'</script>"
LOOP = (
    project(stopping=Choice(name="kappa-average")),
    queried(),
    all_answered(),
    trained("0", {"0": 0}),
    evaluated("0"),
    checked("0"),
    queried("1", (3, 4, 5), model="0"),
    recorded(votes(3, vote("ann", "spam")), votes(4, vote("bob", "ham")), batch="1"),
)


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    pages = Pages(tmp_path)
    pages.take(records(*LOOP))
    return pages


@pytest.fixture
def client(pages: Pages) -> TestClient:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return TestClient(pages.app, f"http://127.0.0.1:{PORT}", headers=headers)


@pytest.mark.parametrize("path", ["/", f"/projects/{PROJECT}"])
def test_what_runs_right_now_is_told_with_its_beginning(path: str, pages: Pages, client: TestClient) -> None:
    work = Work(HOSTILE, PROJECT, 1000.0)
    other = Work("train another", "another", 2000.0)
    pages.site.looks = (Look("trainer", BUSY, work.what, work=(work, other)),)

    page = client.get(path).text

    assert 'data-since="1000.0"' in page
    assert 'data-since="2000.0"' not in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "ann 1, bob 1" in page


def test_services_that_fare_badly_are_on_the_first_page(pages: Pages, client: TestClient) -> None:
    assert 'class="health"' not in client.get("/").text

    pages.site.looks = (Look("trainer", ILL, "", problems=(HOSTILE,)),)

    page = client.get("/").text
    assert 'class="state ill"' in page
    assert HOSTILE not in page


def test_an_evaluation_is_a_bar_in_time_that_ends_with_its_event(pages: Pages, client: TestClient) -> None:
    numbers = csv.DictReader(io.StringIO(client.get(f"/projects/{PROJECT}/timeline.csv").text))

    first, second = list(numbers)
    assert first["measured (UTC)"] > first["measuring (UTC)"] > ""
    assert (second["measuring (UTC)"], second["measured (UTC)"]) == ("", "")
    assert "people waited, s" in first


def test_how_long_the_machine_waited_is_not_told_while_it_learns(pages: Pages, client: TestClient) -> None:
    pages.take(
        records(*LOOP, all_answered("1", (3, 4, 5)), queried("2", (6,), model="0"), all_answered("2", (6,)))
    )

    numbers = csv.DictReader(io.StringIO(client.get(f"/projects/{PROJECT}/timeline.csv").text))

    _, second, third = list(numbers)
    assert second["machine waited, s"] != ""
    assert third["machine waited, s"] == "", "it may still learn batch 1"


def test_the_threshold_that_holds_is_drawn_where_none_was_given(pages: Pages) -> None:
    figures = {**pages.queries.figure(PROJECT, PAGE), "measured": {}}

    (stopping,) = [chart for chart in charts_of({}, figures) if chart.name == "stopping"]

    assert stopping.facts == {"threshold": 0.99}


def test_simulations_are_beside_the_learning_curve(pages: Pages) -> None:
    points = [{"labels": 3.0, "accuracy": 0.3, "low": 0.2, "high": 0.4}]
    played = {
        "random-sampling": {"classifier": "linear", "runs": 2, "points": points},
        "breaking-ties": {"classifier": "transformer", "runs": 2, "points": points},
    }
    figures = {**pages.queries.figure(PROJECT, PAGE), "measured": {}, "played": played}

    (curve,) = [chart for chart in charts_of({}, figures) if chart.name == "curve"]

    assert [tuple(row[:6]) for row in curve.rows if row[1] is None] == [
        ("what-if breaking-ties, transformer", None, 3, 0.3, 0.2, 0.4),
        ("what-if random-sampling", None, 3, 0.3, 0.2, 0.4),
    ]
    assert names(curve.says, "breaking-ties", "transformer", "linear")
    assert not names(curve.says, "random-sampling")


def test_what_doctor_finds_is_told(pages: Pages, client: TestClient) -> None:
    pages.site.findings = [
        Finding("python", OK, "Python 3.11, 2026-01-01T09:02:00+00:00"),
        Finding("disk", FAIL, HOSTILE),
    ]

    page = client.get("/services").text

    assert 'data-check="disk"' in page
    assert '<time datetime="2026-01-01T09:02:00+00:00">' in page
    assert 'class="state ill"' in page
    assert HOSTILE not in page


def test_of_many_models_the_newest_are_shown_first(pages: Pages, client: TestClient) -> None:
    models = [trained(str(number), {"0": 0}) for number in range(1, 150)]
    pages.take(records(*models, first=100))

    newest = client.get("/models").text
    older = client.get(f"/models?project={PROJECT}&from=100").text

    assert 'id="model-149"' in newest
    assert 'id="model-49"' not in newest
    assert "from=100" in newest
    assert 'id="model-49"' in older
    assert "from=200" not in older
    assert client.get("/models?from=x").status_code == 200


@pytest.mark.parametrize("path", ["/texts", "/models", "/events"])
def test_a_project_that_is_not_there_is_not_shown(path: str, client: TestClient) -> None:
    assert client.get(path, params={"project": "nope"}).status_code == 404
    assert client.get(path, params={"project": PROJECT}).status_code == 200


@pytest.mark.parametrize("path", ["/", f"/projects/{PROJECT}"])
def test_a_batch_that_waits_for_a_second_person_says_so(path: str, tmp_path: Path) -> None:
    pages = Pages(tmp_path / "two")
    answered = recorded(votes(0, vote("ann", "spam")), votes(1, vote("ann", "ham")))
    pages.take(records(project(min_submitted=2), queried(), answered))
    headers = {"Authorization": f"Bearer {TOKEN}"}

    page = TestClient(pages.app, f"http://127.0.0.1:{PORT}", headers=headers).get(path).text

    assert "2 wait for another person" in page
    assert path != "/" or 'value="0"' in page


def test_settings_are_told(pages: Pages) -> None:
    told = pages.queries.figure(PROJECT, PAGE)["settings"]

    assert {"overlap", "audit_share", "gold_share", "lookahead", "stopping", "embeddings of"} <= told.keys()
    assert told["stopping"] == "kappa-average"


def test_gold_texts_are_told_of_each_annotator(
    pages: Pages, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = pages.queries.figure(PROJECT, PAGE)
    gold = {"ann": {"labels": 4, "right": 3, "discarded": 0, "low": 0.3, "high": 0.95}}
    figures["agreement"] = {
        **figures["agreement"],
        "annotators": {"ann": {"labels": 4, "agreed": 0, "compared": 0}},
        "gold": gold,
    }
    others = pages.queries.figure
    monkeypatch.setattr(
        pages.queries,
        "figure",
        lambda project, kind: figures if kind == PAGE else others(project, kind),
    )

    page = client.get(f"/projects/{PROJECT}").text

    assert "75.0 %" in page
    assert "30.0 – 95.0 %" in page

"""What models say, on the pages of a dashboard that runs: by real files of a store, with hostile texts."""

import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from labelloop.config.home import open_home
from labelloop.store import artifacts
from schemas.events import ModelTrained
from tests.support.command import PATIENCE, eventually
from tests.support.dashboard_process import TOKEN, DashboardProcess, a_dashboard
from tests.support.homes import appended, home_with
from tests.support.plain_http import NO_TLS
from tests.support.predictions_recorded import HOSTILE, home_of_models
from tests.support.states import PROJECT, trained

HAM = "=ham<script>alert(1)</script>"
SHOWN = "=ham&lt;script&gt;alert(1)&lt;/script&gt;"
HERE = f"/models/{PROJECT}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model 4 is in the store; those before are gone from it."""
    path = home_of_models(tmp_path_factory.mktemp("said") / "home", HAM)
    return home_with(path, model_in(open_home(path).store, "4"))


@pytest.fixture(scope="module")
def dashboard(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    opened = open_home(home)
    state = tmp_path_factory.mktemp("state")
    with a_dashboard(opened.log_url, state, LABELLOOP_STORE=str(opened.store)) as running:
        eventually(lambda: 'id="model-4"' in running.page(f"/models?project={PROJECT}"), "it read the log")
        yield running


def model_in(store: Path, name: str) -> ModelTrained:
    """A model whose folder is in the store."""
    folder = artifacts.store(
        store / PROJECT / "models" / name, lambda draft: _put(draft / "weights", b"x" * 1000)
    )
    artifact = folder.relative_to(store).as_posix()
    return ModelTrained(**{**vars(trained(name, {"0": 0})), "artifact": artifact, "sha256": folder.name})


def _put(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def answer(dashboard: DashboardProcess, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.get(f"{dashboard.url}{path}", headers=headers, timeout=PATIENCE, verify=NO_TLS)


def row_of(page: str, model: str) -> str:
    return page.partition(f'id="model-{model}"')[2].partition("</tr>")[0]


def test_models_tell_what_changed_and_which_are_in_the_store(dashboard: DashboardProcess) -> None:
    def row(model: str) -> str:
        return row_of(dashboard.page(f"/models?project={PROJECT}"), model)

    eventually(lambda: f"{HERE}/diff?before=1&amp;after=2" in row("2"), "the predictions are compared")
    assert ">12</a>" in row("2")
    assert "+50.0" in row("2")
    eventually(lambda: "removed" in row("1"), "the store was looked at")
    assert f"{HERE}/1/folder.tar" not in row("1")
    assert f"{HERE}/4/folder.tar" in row("4")


def test_two_models_are_compared_as_labelloop_diff_does(dashboard: DashboardProcess) -> None:
    page = dashboard.page(f"{HERE}/diff?before=1&after=2")

    assert "25.0 % → 75.0 %" in page
    assert "p = 0.500" in page
    assert "of 40 texts of the pool" in page
    assert SHOWN in page
    assert "<script>alert" not in page
    assert "next line" in page
    of_test = dashboard.page(f"{HERE}/diff?before=1&after=2&of=test")
    assert "question 1" in of_test
    assert "from spam" in dashboard.page(f"{HERE}/diff?before=1&after=2&from=spam")
    moved = dashboard.page(f"{HERE}/diff?before=1&after=2&from=spam&to=news")
    assert moved.count('class="what"') == 0


def test_the_table_of_flips_is_no_formula(dashboard: DashboardProcess) -> None:
    text = dashboard.page(f"{HERE}/diff.csv?before=1&after=2")

    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows[1:]] == ["test"] * 3 + ["pool"] * 12
    assert {row[3] for row in rows if row[0] == "pool"} == {f"'{HAM}"}


@pytest.mark.parametrize(
    "query", ["before=0&after=2", "before=1&after=1", "before=1&after=9", "after=%3Cb%3E"]
)
def test_what_cannot_be_compared_is_told(dashboard: DashboardProcess, query: str) -> None:
    page = dashboard.page(f"{HERE}/diff?{query}")

    assert 'id="problem"' in page
    assert "<b>" not in page.partition('id="problem"')[2].partition("</p>")[0]
    assert answer(dashboard, f"{HERE}/diff.csv?{query}").status_code == 404


def test_a_cell_leads_to_its_texts(dashboard: DashboardProcess) -> None:
    def texts(query: str) -> str:
        return dashboard.page(f"/predictions/{PROJECT}/2?{query}").partition('id="texts"')[2]

    assert "question 3" in texts("of=test&gold=spam&predicted=news")
    assert "question 0" not in texts("of=test&gold=spam&predicted=news")
    assert "question 1" in texts("of=test&predicted=ham")
    assert "question 3" in texts("of=test&wrong=yes")
    assert "1 of 4 texts" in texts("of=test&wrong=yes")
    hostile = texts("of=test&gold=news")
    assert "<script>alert" not in hostile
    assert "=1+1 &lt;script&gt;" in hostile
    assert "12 of 40 texts" in texts("of=pool&predicted=ham")
    assert "What this model says was not recorded" in dashboard.page(f"/predictions/{PROJECT}/0")
    assert answer(dashboard, f"/predictions/{PROJECT}/nothing").status_code == 404


def test_a_text_tells_what_each_model_says_of_it(dashboard: DashboardProcess) -> None:
    def says(item: int) -> str:
        return dashboard.page(f"/texts/{PROJECT}/{item}").partition('id="since"')[2]

    eventually(lambda: SHOWN in says(0) and "60 %" in says(0), "the predictions are read")
    unasked = dashboard.page(f"/texts/{PROJECT}/20")
    assert "text 20" in unasked
    assert "Nobody was asked" in unasked
    assert "70 %" in says(20)
    neighbours = unasked.partition('id="alike"')[2]
    assert f'href="/texts/{PROJECT}/1"' in neighbours
    assert SHOWN in neighbours
    assert answer(dashboard, f"/texts/{PROJECT}/40").status_code == 404


def test_labels_are_shown_beside_what_the_model_predicts(dashboard: DashboardProcess) -> None:
    def numbers(chart: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(answer(dashboard, f"/projects/{PROJECT}/{chart}.csv").text)))

    eventually(lambda: len(numbers("labels")[0]) == 5, "the predictions are read")
    assert {row[0]: (row[1], row[2]) for row in numbers("labels")[1:]} == {
        "spam": ("1", "28"),
        f"'{HAM}": ("1", "12"),
        "news": ("1", "0"),
    }
    assert [row[0] for row in numbers("calibration")[1:]] == ["test set", "test set"]


def test_a_model_is_downloaded_whole_or_not_at_all(dashboard: DashboardProcess, home: Path) -> None:
    told = answer(dashboard, f"{HERE}/4/folder.tar")

    assert told.status_code == 200
    with tarfile.open(fileobj=io.BytesIO(told.content)) as tar:
        names = {Path(member.name).name: member.size for member in tar.getmembers()}
    assert names.keys() == {"manifest.json", "weights"}
    assert names["weights"] == 1000
    assert answer(dashboard, f"{HERE}/1/folder.tar").status_code == 404
    assert answer(dashboard, f"{HERE}/9/folder.tar").status_code == 404


def test_no_model_is_taken_from_another_place(dashboard: DashboardProcess, home: Path) -> None:
    store = open_home(home).store
    own = model_in(store, "5")
    elsewhere = artifacts.store(
        home / "elsewhere" / PROJECT / "models" / "6", lambda draft: _put(draft / "key", b"k")
    )
    outside = f"../{elsewhere.relative_to(home).as_posix()}"
    facts = {**vars(trained("6", {"0": 0})), "artifact": outside, "sha256": elsewhere.name}
    (store / own.artifact / "weights").write_bytes(b"y" * 1000)
    up = {**facts, "model": "..", "artifact": f"{PROJECT}/models/../{own.sha256}", "sha256": own.sha256}
    home_with(home, own, ModelTrained(**facts), ModelTrained(**up))
    eventually(lambda: 'id="model-.."' in dashboard.page(f"/models?project={PROJECT}"), "they are read")

    assert answer(dashboard, f"{HERE}/6/folder.tar").status_code == 404
    assert answer(dashboard, f"{HERE}/%2E%2E/folder.tar").status_code == 404
    assert answer(dashboard, f"{HERE}/5/folder.tar").status_code == 404, "it is damaged"


def test_predictions_that_are_gone_are_told(home: Path, tmp_path: Path) -> None:
    said = [data for name, data in appended(home) if name == "PredictionsRecorded"]
    opened = open_home(home)
    (opened.store / str(said[0]["uri"])).write_bytes(HOSTILE.encode())
    with a_dashboard(opened.log_url, tmp_path / "state", LABELLOOP_STORE=str(opened.store)) as running:
        eventually(lambda: 'id="model-4"' in running.page(f"/models?project={PROJECT}"), "it read the log")
        assert "gone from the store, or damaged" in running.page(f"{HERE}/diff?before=1&after=2")
        assert "gone from the store, or damaged" in running.page(f"/predictions/{PROJECT}/1")

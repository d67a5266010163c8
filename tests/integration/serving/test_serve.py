"""`labelloop serve` with models that were really trained, over HTTP, as a person uses it."""

import asyncio
import json
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from labelloop.config.home import open_home
from labelloop.log import create_log, open_log
from labelloop.loop.history import History
from labelloop.projects.catalog import created
from schemas.envelope import Event, new_event
from schemas.events import ModelTrained
from tests.support.command import error_line, eventually, labelloop
from tests.support.kafka_broker import Broker
from tests.support.learner import tasks
from tests.support.logs import read_log, write_log
from tests.support.messages import names
from tests.support.plain_http import NO_TLS, get
from tests.support.pushing import BATCH, MODEL, home_of_several, rows
from tests.support.serving import Serving, serving
from tests.support.states import PROJECT, trained
from tests.support.trained_home import next_model, trained_home

SIZE = 120
MOST_TEXTS, MOST_BYTES = 64, 20_000
TEXTS = [row.text for row in rows(MOST_TEXTS)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety texts of the pool are labelled, thirty of which were audited before, and model 0 is there."""
    return trained_home(tmp_path_factory.mktemp("serve") / "home", rows(SIZE), BATCH, wrong=3, model=MODEL)


@pytest.fixture(scope="module")
def second(home: Path) -> Event:
    """Model 1, trained now: the store has it, and the log does not have it yet."""
    history = History(PROJECT)
    for event in events(home):
        history.add(event)
    return new_event(PROJECT, next_model(open_home(home), created(history), 1), source="tests")


@pytest.fixture
def own(home: Path, second: Event, tmp_path: Path) -> Path:
    """A copy of the home."""
    return Path(shutil.copytree(home, tmp_path / "own"))


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Serving]:
    """A server with small limits that no test changes."""
    limits = ("--max-texts", MOST_TEXTS, "--max-bytes", MOST_BYTES, "--rate", 0)
    with serving(home, *limits) as running:
        yield running


def events(home: Path) -> list[Event]:
    return asyncio.run(read_log(open_home(home).log_url))


def append(home: Path, *more: Event) -> None:
    asyncio.run(write_log(open_home(home).log, more))


def predicted_by_command(home: Path, texts: list[str], folder: Path) -> list[dict[str, object]]:
    """What `labelloop predict` says of the texts in a file."""
    file, output = folder / "texts.jsonl", folder / "out.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    result = labelloop("predict", file, "--home", home, "--output", output, "--replace")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in output.read_text().splitlines()]


def test_the_answers_are_those_of_predict(home: Path, server: Serving, tmp_path: Path) -> None:
    texts = [*TEXTS[:40], " ", "\x7f\x1b[2J", "🌍 é", "who " * 500]
    expected = predicted_by_command(home, texts, tmp_path)

    said = server.predicted(texts)

    assert [(each["label"], each["probability"]) for each in said["predictions"]] == [
        (row["label"], row["probability"]) for row in expected
    ]
    assert {(said["model"], said["model_sha256"], said["calibrated"])} == {
        (row["model"], row["model_sha256"], row["calibrated"]) for row in expected
    }
    assert said["calibrated"] is True
    assert said["predictions"][40] == {"label": None, "probability": None}


def test_small_requests_that_come_together_get_the_same_answers(server: Serving) -> None:
    whole = server.predicted(TEXTS)["predictions"]

    with ThreadPoolExecutor(8) as clients:
        each = list(clients.map(lambda text: server.predicted([text])["predictions"][0], TEXTS))

    assert [said["label"] for said in each] == [said["label"] for said in whole]
    assert [said["probability"] for said in each] == pytest.approx(
        [said["probability"] for said in whole], abs=2e-6
    )


def test_all_probabilities_on_request(server: Serving) -> None:
    said = server.predicted(TEXTS[:5], all_probabilities=True)

    for each in said["predictions"]:
        every = each["all_probabilities"]
        assert every[each["label"]] == each["probability"]
        assert sum(every.values()) == pytest.approx(1, abs=1e-5)


def test_the_line_that_is_printed_works_when_it_is_pasted(home: Path, server: Serving) -> None:
    (line,) = [line for line in server.said().splitlines() if line.startswith("try it")]

    run = subprocess.run(line.removeprefix("try it"), shell=True, capture_output=True, text=True, check=True)

    assert json.loads(run.stdout)["model"] == "0"
    assert str(home / "serve.token") in shlex.split(line)[6] + server.said()
    assert stat.S_IMODE((home / "serve.token").stat().st_mode) == 0o600
    assert server.token not in server.said()


def test_each_page_but_health_wants_the_token(server: Serving) -> None:
    assert get(f"{server.url}/health").json() == {"status": "ok"}
    wrong: list[list[tuple[str, str]]] = [
        [],
        [("Authorization", "Bearer x")],
        [("Authorization", server.token)],
        [("X-Token", server.token)],
        [("Authorization", "Bearer x"), ("Authorization", f"Bearer {server.token}")],
    ]
    for path in ("/predict", "/model", "/metrics", "/nothing", "//health", "/health/", "/health/../model"):
        for headers in wrong:
            for method in ("GET", "POST", "OPTIONS"):
                refused = httpx.request(method, f"{server.url}{path}", headers=headers, verify=NO_TLS)
                assert refused.status_code == 401
                assert refused.headers["WWW-Authenticate"] == "Bearer"
                assert list(refused.json()) == ["error"]


def test_what_the_model_is_and_what_was_asked(server: Serving) -> None:
    server.predicted(TEXTS[:3])

    about, metrics = server.get("/model").json(), server.get("/metrics").text

    assert (about["model"], about["labelled_texts"], about["project"]) == ("0", BATCH, PROJECT)
    assert about["calibrated"] is True
    assert about["labels"] == ["HUM", "LOC", "NUM"]
    assert f'labelloop_serve_model{{project="{PROJECT}"}} 0.0' in metrics
    assert f'sha256="{about["model_sha256"]}"' in metrics
    assert 'path="/predict",project="mail-5e1f",status="200"' in metrics


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"who", 400),
        (b'{"texts": ["who"]', 400),
        (b'{"texts": ["\xff\xfe"]}', 400),
        ('{"texts": ["é"]}'.encode("utf-16"), 400),
        (b'{"texts": ["\\ud800 alone"]}', 422),
        (b'{"texts": ["a"]} {"texts": ["b"]}', 400),
        (b"[" * (MOST_BYTES - 1), 422),
        (b'{"texts": ' + b"[" * (MOST_BYTES - 100), 422),
        (b'{"texts": ' + b'{"a":' * (MOST_BYTES // 5 - 100), 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"texts": "who"}', 422),
        (b'{"texts": [1]}', 422),
        (b'{"texts": [null]}', 422),
        (b'{"texts": ["who", "\\u0000"]}', 422),
        (b'{"texts": [{"text": "who"}]}', 422),
        (b'{"texts": ["who"], "model": "../../x"}', 422),
        (b'{"texts": ["who"], "all_probabilities": "yes"}', 422),
        (json.dumps({"texts": ["who"] * (MOST_TEXTS + 1)}).encode(), 413),
        (b" " * (MOST_BYTES + 1), 413),
        (b" " * (15 * MOST_BYTES), 413),
    ],
    ids=count(),
)
def test_a_hostile_body_gets_one_clear_sentence(server: Serving, body: bytes, status: int) -> None:
    refused = server.post(content=body)

    assert refused.status_code == status, refused.text
    assert list(refused.json()) == ["error"]
    assert "\n" not in refused.json()["error"]
    assert "Traceback" not in refused.text
    assert len(refused.text) < 600


def test_a_size_is_what_comes_and_not_what_is_said(server: Serving) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(10):
            yield b" " * (MOST_BYTES // 4)

    assert server.post(content=endless()).status_code == 413
    packed = {**server.headers, "Content-Encoding": "gzip"}
    assert server.post(content=b"\x1f\x8b" + b"\0" * 50, headers=packed).status_code == 415


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\r\n\r\n",
    ],
    ids=count(),
)
def test_a_request_that_is_no_http_is_refused(server: Serving, head: bytes) -> None:
    place = urlsplit(server.url)
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=60) as connection:
        connection.sendall(head)
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert get(f"{server.url}/health").status_code == 200


def test_a_head_without_end_is_not_kept(server: Serving) -> None:
    place = urlsplit(server.url)
    connection = socket.create_connection((str(place.hostname), place.port or 0), timeout=60)
    with connection, suppress(OSError):
        while True:
            connection.sendall(b"X: " + b"x" * 100_000)
    assert get(f"{server.url}/health").status_code == 200


def test_other_pages_and_methods_are_told(server: Serving) -> None:
    assert server.get("/predict").status_code == 405
    for path in ("/", "/predict/", "/../../etc/passwd", "/%2e%2e/etc/passwd", "/predict%00", "/PREDICT"):
        refused = server.get(path)
        assert refused.status_code == 404
        assert "location" not in refused.headers
    assert server.get("/nothing").json()["error"]


def test_a_text_is_in_no_line(server: Serving) -> None:
    secret = "who is Zebedee Quux"
    server.predicted([secret])
    server.post(content=f'{{"texts": ["{secret}", 1]}}'.encode())
    server.post(content=f'{{"texts": ["{secret}'.encode())

    assert "Zebedee" not in server.said() + server.get("/metrics").text


def test_no_request_fails_or_waits_while_models_come_one_after_the_other(own: Path, second: Event) -> None:
    told = events(own)
    lost = new_event(PROJECT, trained("2", {"0": 0, "1": 0, "2": 0}), source="tests")
    first = next(number for number, event in enumerate(told) if isinstance(event.payload, ModelTrained))
    open_home(own).log.unlink()
    append(own, *told[:first])
    failed: list[tuple[int, str]] = []
    models: dict[str, None] = {}
    is_over = threading.Event()

    def ask(server: Serving) -> None:
        with httpx.Client(headers=server.headers, timeout=60, verify=NO_TLS) as client:
            while not is_over.is_set():
                response = client.post(f"{server.url}/predict", json={"texts": TEXTS[:2]})
                if response.status_code == 200:
                    models.setdefault(response.json()["model"])
                else:
                    failed.append((response.status_code, response.text))

    with serving(own, "--rate", 0) as server, ThreadPoolExecutor(3) as clients:
        waits = server.post(json={"texts": ["who"]})
        assert (waits.status_code, int(waits.headers["Retry-After"]) > 0) == (503, True)
        assert get(f"{server.url}/health").status_code == 503
        assert server.get("/metrics").status_code == 200

        append(own, *told[first:])
        eventually(lambda: get(f"{server.url}/health").status_code == 200, "model 0 answers")
        asking = [clients.submit(ask, server) for _ in range(3)]
        eventually(lambda: "0" in models, "they ask")
        append(own, second)
        eventually(lambda: "1" in models, "model 1 answers")
        append(own, lost)
        eventually(lambda: names(server.said(), "model 2", "model-missing", "model 1"), "it is told")
        is_over.set()
        for each in asking:
            each.result()

        assert not failed
        assert list(models) == ["0", "1"]
        said = server.predicted(TEXTS)
        server.process.kill()
        server.process.wait()

    with serving(own) as again:
        assert again.predicted(TEXTS) == said
        assert again.ends(signal.SIGINT) == 0
    assert [event.id for event in events(own)] == [event.id for event in (*told, second, lost)]


def test_a_model_that_is_named_stays(own: Path, second: Event) -> None:
    append(own, second)

    with serving(own, "--model", 0) as server:
        assert server.predicted(["who"])["model"] == "0"


def test_a_renamed_label_and_the_calibration_of_now(own: Path, tmp_path: Path) -> None:
    told = events(own)
    open_home(own).log.unlink()
    append(own, *told[:-1])
    with serving(own) as server:
        assert server.predicted(TEXTS)["calibrated"] is False, "the audited texts have no labels yet"
        append(own, told[-1])
        eventually(lambda: server.get("/model").json()["calibrated"], "they have")
        assert labelloop("labels", "rename", "HUM", "people", "--home", own).exit_code == 0
        eventually(lambda: "people" in server.get("/model").json()["labels"], "the label has its new name")

        said = server.predicted(TEXTS)["predictions"]

    now = predicted_by_command(own, TEXTS, tmp_path)
    assert [(each["label"], each["probability"]) for each in said] == [
        (row["label"], row["probability"]) for row in now
    ]
    assert "people" in {each["label"] for each in said}


def test_a_damaged_model_is_told_and_the_one_before_answers(own: Path, second: Event) -> None:
    append(own, second)
    assert isinstance(second.payload, ModelTrained)
    folder = open_home(own).store / second.payload.artifact
    (folder / "config.json").write_text("{}")

    with serving(own) as server:
        assert server.predicted(["who"])["model"] == "0"
        assert names(server.said(), "model 1", "model-damaged")
        assert "Traceback" not in server.said()


def test_where_the_scoring_process_dies_it_is_started_again(
    home: Path, server: Serving, session_learner: psutil.Process
) -> None:
    (scoring,) = tasks(session_learner.pid)
    scoring.kill()

    eventually(lambda: server.post(json={"texts": ["who"]}).status_code == 200, "it answers again")

    assert names(server.said(), "model 0", "no longer")


def test_more_than_can_be_scored_is_refused_and_what_is_in_flight_is_answered(
    own: Path, session_learner: psutil.Process
) -> None:
    before = tasks(session_learner.pid)
    with serving(own, "--rate", 0, "--max-texts", 1) as server:
        (scoring,) = set(tasks(session_learner.pid)) - set(before)
        scoring.suspend()
        with ThreadPoolExecutor(12) as clients:
            asked = [clients.submit(server.post, json={"texts": ["who"]}) for _ in range(10)]
            eventually(lambda: sum(each.done() for each in asked) == 6, "four wait, and the others do not")
            refused = [each.result() for each in asked if each.done()]
            server.process.send_signal(signal.SIGTERM)
            eventually(lambda: _is_closed(server.url), "it takes no more")
            scoring.resume()
            answered = [each.result() for each in asked if each.result().status_code == 200]

        assert {each.status_code for each in refused} == {503}
        assert all(int(each.headers["Retry-After"]) > 0 for each in refused)
        assert len(answered) == 4
        assert server.process.wait(60) == 0


def test_too_many_requests_are_told_to_wait(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "serve.token").unlink(missing_ok=True)
    monkeypatch.setenv("LABELLOOP_SERVE_TOKEN", "of-the-environment")
    monkeypatch.setenv("LABELLOOP_HEALTH_TOKEN", "of-the-scraper")
    with serving(own, "--rate", 0.001, token="of-the-environment") as server:
        assert server.post(json={"texts": ["who"]}).status_code == 200

        refused = server.post(json={"texts": ["who"]})

        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 1
        scraper = {"Authorization": "Bearer of-the-scraper"}
        assert get(f"{server.url}/metrics", headers=scraper).status_code == 200
        assert get(f"{server.url}/model", headers=scraper).status_code == 401
        assert not (own / "serve.token").exists()
        busy = labelloop("serve", "--home", own, "--port", urlsplit(server.url).port)
        assert names(error_line(busy), urlsplit(server.url).port, "--port")


def test_texts_with_several_labels_get_lists(tmp_path: Path) -> None:
    home = home_of_several(tmp_path / "home")
    texts = ["what man", "where city number", "is the color", " "]
    expected = predicted_by_command(home, texts, tmp_path)

    with serving(home) as server:
        said = server.predicted(texts, all_probabilities=True)
        about = server.get("/model").json()

    assert [(each["labels"], each["probabilities"]) for each in said["predictions"]] == [
        (row["labels"], row["probabilities"]) for row in expected
    ]
    assert list(said["predictions"][0]["all_probabilities"]) == about["labels"] == list(about["thresholds"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "7"), ("7", "0")),
        (("--port", "70000"), ("70000",)),
        (("--rate", "-1"), ("-1", "--rate")),
        (("--max-texts", "0"), ("0", "--max-texts")),
        (("--host", "no.such.host.invalid"), ("no.such.host.invalid",)),
        (("--token-file", "no/such/folder/token"), ("no/such/folder",)),
        (("--token-file", "config.txt"), ("config.txt", "token")),
        (("--project", "none"), ("none",)),
    ],
    ids=str,
)
def test_bad_options_get_one_clear_line(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.txt").write_text("two words\n")

    assert names(error_line(labelloop("serve", "--home", home, *arguments)), *words)


def _is_closed(url: str) -> bool:
    try:
        get(f"{url}/health")
    except httpx.TransportError:
        return True
    return False


@pytest.mark.all_cells
def test_while_kafka_is_away_the_model_goes_on_and_then_takes_over_the_next(
    own: Path, second: Event, own_broker: Broker
) -> None:
    url = f"kafka://{own_broker.servers}/serve-{secrets.token_hex(4)}"
    asyncio.run(create_log(url))
    asyncio.run(written(url, *events(own)))

    with serving(own, "--log", url, "--store", open_home(own).store) as server:
        own_broker.kill()
        eventually(lambda: names(server.said(), "the log does not answer"), "it is told")
        assert server.predicted(["who"])["model"] == "0"
        own_broker.start()
        asyncio.run(written(url, second))
        eventually(lambda: server.predicted(["who"])["model"] == "1", "model 1 answers")
        assert server.ends() == 0


async def written(url: str, *more: Event) -> None:
    log = open_log(url)
    try:
        await log.append(*more)
    finally:
        await log.close()

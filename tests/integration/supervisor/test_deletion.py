"""`labelloop delete` on a home: log, texts, models, Argilla's data set, and what was kept of them."""

import asyncio
import json
import secrets
import shutil
from pathlib import Path

import pytest

from labelloop.config.home import Home, existing_home
from labelloop.config.locations import CACHE
from labelloop.log import open_log
from labelloop.oracle.argilla import Argilla, DatasetSpec
from labelloop.oracle.argilla.new_record import new_record
from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE
from labelloop.oracle.base import AskedText
from labelloop.projects.catalog import read_histories
from labelloop.runtime.state_cache import Checkpoint, StateCache
from labelloop.supervisor.lock import hold
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.tiny_bert import QUICK

SECRET = "win a prize that nobody else ever wrote of"
TEXTS = f"text,label\n{SECRET},spam\nlunch?,ham\ncheap pills,\nmoved to 3pm,\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to be copied: its models are tried once for all tests."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "mail.csv").write_text(TEXTS)
    (folder / "news.csv").write_text(TEXTS.replace(SECRET, "an offer"))
    for name in ("mail", "news"):
        options = ("--label-column", "label", "--batch-size", 2, *QUICK)
        imported = labelloop("import", folder / f"{name}.csv", "--home", folder / "home", *options)
        assert imported.exit_code == 0, imported.output
    return folder / "home"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    """A home with the projects mail and news, whose batches 0 are done."""
    shutil.copytree(made, tmp_path / "home")
    return existing_home(tmp_path / "home")


def id_of(home: Home, name: str) -> str:
    projects = json.loads(labelloop("status", "--home", home.path, "--json").stdout)["projects"]
    (project,) = [each["project"] for each in projects if each["name"] == name]
    return str(project)


def holding(home: Home, text: str) -> list[str]:
    """The files of the home in which the text is."""
    return [
        path.name for path in home.path.rglob("*") if path.is_file() and text.encode() in path.read_bytes()
    ]


def test_nothing_of_it_is_left_in_the_home_and_the_other_project_is_whole(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    mail, news = id_of(home, "mail"), id_of(home, "news")
    cache = StateCache(tmp_path / "cache", home.log_url)
    asyncio.run(_save(home, cache))
    book = {"log": "x", "targets": [], "places": {"0": 6}, "outbox": [], "standing": {mail: {}, news: {}}}
    (home.path / "alerts.json").write_text(json.dumps(book))
    assert holding(home, SECRET)

    said = json.loads(labelloop("delete", "mail", "--home", home.path, "--yes", "--json").stdout)

    assert (said["project"], said["events"]) == (mail, 3)
    assert holding(home, SECRET) == holding(home, mail) == []
    assert cache.load(0) is None
    assert json.loads((home.path / "alerts.json").read_text())["standing"] == {news: {}}
    assert labelloop("replay", "--verify", "--home", home.path).exit_code == 0
    assert id_of(home, "news") == news


async def _save(home: Home, cache: StateCache) -> None:
    log = open_log(home.log_url)
    last = [record async for record in log.read()][-1]
    checkpoint = Checkpoint.of(last)
    assert checkpoint is not None
    cache.save(checkpoint, (await read_histories(log)).values())
    await log.close()
    assert cache.load(0) is not None


def test_argillas_data_set_goes_with_its_texts_and_the_accounts_stay(home: Home) -> None:
    mail, news = id_of(home, "mail"), id_of(home, "news")
    server = ArgillaServer(home.argilla, free_port())
    server.start()
    asyncio.run(_ask(server, mail, news))
    server.stop()
    assert [name for name in holding(home, SECRET) if name.startswith("argilla.db")]

    result = labelloop("delete", mail, "--home", home.path, "--yes")

    assert result.exit_code == 0, result.output
    assert holding(home, SECRET) == []
    server.start()
    try:
        assert asyncio.run(_data_sets(server, mail, news)) == [False, True]
        with server.client() as client:
            assert [user["username"] for user in client.get("users").json()["items"]] == ["owner", "ada"]
    finally:
        server.kill()


async def _ask(server: ArgillaServer, *projects: str) -> None:
    async with Argilla(server.url, server.login.api_key) as argilla:
        for project in projects:
            dataset = await argilla.ensure_dataset(DatasetSpec(name=project, labels=("ham", "spam")))
            text = SECRET if project == projects[0] else "an offer"
            await argilla.put_records(dataset, [new_record(AskedText("0", 0, 0, 0, text))])
        if not any(user.username == "ada" for user in await argilla.users()):
            await argilla.create_annotator("ada", DEFAULT_WORKSPACE)


async def _data_sets(server: ArgillaServer, *projects: str) -> list[bool]:
    async with Argilla(server.url, server.login.api_key) as argilla:
        return [await argilla.find_dataset(each, DEFAULT_WORKSPACE) is not None for each in projects]


def test_it_asks_and_a_home_that_runs_is_left_alone(home: Home) -> None:
    before = home.log.read_bytes()

    unasked = labelloop("delete", "mail", "--home", home.path)
    with hold(home.run):
        running = labelloop("delete", "mail", "--home", home.path, "--yes")
    unknown = labelloop("delete", "male", "--home", home.path, "--yes")

    assert unasked.exit_code == 2
    assert names(unasked.stderr, id_of(home, "mail"), "--yes")
    assert names(error_line(running), home.path, "labelloop down")
    assert names(error_line(unknown), "male", id_of(home, "mail"))
    assert home.log.read_bytes() == before


def test_what_was_interrupted_before_the_log_forgot_is_done_again(home: Home) -> None:
    mail = id_of(home, "mail")
    shutil.rmtree(home.store / mail)

    said = json.loads(labelloop("delete", "mail", "--home", home.path, "--yes", "--json").stdout)

    assert said["events"] == 3
    assert id_of(home, "news")


def test_what_stays_is_told(home: Home) -> None:
    mail = id_of(home, "mail")
    labelloop("export", "--home", home.path, "--project", mail)

    said = json.loads(labelloop("delete", "mail", "--home", home.path, "--yes", "--json").stdout)

    export = home.exports / f"{mail}.jsonl"
    assert export.is_file()
    assert any(names(each, export) for each in said["stays"])


@pytest.mark.all_cells
def test_on_kafka_texts_go_and_the_events_are_void(
    kafka: str, argilla_server: ArgillaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mail.csv").write_text(TEXTS)
    log = f"kafka://{kafka}/deletion-{secrets.token_hex(3)}"
    where = ("--log", log, "--store", tmp_path / "store")
    given = ("mail.csv", "--label-column", "label", "--batch-size", 2, *QUICK, "--json")
    mail = json.loads(labelloop("import", *given, *where).stdout)["project"]
    news = json.loads(labelloop("import", *given, *where, "--name", "news").stdout)["project"]
    asyncio.run(_ask(argilla_server, mail, news))
    argilla = ("--argilla-url", argilla_server.url, "--argilla-key", argilla_server.login.api_key)

    said = json.loads(labelloop("delete", "mail", *where, *argilla, "--yes", "--json").stdout)

    assert said["events"] is None
    assert any(names(each, log) for each in said["stays"])
    assert asyncio.run(_data_sets(argilla_server, mail, news)) == [False, True]
    assert {path.name for path in (tmp_path / "store").iterdir()} == {news, ".logs"}, (
        "the note of the log stays"
    )
    projects = json.loads(labelloop("status", *where, "--json").stdout)["projects"]
    assert [each["project"] for each in projects] == [news]
    again = json.loads(labelloop("import", *given, *where).stdout)
    assert again["new"]
    assert again["project"] != mail

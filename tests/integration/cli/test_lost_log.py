"""A log that is lost: no command takes a new one for it, and each says so."""

import asyncio
import json
import secrets
from pathlib import Path

import pytest

from labelloop.config.home import Home, existing_home
from labelloop.log.kafka import exists, read_settings
from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.tiny_bert import QUICK
from tests.support.topics import delete_topic, make_topic

READERS = (
    ("status",),
    ("list",),
    ("events",),
    ("export", "--output", "-"),
    ("pause",),
    ("replay", "--verify"),
)
TEXTS = "text,label\nwin a prize,spam\nlunch at noon?,ham\nmoved to 3pm,ham\na prize for you,spam\n"
LABELLED = ("--label-column", "label", "--batch-size", 2, *QUICK)


@pytest.fixture(autouse=True)
def _texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mail.csv").write_text(TEXTS)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a project, whose log was removed."""
    assert labelloop("import", "mail.csv", *LABELLED, "--home", tmp_path / "home").exit_code == 0
    home = existing_home(tmp_path / "home")
    home.log.rename(tmp_path / "kept.sqlite")
    return home


def _empty(home: Home) -> None:
    """Put an empty file where the log was, beside a model of its project."""
    home.log.touch()
    (project,) = home.store.iterdir()
    (project / "models").mkdir()


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader[0])
def test_a_home_whose_log_is_gone_is_not_an_empty_one(home: Home, reader: tuple[str, ...]) -> None:
    assert names(error_line(labelloop(*reader, "--home", home.path)), home.log, "missing")
    assert not home.log.exists()


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader[0])
def test_nor_is_one_whose_log_was_emptied(home: Home, reader: tuple[str, ...]) -> None:
    home.log.touch()

    assert names(error_line(labelloop(*reader, "--home", home.path)), home.log, "missing")


@pytest.mark.parametrize("is_emptied", [False, True])
def test_a_home_whose_log_is_lost_is_not_backed_up_as_if_it_were_whole(
    home: Home, tmp_path: Path, is_emptied: bool
) -> None:
    if is_emptied:
        _empty(home)

    assert names(
        error_line(labelloop("backup", tmp_path / "copy", "--home", home.path)), home.log, home.store
    )
    assert home.log.exists() == is_emptied
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("maker", [("init", "--log-only"), ("import", "mail.csv", *LABELLED, "--name", "b")])
def test_a_home_whose_store_has_texts_gets_no_new_log(home: Home, maker: tuple[str, ...]) -> None:
    assert names(error_line(labelloop(*maker, "--home", home.path)), home.log, home.store)
    assert not home.log.exists()


def test_the_log_of_a_home_is_not_made_anew_by_its_path(home: Home, tmp_path: Path) -> None:
    where = ("--log", f"sqlite:///{home.log}", "--store", home.store, "--name", "b")

    assert names(error_line(labelloop("import", "mail.csv", *LABELLED, *where)), home.log, home.store)
    assert not home.log.exists()


def test_a_log_by_its_path_that_is_gone_is_not_made_anew_beside_its_store(tmp_path: Path) -> None:
    log, store = tmp_path / "team.sqlite", tmp_path / "store"
    where = ("--log", f"sqlite:///{log}", "--store", store)
    assert labelloop("import", "mail.csv", *LABELLED, *where).exit_code == 0
    log.rename(tmp_path / "kept.sqlite")

    assert names(error_line(labelloop("import", "mail.csv", *LABELLED, *where, "--name", "b")), log, store)
    assert not log.exists()


@pytest.mark.parametrize("is_emptied", [False, True])
def test_doctor_tells_of_a_home_whose_log_is_gone(home: Home, is_emptied: bool) -> None:
    if is_emptied:
        _empty(home)

    result = labelloop("doctor", "--home", home.path, "--json")

    assert result.exit_code == 1
    (found,) = [each for each in json.loads(result.stdout) if each["check"] == "log"]
    assert found["level"] == "fail"
    assert names(found["said"], home.log)


def test_the_log_that_is_put_back_goes_on(home: Home, tmp_path: Path) -> None:
    (tmp_path / "kept.sqlite").rename(home.log)

    assert labelloop("status", "--home", home.path).exit_code == 0


def test_a_log_alone_is_made_once_and_holds_the_projects_that_follow(tmp_path: Path) -> None:
    where = ("--home", tmp_path / "home", "--json")

    made = [json.loads(labelloop("init", "--log-only", *where).stdout)["new"] for _ in range(2)]

    assert made == [True, False]
    assert names(error_line(labelloop("init", "--log-only", "--dataset", "mail.csv", *where)), "--dataset")
    assert labelloop("import", "mail.csv", *LABELLED, *where).exit_code == 0


@pytest.fixture
def url(kafka: str) -> str:
    return f"kafka://{kafka}/lost-{secrets.token_hex(4)}"


def test_a_refused_project_makes_no_topic(url: str, tmp_path: Path) -> None:
    where = ("--log", url, "--store", tmp_path / "store")

    assert names(
        error_line(labelloop("import", "mail.csv", *LABELLED, *where, "--classifier", "none")), "none"
    )
    assert names(error_line(labelloop("import", "mail.csv", "--text-column", "body", *where)), "'body'")

    assert not asyncio.run(exists(read_settings(url)))
    assert list((tmp_path / "store").iterdir()) == []


def test_a_topic_that_is_deleted_is_told_by_all_and_made_by_none(url: str, tmp_path: Path) -> None:
    where = ("--log", url, "--store", tmp_path / "store")
    settings = read_settings(url)
    assert names(error_line(labelloop("status", *where)), settings.topic, "labelloop init")
    assert labelloop("import", "mail.csv", *LABELLED, *where).exit_code == 0
    asyncio.run(delete_topic(settings))

    for command in (*READERS, ("init", "--log-only"), ("import", "mail.csv", *LABELLED, "--name", "b")):
        assert names(error_line(labelloop(*command, *where)), settings.topic, "missing"), command
    assert labelloop("doctor", *where).exit_code == 1

    # Another machine knows of the log by the store only.
    elsewhere = {"LABELLOOP_CACHE": str(tmp_path / "another machine")}
    refused = labelloop("init", "--log-only", *where, environment=elsewhere)
    assert names(error_line(refused), url, tmp_path / "store")
    assert not asyncio.run(exists(read_settings(f"{url}-other")))

    asyncio.run(make_topic(settings))
    for command in READERS:
        assert names(error_line(labelloop(*command, *where)), settings.topic, "first record"), command

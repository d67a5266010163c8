"""A home is backed up while it runs, and a home is made of the backup."""

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import Home, existing_home, open_home
from labelloop.config.locations import Elsewhere, choose_locations, remember_locations
from labelloop.errors import UserError
from labelloop.log import open_log
from labelloop.log.sqlite.log import SqliteLog
from labelloop.store import artifacts
from labelloop.supervisor.backup import back_up
from labelloop.supervisor.restore import restore
from schemas.envelope import new_event
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import error_line, labelloop
from tests.support.messages import names, raises_naming
from tests.support.states import trained
from tests.support.tiny_bert import QUICK

TEXTS = "text,label\nwin a prize,spam\nlunch?,ham\ncheap pills,\nmoved to 3pm,\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to be copied: its model is tried once for all tests."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "mail.csv").write_text(TEXTS)
    options = ("--label-column", "label", "--batch-size", 2, *QUICK)
    imported = labelloop("import", folder / "mail.csv", "--home", folder / "home", *options)
    assert imported.exit_code == 0, imported.output
    return folder / "home"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Home:
    """A home with a project, whose batch 0 is done."""
    shutil.copytree(made, tmp_path / "home")
    return existing_home(tmp_path / "home")


@pytest.fixture
def argilla(home: Home) -> Iterator[ArgillaServer]:
    server = ArgillaServer(home.argilla, free_port())
    server.start()
    yield server
    server.kill()


def project_of(home: Home) -> str:
    (folder,) = home.store.iterdir()
    return folder.name


def model_of(home: Home) -> Path:
    """Train a model in appearance, and tell the log of it."""
    project = project_of(home)
    folder = artifacts.store(home.store / project / "models" / "0", _fill)
    data = trained("0", {"0": 0})
    uri = folder.relative_to(home.store).as_posix()
    asyncio.run(_append(home, project, data.model_copy(update={"artifact": uri, "sha256": folder.name})))
    return folder


def _fill(draft: Path) -> None:
    (draft / "weights").touch()


async def _append(home: Home, project: str, data: object) -> None:
    log = open_log(home.log_url)
    await log.append(new_event(project, data, source="tests"))  # type: ignore[arg-type]
    await log.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_restored_home_shows_what_the_first_one_showed(home: Home, tmp_path: Path) -> None:
    model = model_of(home)
    labelloop("export", "--home", home.path)
    (home.path / "alerts.json").write_text("{}")

    said = labelloop("backup", tmp_path / "backup", "--home", home.path, "--json")
    made = labelloop("restore", tmp_path / "backup", "--home", tmp_path / "new", "--json")

    assert json.loads(said.stdout)["models"] == 1
    assert list(json.loads(made.stdout)["events"]) == [project_of(home)]
    new = existing_home(tmp_path / "new")
    assert (new.store / model.relative_to(home.store) / "weights").is_file()
    assert {"alerts.json", f"exports/{project_of(home)}.jsonl"} < contents(new.path).keys()
    for command in (("events",), ("export", "--output", "-")):
        shown = [labelloop(*command, "--home", each.path).stdout for each in (home, new)]
        assert shown[0] == shown[1] != ""
    places = [path for root in (tmp_path / "backup", new.path) for path in (root, *root.rglob("*"))]
    assert [path for path in places if path.stat().st_mode & 0o077] == []


async def hot(home: Home, folder: Path) -> None:
    """Back up while a service owns the log."""
    log = SqliteLog(home.log)
    async with log.own("querier"):
        await back_up(home, folder)
    await log.close()


async def cold(home: Home, folder: Path) -> None:
    await back_up(home, folder)


@pytest.mark.parametrize("drill", [hot, cold])
def test_a_home_that_is_away_and_restored_has_the_same_digests(
    drill: Callable[[Home, Path], Coroutine[None, None, None]], home: Home, tmp_path: Path
) -> None:
    def replayed(*options: str) -> dict[str, Any]:
        said = labelloop("replay", "--home", home.path, "--json", *options)
        assert said.exit_code == 0, said.output
        return dict(json.loads(said.stdout))

    before = replayed()
    asyncio.run(drill(home, tmp_path / "backup"))
    home.path.rename(tmp_path / "away")

    restore(tmp_path / "backup", home.path)

    beginning = f"{before['log']['events']}:{before['log']['digest']}"
    after = replayed("--verify", "--expect", beginning)
    assert (after["digest"], after["log"]) == (before["digest"], before["log"])
    assert after["verified"]["events"] == before["events"]


async def test_a_log_that_is_being_written_is_copied_whole_and_is_free_in_the_copy(
    home: Home, tmp_path: Path
) -> None:
    log = SqliteLog(home.log)
    async with log.own("querier"):
        await back_up(home, tmp_path / "backup")
        new = restore(tmp_path / "backup", tmp_path / "new").home
    events = [record.event async for record in log.read()]
    await log.close()

    copy = SqliteLog(new.log)
    async with asyncio.timeout(5), copy.own("querier"):
        assert [record.event async for record in copy.read()] == events
    await copy.close()


def test_argillas_accounts_and_keys_come_with_it_while_it_runs(
    home: Home, argilla: ArgillaServer, tmp_path: Path
) -> None:
    person = {"username": "ada", "first_name": "ada", "password": "a-long-password", "role": "annotator"}
    with argilla.client() as client:
        client.post("users", json=person).raise_for_status()
        before = client.get("users").json()

    asyncio.run(back_up(home, tmp_path / "backup"))
    new = restore(tmp_path / "backup", tmp_path / "new").home

    server = ArgillaServer(new.argilla, free_port())
    try:
        server.start()
        with server.client(argilla.login.api_key) as client:
            assert client.get("users").json() == before
    finally:
        server.kill()


def test_a_damaged_model_is_left_out_and_a_damaged_pool_is_told(home: Home, tmp_path: Path) -> None:
    (model_of(home) / "weights").write_text("other bytes")
    assert asyncio.run(back_up(home, tmp_path / "backup")).models == 0

    (pool,) = home.store.glob("*/pool/*")
    pool.write_bytes(b"")
    with raises_naming(UserError, pool):
        asyncio.run(back_up(home, tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_what_lies_elsewhere_is_named(home: Home, tmp_path: Path) -> None:
    remember_locations(choose_locations(home, Elsewhere(store=str(tmp_path / "store"))))

    made = asyncio.run(back_up(home, tmp_path / "backup"))

    assert made.elsewhere == (str(tmp_path / "store"),)
    assert not (made.folder / "files" / "store").exists()


def test_nothing_that_is_there_is_replaced(home: Home, tmp_path: Path) -> None:
    asyncio.run(back_up(home, tmp_path / "backup"))
    before = contents(home.path)

    to_a_home = labelloop("restore", tmp_path / "backup", "--home", home.path)
    to_a_backup = labelloop("backup", tmp_path / "backup", "--home", home.path)
    into_itself = labelloop("backup", home.path / "backup", "--home", home.path)

    assert names(error_line(to_a_home), home.path, "--home")
    assert names(error_line(to_a_backup), tmp_path / "backup")
    assert names(error_line(into_itself), home.path / "backup")
    assert contents(home.path) == before


@pytest.mark.parametrize("damage", ["changed", "gone", "link"])
def test_a_file_that_is_not_as_it_was_backed_up_is_named_and_nothing_is_restored(
    damage: str, home: Home, tmp_path: Path
) -> None:
    asyncio.run(back_up(home, tmp_path / "backup"))
    (pool,) = (tmp_path / "backup").rglob("*.arrow")
    content = pool.read_bytes()
    pool.unlink()
    if damage == "changed":
        pool.write_bytes(content[::-1])
    if damage == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        pool.symlink_to(tmp_path / "elsewhere")

    with raises_naming(UserError, pool):
        restore(tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".writing-")] == []


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"../../outside": "0"}},
        {"files": {"/etc/passwd": "0"}},
        {"files": ["log.sqlite"]},
        {"format": 2},
        {"format": None},
        {"more": 1},
    ],
)
def test_a_folder_that_is_no_backup_is_refused(change: dict[str, object], home: Home, tmp_path: Path) -> None:
    asyncio.run(back_up(home, tmp_path / "backup"))
    listed = tmp_path / "backup" / "backup.json"
    listed.write_text(json.dumps({**json.loads(listed.read_text()), **change}))

    with raises_naming(UserError, tmp_path / "backup"):
        restore(tmp_path / "backup", tmp_path / "new")
    with raises_naming(UserError, home.path):
        restore(home.path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_empty_folder_may_become_the_restored_home(home: Home, tmp_path: Path) -> None:
    asyncio.run(back_up(home, tmp_path / "backup"))
    (tmp_path / "new").mkdir()

    assert restore(tmp_path / "backup", tmp_path / "new").home == open_home(tmp_path / "new")

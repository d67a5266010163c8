"""A log by its URL: ours, one of an installed package, and what is wrong with a URL."""

import subprocess
import sys
from pathlib import Path

import pytest

from labelloop import plugins
from labelloop.errors import UserError
from labelloop.log import create_log, open_log
from labelloop.log.open import log_plugin
from labelloop.log.sqlite.log import SqliteLog
from tests.support.logs import read_log, some_event
from tests.support.packages import install
from tests.support.strangers import STRANGERS


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package with the scheme `team` is installed."""
    install(tmp_path, "team-logs", "labelloop.logs", {"team": "team_logs:TEAM"})
    monkeypatch.syspath_prepend(str(STRANGERS / "team_logs"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("TEAM_LOGS", str(tmp_path))


async def test_a_sqlite_log_is_opened_by_its_path(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    await create_log(url)

    log = open_log(url)

    assert isinstance(log, SqliteLog)
    await log.close()


@pytest.mark.usefixtures("team")
async def test_a_log_of_a_package_is_opened_by_its_scheme() -> None:
    plugin = log_plugin("team://mail")
    assert plugin.exists is not None
    assert not await plugin.exists("team://mail")
    with pytest.raises(UserError, match=r"mail\.sqlite is missing"):
        open_log("team://mail")
    events = [some_event("p", number) for number in range(3)]

    await create_log("team://mail")
    log = open_log("team://mail")
    await log.append(*events)
    await log.close()

    assert await plugin.exists("team://mail")
    assert await read_log("team://mail") == events


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("url", ["mysql://host", "log.sqlite", "", "Team://mail", "module:attribute"])
def test_of_a_url_that_no_plugin_knows_those_that_could_be_are_told(url: str) -> None:
    with pytest.raises(UserError) as told:
        open_log(url)

    for address in ("sqlite:///path/to/log.sqlite", "kafka://host:9092/prefix", "team://name"):
        assert address in str(told.value)


@pytest.mark.parametrize("url", ["sqlite://log.sqlite", "sqlite:/log.sqlite"])
def test_a_sqlite_log_has_a_path(url: str) -> None:
    with pytest.raises(UserError, match="sqlite:///path/to/log"):
        open_log(url)


@pytest.mark.usefixtures("team")
def test_a_url_that_its_own_plugin_refuses_is_told_in_its_words() -> None:
    with pytest.raises(UserError, match="give team://name"):
        open_log("team://../mail")


def test_an_installation_without_entry_points_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "declared", lambda group: [])

    with pytest.raises(UserError, match="install it again"):
        open_log("sqlite:///log.sqlite")


@pytest.mark.parametrize(
    "opening",
    ["open_log('kafka://host:9092/prefix')", "topic_reader('kafka://host:9092/topic', 'sqlite:///log')"],
)
def test_kafka_without_its_package_says_which_to_install(opening: str) -> None:
    code = (
        "import sys; sys.modules['aiokafka'] = None\n"
        "from labelloop.log import open_log\n"
        "from labelloop.log.built_in import topic_reader\n"
        f"try: {opening}\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert told.startswith("UserError")
    assert told.endswith("pip install 'labelloop[kafka]'\n")

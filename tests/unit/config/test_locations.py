"""Where a home's log and store are."""

import re
from pathlib import Path

import pytest

from labelloop.config.home import Home, open_home
from labelloop.config.locations import (
    Elsewhere,
    Locations,
    check_log_is_there,
    choose_fresh_locations,
    choose_locations,
    recorded_locations,
    remember_locations,
)
from labelloop.errors import UserError
from tests.support.messages import raises_naming

KAFKA = "kafka://one:9092,two:9092/labelloop"
BUCKET = "s3://bucket/labelloop"
NOTHING = Elsewhere()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def test_a_new_home_uses_its_own(home: Home) -> None:
    locations = choose_locations(home, NOTHING)

    assert locations == Locations(home.log_url, str(home.store), home)
    assert (locations.has_own_log, locations.has_own_store) == (True, True)


@pytest.mark.parametrize(
    ("remembered", "given", "chosen"),
    [
        (NOTHING, Elsewhere(KAFKA, BUCKET), (KAFKA, BUCKET)),
        (Elsewhere(KAFKA, BUCKET), NOTHING, (KAFKA, BUCKET)),
        (Elsewhere(KAFKA, BUCKET), Elsewhere(log="kafka://three:9092/a"), ("kafka://three:9092/a", BUCKET)),
        (Elsewhere(KAFKA), Elsewhere(store="/shared"), (KAFKA, "/shared")),
    ],
)
def test_what_is_given_counts_before_what_is_remembered(
    home: Home, remembered: Elsewhere, given: Elsewhere, chosen: tuple[str, str]
) -> None:
    remember_locations(choose_locations(home, remembered))

    locations = choose_locations(home, given)

    assert (locations.log, locations.store) == chosen


def test_what_is_given_is_not_remembered_by_itself(home: Home) -> None:
    choose_locations(home, Elsewhere(KAFKA, BUCKET))

    assert recorded_locations(home) is None
    assert choose_locations(home, NOTHING).has_own_log


def test_a_home_comes_back_to_its_own_when_told(home: Home) -> None:
    remember_locations(choose_locations(home, Elsewhere(KAFKA, BUCKET)))

    remember_locations(choose_locations(home, Elsewhere(home.log_url, str(home.store))))

    assert choose_locations(home, NOTHING) == Locations(home.log_url, str(home.store), home)
    assert recorded_locations(home) == NOTHING


def test_a_file_or_folder_stays_the_same_from_wherever_it_is_named(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    locations = choose_locations(home, Elsewhere("sqlite:///team/log.sqlite", "team/store"))

    assert (locations.log, locations.store) == (
        f"sqlite:///{tmp_path}/team/log.sqlite",
        f"{tmp_path}/team/store",
    )


def test_without_a_home_a_log_is_enough_until_the_store_is_needed() -> None:
    locations = choose_locations(None, Elsewhere(log=KAFKA))

    assert (locations.log, locations.home) == (KAFKA, None)
    with raises_naming(UserError, KAFKA, "--store", "LABELLOOP_STORE"):
        _ = locations.store


def test_with_neither_home_nor_log_it_is_told() -> None:
    with raises_naming(UserError, "--log", "LABELLOOP_LOG"):
        choose_locations(None, NOTHING)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"log": 1, "store": null}'])
def test_a_damaged_record_is_told_with_what_to_do(home: Home, content: str) -> None:
    (home.path / "elsewhere.json").write_text(content)

    with raises_naming(UserError, home.path / "elsewhere.json", "--log", "--store"):
        choose_locations(home, NOTHING)


def test_a_file_elsewhere_that_is_not_there_is_told(home: Home, tmp_path: Path) -> None:
    missing = choose_locations(home, Elsewhere(log=f"sqlite:///{tmp_path}/typo.sqlite"))

    with raises_naming(UserError, tmp_path / "typo.sqlite", "--log"):
        check_log_is_there(missing)
    check_log_is_there(choose_locations(home, NOTHING))


@pytest.mark.parametrize(
    ("given", "below"),
    [(KAFKA, KAFKA), ("kafka://one:9092", "kafka://one:9092/labelloop"), ("kafka://one:9092/", None)],
)
def test_a_demo_on_kafka_has_a_log_of_its_own_below_the_prefix(
    home: Home, given: str, below: str | None
) -> None:
    first, second = (choose_fresh_locations(home, Elsewhere(log=given)).log for _ in range(2))

    assert re.fullmatch(re.escape(below or "kafka://one:9092/labelloop") + r"\.demo-[0-9a-f]{6}", first)
    assert first != second


def test_a_demo_leaves_a_log_that_is_there_alone(home: Home, tmp_path: Path) -> None:
    (tmp_path / "team.sqlite").touch()

    with raises_naming(UserError, tmp_path / "team.sqlite", "--log"):
        choose_fresh_locations(home, Elsewhere(log=f"sqlite:///{tmp_path}/team.sqlite"))


def test_a_demo_forgets_where_an_earlier_one_was(home: Home) -> None:
    remember_locations(choose_locations(home, Elsewhere(log=KAFKA)))

    assert choose_fresh_locations(home, NOTHING).has_own_log

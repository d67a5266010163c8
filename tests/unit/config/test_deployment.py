"""Where a home's Argilla is."""

import json
from pathlib import Path

import pytest

from labelloop.config.deployment import (
    ArgillaAccess,
    GivenArgilla,
    choose_elsewhere,
    find_elsewhere,
    save_elsewhere,
)
from labelloop.config.home import open_home
from labelloop.errors import UserError
from tests.support.messages import raises_naming


def test_an_argilla_elsewhere_is_remembered_for_its_user_only(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    access = ArgillaAccess("https://argilla.example", "secret", {"Authorization": "Bearer x"})

    save_elsewhere(home, access)

    assert find_elsewhere(home) == access
    assert (home.path / "argilla-elsewhere.json").stat().st_mode & 0o777 == 0o600


def test_the_address_for_people_is_remembered_too_and_is_argillas_own_unless_given(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    save_elsewhere(home, ArgillaAccess("http://argilla:6900", "secret"))
    own = choose_elsewhere(home, GivenArgilla())

    given = choose_elsewhere(home, GivenArgilla(public_url="https://labels.example/"))
    assert given is not None
    save_elsewhere(home, given)
    remembered = choose_elsewhere(home, GivenArgilla())
    named_again = choose_elsewhere(home, GivenArgilla("http://argilla:6900"))

    assert own is not None
    assert own.page == "http://argilla:6900"
    assert (given.url, given.page) == ("http://argilla:6900", "https://labels.example")
    assert remembered == named_again == given


def test_a_home_without_an_address_for_people_is_written_as_0_1_0_reads_it(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")

    save_elsewhere(home, ArgillaAccess("https://argilla.example", "secret"))

    kept = json.loads((home.path / "argilla-elsewhere.json").read_text())
    assert kept.keys() == {"url", "key", "headers"}


def test_without_one_the_home_uses_the_embedded_argilla(tmp_path: Path) -> None:
    assert find_elsewhere(open_home(tmp_path / "home")) is None


def test_a_damaged_file_says_what_to_give_again(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    (home.path / "argilla-elsewhere.json").write_text("{")

    with raises_naming(UserError, home.path / "argilla-elsewhere.json", "--argilla-url", "--argilla-key"):
        find_elsewhere(home)


def test_a_key_is_not_shown_when_the_access_is_printed() -> None:
    assert "secret" not in repr(
        ArgillaAccess("https://argilla.example", "secret", {"Authorization": "secret"})
    )


URL = "https://argilla.example"
RECORDED = ArgillaAccess(URL, "recorded", {"X-Team": "mail"})


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        (GivenArgilla(), RECORDED),
        (GivenArgilla(key="given"), ArgillaAccess(URL, "given", {"X-Team": "mail"})),
        (GivenArgilla(f"{URL}/"), ArgillaAccess(URL, "recorded", {})),
        (GivenArgilla("http://other", "given"), ArgillaAccess("http://other", "given", {})),
    ],
)
def test_what_is_given_counts_before_what_is_remembered(
    tmp_path: Path, given: GivenArgilla, chosen: ArgillaAccess
) -> None:
    home = open_home(tmp_path / "home")
    save_elsewhere(home, RECORDED)

    assert choose_elsewhere(home, given) == chosen


def test_without_a_home_the_headers_of_a_service_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELLOOP_ARGILLA_HEADERS", '{"Authorization": "Bearer x"}')

    access = choose_elsewhere(None, GivenArgilla(URL, "given"))

    assert access == ArgillaAccess(URL, "given", {"Authorization": "Bearer x"})


@pytest.mark.parametrize(
    ("given", "lacking"),
    [(GivenArgilla("http://other"), "--argilla-key"), (GivenArgilla(key="given"), "--argilla-url")],
)
def test_half_of_an_argilla_is_told(given: GivenArgilla, lacking: str) -> None:
    with raises_naming(UserError, lacking, *filter(None, [given.url])):
        choose_elsewhere(None, given)

"""Where the embedded Argilla listens."""

from pathlib import Path

import pytest

from labelloop.config.home import Home, open_home
from labelloop.errors import UserError
from labelloop.supervisor.argilla import Embedded, choose_address, remember_address
from tests.support.messages import raises_naming


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def test_a_new_home_is_served_to_this_machine_on_the_default_port(home: Home) -> None:
    assert choose_address(home, None, None) == Embedded("127.0.0.1", 6900)


@pytest.mark.parametrize(
    ("host", "port", "chosen"),
    [
        (None, None, Embedded("0.0.0.0", 7000)),
        ("127.0.0.1", None, Embedded("127.0.0.1", 7000)),
        (None, 7001, Embedded("0.0.0.0", 7001)),
        ("::1", 7001, Embedded("::1", 7001)),
    ],
)
def test_a_home_comes_back_where_it_was_unless_told(
    home: Home, host: str | None, port: int | None, chosen: Embedded
) -> None:
    remember_address(home, Embedded("0.0.0.0", 7000))

    assert choose_address(home, host, port) == chosen


def test_the_address_for_people_comes_back_too_until_it_is_taken_back(home: Home) -> None:
    remember_address(home, choose_address(home, None, None, "https://labels.example/"))
    remembered = choose_address(home, None, 7000)
    taken_back = choose_address(home, None, None, "")

    assert remembered == Embedded("127.0.0.1", 7000, "https://labels.example")
    assert taken_back.public_url is None


def test_a_record_of_0_1_0_has_no_address_for_people(home: Home) -> None:
    (home.path / "argilla-address.json").write_text('{"host": "0.0.0.0", "port": 7000}')

    assert choose_address(home, None, None) == Embedded("0.0.0.0", 7000)


@pytest.mark.parametrize("content", ["", "[]", '{"host": "::1"}', '{"host": "::1", "port": "many"}'])
def test_a_damaged_record_is_told_with_what_to_do(home: Home, content: str) -> None:
    (home.path / "argilla-address.json").write_text(content)

    with raises_naming(UserError, home.path / "argilla-address.json", "--host", "--port"):
        choose_address(home, None, None)

"""Where the embedded Argilla listens."""

from pathlib import Path

import pytest

from labelloop.config.home import Home, open_home
from labelloop.errors import UserError
from labelloop.supervisor.embedded import Embedded, choose_address, remember_address
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


@pytest.mark.parametrize("content", ["", "[]", '{"host": "::1"}', '{"host": "::1", "port": "many"}'])
def test_a_damaged_record_is_told_with_what_to_do(home: Home, content: str) -> None:
    (home.path / "argilla-address.json").write_text(content)

    with raises_naming(UserError, home.path / "argilla-address.json", "--host", "--port"):
        choose_address(home, None, None)

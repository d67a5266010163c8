"""How a service shows itself."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.observe.settings import Observing
from tests.support.messages import raises_naming


def test_nothing_is_served_and_logs_are_text_unless_told() -> None:
    assert Observing.from_environment({}) == Observing(None, "127.0.0.1", 30.0, json=False)


def test_what_is_empty_is_not_told() -> None:
    empty = dict.fromkeys(
        (
            "LABELLOOP_HEALTH_PORT",
            "LABELLOOP_HEALTH_HOST",
            "LABELLOOP_HEALTH_STALE_AFTER",
            "LABELLOOP_HEALTH_TOKEN",
            "LABELLOOP_HEALTH_TOKEN_FILE",
        ),
        "",
    )

    assert Observing.from_environment({**empty, "LABELLOOP_LOG_FORMAT": ""}) == Observing()


def test_all_can_be_told() -> None:
    told = {
        "LABELLOOP_HEALTH_PORT": "0",
        "LABELLOOP_HEALTH_HOST": "0.0.0.0",
        "LABELLOOP_HEALTH_STALE_AFTER": "2.5",
        "LABELLOOP_LOG_FORMAT": "json",
        "LABELLOOP_HEALTH_TOKEN": "s3cret",
    }

    assert Observing.from_environment(told) == Observing(0, "0.0.0.0", 2.5, json=True, token="s3cret")


def test_a_file_can_hold_the_token_and_goes_before_the_variable(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-the-file\n")
    told = {"LABELLOOP_HEALTH_TOKEN_FILE": str(tmp_path / "token"), "LABELLOOP_HEALTH_TOKEN": "other"}

    assert Observing.from_environment(told).token == "of-the-file"


def test_a_file_of_a_token_that_is_not_there_or_empty_never_means_no_token(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    for file in ("empty", "missing"):
        with raises_naming(UserError, "LABELLOOP_HEALTH_TOKEN_FILE"):
            Observing.from_environment({"LABELLOOP_HEALTH_TOKEN_FILE": str(tmp_path / file)})


@pytest.mark.parametrize("token", ["two words", "ключ", "line\nbreak", " "])
def test_what_no_header_can_bear_is_refused_and_not_repeated(token: str) -> None:
    with raises_naming(UserError, "LABELLOOP_HEALTH_TOKEN") as raised:
        Observing.from_environment({"LABELLOOP_HEALTH_TOKEN": token})

    assert token.strip() == "" or token not in str(raised.value)


def test_the_token_is_not_shown_with_the_other_settings() -> None:
    assert "s3cret" not in repr(Observing(token="s3cret"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LABELLOOP_HEALTH_PORT", "http"),
        ("LABELLOOP_HEALTH_PORT", "65536"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "soon"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "0"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "inf"),
        ("LABELLOOP_LOG_FORMAT", "xml"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_names_it(name: str, value: str) -> None:
    with raises_naming(UserError, name, f"'{value}'"):
        Observing.from_environment({name: value})

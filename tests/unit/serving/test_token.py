"""The token that requests bear."""

import stat
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.errors import UserError
from labelloop.serving.token import OF_SERVE, bears, token
from tests.support.messages import raises_naming

FILE, VARIABLE = OF_SERVE.file, OF_SERVE.variable


def test_a_home_gets_a_token_once_that_this_user_alone_can_read(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")

    made, again = token(None, home, {}), token(None, home, {})

    assert made == again
    assert len(made.value) > 40
    assert made.value not in repr(made)
    assert made.word == f"$(cat {home.path / FILE})"
    assert stat.S_IMODE((home.path / FILE).stat().st_mode) == 0o600


def test_a_file_counts_before_the_environment_and_that_before_the_home(tmp_path: Path) -> None:
    home, file = open_home(tmp_path / "home"), tmp_path / "my token"
    file.write_text("mine\n")

    assert token(file, home, {VARIABLE: "theirs"}).value == "mine"
    assert token(file, home, {}).word == f"$(cat '{file}')"
    given = token(None, home, {VARIABLE: "theirs"})
    assert (given.value, given.word) == ("theirs", f"${VARIABLE}")
    assert not (home.path / FILE).exists()


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", b"\0", b"x" * 9999 + b" y"])
def test_what_is_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)

    with raises_naming(UserError, str(tmp_path / "t")):
        token(tmp_path / "t", None, {})


def test_without_a_home_a_token_must_be_given() -> None:
    with raises_naming(UserError, "--token-file", VARIABLE):
        token(None, None, {})


@pytest.mark.parametrize(
    ("headers", "does"),
    [
        ([(b"authorization", b"Bearer s3cret")], True),
        ([(b"Authorization", b"bearer  s3cret ")], True),
        ([(b"authorization", b"Bearer other")], True),
        ([], False),
        ([(b"authorization", b"Bearer s3cre")], False),
        ([(b"authorization", b"Bearer s3cret x")], False),
        ([(b"authorization", b"Basic s3cret")], False),
        ([(b"authorization", "Bearer s3crét".encode())], False),
        ([(b"authorization", b"Bearer s3cret")] * 2, False),
    ],
)
def test_a_request_bears_exactly_one_token(headers: list[tuple[bytes, bytes]], does: bool) -> None:
    assert bears(headers, ["s3cret", "other"]) is does

"""Keys come from private places."""

import errno
import os
from pathlib import Path

from labelloop.errors import UserError
from labelloop.oracle.simulated.__main__ import api_keys
from tests.support.messages import raises_naming


def test_keys_are_read_from_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("one\ntwo\n\none\n")
    file.chmod(0o600)

    assert api_keys(file, {}) == ["one", "two"]


def test_keys_are_read_from_the_environment() -> None:
    assert api_keys(None, {"LABELLOOP_ANNOTATOR_KEYS": "one, two"}) == ["one", "two"]


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("one")
    file.chmod(0o644)

    with raises_naming(UserError, file, "chmod 600"):
        api_keys(file, {})


def test_no_keys_is_told(tmp_path: Path) -> None:
    with raises_naming(UserError, "--keys", "LABELLOOP_ANNOTATOR_KEYS"):
        api_keys(None, {})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with raises_naming(UserError, tmp_path / "keys", os.strerror(errno.ENOENT)):
        api_keys(tmp_path / "keys", {})

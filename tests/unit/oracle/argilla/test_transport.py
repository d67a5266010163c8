"""Addresses and keys that cannot be right."""

import pytest

from labelloop.errors import UserError
from labelloop.oracle.argilla import Argilla


@pytest.mark.parametrize(
    "url", ["", "localhost:6900", "ftp://argilla", "http://", "http://x:port", "argilla"]
)
def test_what_is_no_web_address_is_told(url: str) -> None:
    with pytest.raises(UserError, match="http://host:port"):
        Argilla(url, "key")


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines", ""])
def test_a_key_that_no_header_can_hold_is_told(key: str) -> None:
    with pytest.raises(UserError, match="X-Argilla-Api-Key"):
        Argilla("http://localhost:6900", key)


def test_a_header_that_cannot_be_sent_is_told() -> None:
    with pytest.raises(UserError, match="Authorization"):
        Argilla("http://localhost:6900", "key", {"Authorization": "Bearer \n"})

"""The tests' own eye for facts in messages: were it blind, many tests could not fail."""

import pytest

from tests.support.messages import names, raises_naming


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("batch 2 waits", 2),
        ("(2 texts)", 2),
        ("offset 2: it is damaged", 2),
        ("there are 12.", 12),
        ("give --log, or set it", "--log"),
        ("in /home/ada: remove it", "/home/ada"),
        ("in /home/ada/log.sqlite", "/home/ada"),
        ("mail-5e1f is halted", "mail-5e1f"),
        ("'' is no address", "''"),
    ],
)
def test_a_fact_is_found(message: str, fact: object) -> None:
    assert names(message, fact)


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("batch 12 waits", 2),
        ("it took 2.5 s", 2),
        ("in /tmp/run-2/mail", 2),
        ("2,000 texts", 2),
        ("model-2", 2),
        ("give --log-format", "--store"),
        ("mailbox", "mail"),
        ("a postmail", "mail"),
        ("", "mail"),
        (None, "mail"),
    ],
)
def test_what_only_looks_like_it_is_not(message: str | None, fact: object) -> None:
    assert not names(message, fact)


def test_each_fact_must_be_there() -> None:
    assert names("batch 2 of mail", 2, "mail")
    assert not names("batch 2 of mail", 2, "news")


def test_an_error_must_name_the_facts_in_one_line() -> None:
    with raises_naming(ValueError, "odd") as raised:
        raise ValueError("3 is odd")
    assert names(raised.value, 3)

    for message in ("4 is even", "odd\nand more"):
        with pytest.raises(AssertionError), raises_naming(ValueError, "odd"):
            raise ValueError(message)


def test_another_error_is_not_taken_for_it() -> None:
    with pytest.raises(KeyError), raises_naming(ValueError):
        raise KeyError("odd")

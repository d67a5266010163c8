"""What was found and what is still to be told, over restarts."""

from datetime import timedelta
from pathlib import Path

import pytest

from labelloop.alerts.problems import Alert
from labelloop.errors import UserError
from services.alerting.open_alerts import Book, open_book
from tests.support.messages import names, raises_naming
from tests.support.states import START

WAITS = {"waiting": Alert("waiting", "mail: batch 0 waits", "No answer.")}


def opened(folder: Path, *targets: str, log: str = "log") -> Book:
    return open_book(folder, log, targets or ("mail", "chat"))


def titles(book: Book) -> list[tuple[str, list[str]]]:
    return [(told.message.title, told.targets_left) for told in book.outbox]


def test_what_is_wrong_is_told_once_and_that_it_is_over_once(tmp_path: Path) -> None:
    book = opened(tmp_path, "mail")

    assert book.change("mail-5e1f", WAITS, START)
    assert not book.change("mail-5e1f", WAITS, START)
    assert not book.change("other", {}, START)
    assert book.change("mail-5e1f", {}, START + timedelta(hours=2))

    begun, over = book.outbox
    assert begun.targets_left == over.targets_left == ["mail"]
    assert begun.message.title == WAITS["waiting"].title
    assert over.message.title != begun.message.title
    assert names(over.message.title, begun.message.title)
    assert names(over.message.text, "2 h")
    assert not book.open_alerts


def test_it_lasted_from_when_it_began_which_is_before_it_is_told(tmp_path: Path) -> None:
    book = opened(tmp_path, "mail")
    silent = {"silent": Alert("silent", "trainer is silent", "For 20 s and more.", START)}
    book.change("service trainer", silent, START + timedelta(seconds=20))
    book.save()

    again = opened(tmp_path, "mail")
    again.change("service trainer", {}, START + timedelta(seconds=35))

    assert names(again.outbox[-1].message.text, "35 s")


def test_each_target_takes_each_message_once_over_a_restart(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.change("mail-5e1f", WAITS, START)
    told = book.next_for("mail")
    assert told is not None
    book.took("mail", told)
    book.places[0] = 7
    book.save()

    again = opened(tmp_path)

    assert titles(again) == [("mail: batch 0 waits", ["chat"])]
    assert again.places == {0: 7}
    assert again.next_for("mail") is None
    assert not again.change("mail-5e1f", WAITS, START)


def test_a_target_that_is_no_more_is_not_waited_for(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.change("mail-5e1f", WAITS, START)
    book.save()

    assert titles(opened(tmp_path, "mail")) == [("mail: batch 0 waits", ["mail"])]
    assert titles(opened(tmp_path, "mail", "another")) == [("mail: batch 0 waits", ["mail"])]


def test_a_target_that_was_corrected_is_told_what_was_left_and_who_took_it_is_not(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.change("mail-5e1f", WAITS, START)
    told = book.next_for("mail")
    assert told is not None
    book.took("mail", told)
    book.save()

    assert titles(opened(tmp_path, "mail", "corrected")) == [("mail: batch 0 waits", ["corrected"])]
    assert titles(opened(tmp_path, "mail")) == []


def test_another_log_begins_another_book(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.change("mail-5e1f", WAITS, START)
    book.save()

    assert not opened(tmp_path, log="another").open_alerts


@pytest.mark.parametrize("content", ["", "[]", '{"log": "log"}', '{"log": "log", "places": 1}'])
def test_a_damaged_one_is_told_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "alerts.json").write_text(content)

    with raises_naming(UserError, tmp_path / "alerts.json"):
        opened(tmp_path)


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    opened(tmp_path).save()

    assert (tmp_path / "alerts.json").stat().st_mode & 0o777 == 0o600

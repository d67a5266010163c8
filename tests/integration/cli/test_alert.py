"""`labelloop alert test`: whether alerts arrive."""

from tests.support.argilla_server import free_port
from tests.support.command import error_line, labelloop
from tests.support.messages import names
from tests.support.receivers import a_hook, a_mailbox


def test_each_address_says_whether_it_has_taken_a_message() -> None:
    nowhere = f"json://team:topsecret@127.0.0.1:{free_port()}"
    with a_hook() as hook, a_mailbox() as mailbox:
        result = labelloop("alert", "test", "--alert", hook.url, "--alert", mailbox.url)
        told = labelloop("alert", "test", environment={"LABELLOOP_ALERT": f"{hook.url} {nowhere}"})

    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert names(first, "1", "json://…")
    assert names(second, "2", "mailto://…")
    assert hook.titles == mailbox.subjects * 2
    assert len(mailbox.subjects) == 1
    assert told.exit_code == 2
    assert told.stderr.startswith("error: ")
    assert names(told.stderr, "2", "json://…")
    assert not names(told.stderr, "1")
    assert "topsecret" not in told.output


def test_without_an_address_it_says_how_to_give_one() -> None:
    line = error_line(labelloop("alert", "test", environment={"LABELLOOP_ALERT": ""}))

    assert names(line, "--alert", "LABELLOOP_ALERT")

"""`labelloop alert test`: whether alerts arrive."""

from tests.support.argilla_server import free_port
from tests.support.command import error_line, labelloop
from tests.support.receivers import a_hook, a_mailbox


def test_each_address_says_whether_it_has_taken_a_message() -> None:
    nowhere = f"json://team:topsecret@127.0.0.1:{free_port()}"
    with a_hook() as hook, a_mailbox() as mailbox:
        result = labelloop("alert", "test", "--alert", hook.url, "--alert", mailbox.url)
        told = labelloop("alert", "test", environment={"LABELLOOP_ALERT": f"{hook.url} {nowhere}"})

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "alert address 1 (json://…) has taken a message",
        "alert address 2 (mailto://…) has taken a message",
    ]
    assert hook.titles == ["labelloop: a test"] * 2
    assert mailbox.subjects == ["labelloop: a test"]
    assert told.exit_code == 2
    assert "error: alert address 2 (json://…) cannot be told" in told.stderr
    assert "topsecret" not in told.output


def test_without_an_address_it_says_how_to_give_one() -> None:
    line = error_line(labelloop("alert", "test", environment={"LABELLOOP_ALERT": ""}))

    assert line == "nobody is to be told: give --alert URL, or set LABELLOOP_ALERT"

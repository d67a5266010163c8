"""The supervisor's small parts: backoff, lock, logs, addresses, what it says of itself."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from labelloop.backoff import RestartBackoff
from labelloop.errors import UserError
from labelloop.supervisor.argilla import check_free, colleagues_url, free_port, local_url
from labelloop.supervisor.lock import hold, holder
from labelloop.supervisor.service import how_it_ended, rotate
from labelloop.supervisor.state import ProcessState, SupervisorState, read_state, write_state
from tests.support.messages import names, raises_naming


def test_a_process_that_keeps_dying_is_started_ever_later() -> None:
    backoff = RestartBackoff()

    assert [backoff.after(1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_a_process_that_lived_for_a_while_is_started_at_once_again() -> None:
    backoff = RestartBackoff()
    for _ in range(8):
        backoff.after(1)

    assert [backoff.after(30), backoff.after(1)] == [0.2, 0.4]


def test_a_home_has_one_supervisor_at_a_time(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"

    with (
        raises_naming(UserError, child.pid, f"labelloop down --home {tmp_path}", "--home"),
        hold(tmp_path / "run"),
    ):
        pass
    assert holder(tmp_path / "run") == child.pid

    child.kill()
    child.wait()
    assert holder(tmp_path / "run") is None
    with hold(tmp_path / "run"):
        pass


HOLD = """
import sys
from pathlib import Path
from labelloop.supervisor.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_long_log_is_moved_aside_while_a_process_writes_to_it(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    with log.open("ab", buffering=0) as file:
        file.write(b"old\n" * 10)
        rotate(log, largest=20)
        file.write(b"new\n")

    assert log.read_text() == "new\n"
    assert (tmp_path / "trainer.log.1").read_text() == "old\n" * 10


def test_a_short_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    log.write_text("a line\n")

    rotate(log, largest=20)

    assert log.read_text() == "a line\n"


def test_an_exit_status_is_told_in_words() -> None:
    assert names(how_it_ended(2), "2")
    assert names(how_it_ended(-9), "SIGKILL")


def test_a_port_in_use_is_told_and_another_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with raises_naming(UserError, port, "127.0.0.1", "--port"):
            check_free("127.0.0.1", port)
        other = free_port("127.0.0.1", port)

    assert other != port
    check_free("127.0.0.1", other)


def test_a_host_that_is_not_of_this_machine_is_told() -> None:
    with raises_naming(UserError, "192.0.2.1", 6900, "--host"):
        check_free("192.0.2.1", 6900)


def test_an_argilla_open_to_colleagues_has_two_addresses() -> None:
    assert local_url("0.0.0.0", 6900) == "http://127.0.0.1:6900"
    assert colleagues_url("0.0.0.0", 6900) == f"http://{socket.gethostname()}:6900"
    assert colleagues_url("127.0.0.1", 6900) is None
    assert local_url("::1", 6900) == "http://[::1]:6900"


def test_what_the_supervisor_says_is_read_back(tmp_path: Path) -> None:
    state = SupervisorState(
        7, 1.5, "http://a", {"trainer": ProcessState("running", 9, 3.0, 4.0, 1, "exit code 1")}
    )

    write_state(tmp_path, state)

    assert read_state(tmp_path) == state


def test_what_a_newer_supervisor_says_beside_is_ignored(tmp_path: Path) -> None:
    newer = '{"pid": 1, "since": 2, "mood": "good", "processes": {"a": {"pid": 3, "mood": "good"}}}'
    (tmp_path / "supervisor.json").write_text(newer)

    assert read_state(tmp_path) == SupervisorState(1, 2, None, {"a": ProcessState(pid=3)})


@pytest.mark.parametrize("content", ["", "{}", '{"pid": 1, "since": 2, "processes": {"a": 7}}'])
def test_an_unreadable_state_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "supervisor.json").write_text(content)

    assert read_state(tmp_path) is None

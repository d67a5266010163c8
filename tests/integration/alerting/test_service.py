"""The service as a process, with a real mail server and a real web hook: killed, and started again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from labelloop.alerts.problems import of_project
from labelloop.alerts.settings import AlertRules
from labelloop.config.home import existing_home
from labelloop.observe.status_file import read_status_file
from schemas.events import BatchAnnotated, ServiceFailed
from tests.support.alerts import failed_titles, titles_of
from tests.support.argilla_server import free_port
from tests.support.children import ROOT
from tests.support.command import eventually
from tests.support.homes import home_with
from tests.support.messages import names
from tests.support.receivers import Hook, Mailbox, a_hook
from tests.support.states import all_answered, project, queried, state_of

FAILED, _ = failed_titles()


def failed(due: str = "train model 0", attempt: int = 1) -> ServiceFailed:
    return ServiceFailed(service="trainer", due=due, kind="disk-full", error="no space", attempt=attempt)


def disputed(batch: str = "0", revision: int = 0, agreement: float = 0.1) -> BatchAnnotated:
    done = all_answered(batch, revision=revision)
    return BatchAnnotated(batch=batch, revision=revision, items=done.items, agreement=agreement)


DISAGREE, AGREE = titles_of(
    of_project(state_of(project(), queried(), disputed()), {}, None, AlertRules(), None)["agreement"]
)


@contextmanager
def alerting(home: Path, *urls: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The service; killed at the end."""
    place = existing_home(home)
    environment = {
        **os.environ,
        "LABELLOOP_LOG": place.log_url,
        "LABELLOOP_RUN": str(place.run),
        "LABELLOOP_ALERT": " ".join(urls),
        "LABELLOOP_ALERT_STATE": str(home),
    }
    with (home / "alerting.log").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.alerting"], cwd=ROOT, env=environment, stdout=said, stderr=said
        )
    try:
        eventually(lambda: read_status_file(place.run, "alerting").get("pid") == process.pid, "it runs")
        yield process
    finally:
        process.kill()
        process.wait()


def said(home: Path) -> str:
    return (home / "alerting.log").read_text(encoding="utf-8")


def nothing_is_left(home: Path) -> bool:
    """Whether it has saved that everybody was told; killed before, it would tell the last one again."""
    return not json.loads((home / "alerts.json").read_text(encoding="utf-8"))["outbox"]


def test_each_is_told_what_is_wrong_and_when_it_is_over(
    home: Path, mailbox: Mailbox, other: Hook, hook: Hook
) -> None:
    with alerting(home, mailbox.url, other.url, hook.url):
        home_with(home, failed(), failed(attempt=2), disputed())
        eventually(lambda: len(hook.titles) == len(other.titles) == 2, "both are told")
        home_with(home, disputed(revision=1, agreement=0.9))
        eventually(lambda: len(hook.titles) == len(other.titles) == 3, "it is over")
        # Apprise leaves seconds between two mails, so the others are not waited for.
        eventually(lambda: bool(mailbox.subjects), "a mail is there")

    assert hook.titles == other.titles == [FAILED, DISAGREE, AGREE]
    assert mailbox.subjects[0] == FAILED
    assert names(hook.posted[0]["message"], "train model 0", "no space", "disk-full")
    assert "topsecret" not in said(home)
    assert "hidden-hook" not in said(home)
    assert "topsecret" not in (home / "alerts.json").read_text()


@pytest.mark.all_cells
def test_what_happens_while_it_is_down_is_told_and_what_was_told_is_not(
    home: Path, other: Hook, hook: Hook
) -> None:
    with alerting(home, other.url, hook.url):
        home_with(home, failed())
        eventually(lambda: hook.titles == other.titles == [FAILED], "both are told")
        eventually(lambda: nothing_is_left(home), "that is saved")
    # It failed, and was over, before it is there again: two events that nobody is to miss.
    home_with(home, disputed(), disputed(revision=1, agreement=0.9))

    for _ in range(2):
        with alerting(home, other.url, hook.url):
            eventually(lambda: len(hook.titles) == len(other.titles) == 3, "both are told")
            eventually(lambda: nothing_is_left(home), "that is saved")

    assert hook.titles == other.titles == [FAILED, DISAGREE, AGREE]


def test_one_that_is_killed_while_it_tells_repeats_one_message_at_most(
    home: Path, other: Hook, hook: Hook
) -> None:
    patient = f"{hook.url}?rto=60"
    hook.answers.clear()
    with alerting(home, other.url, patient):
        home_with(home, failed(), disputed())
        eventually(lambda: bool(hook.titles) and len(other.titles) == 2, "the hook is being told")
    hook.answers.set()

    with alerting(home, other.url, patient):
        eventually(lambda: DISAGREE in hook.titles, "the hook is told the rest")

    assert hook.titles == [FAILED, FAILED, DISAGREE]
    assert other.titles in ([FAILED, DISAGREE], [FAILED, DISAGREE, DISAGREE])


def test_nothing_of_the_past_is_told_at_the_first_start_but_what_stands(home: Path, hook: Hook) -> None:
    home_with(home, failed("train model 7"), disputed(), disputed(revision=1, agreement=0.9))

    with alerting(home, hook.url):
        eventually(lambda: hook.titles == [FAILED], "it is told what stands")
        home_with(home, disputed(revision=2))
        eventually(lambda: len(hook.titles) == 2, "it is told what is new")

    assert hook.titles == [FAILED, DISAGREE]


def test_who_is_away_is_told_later_and_keeps_nobody_waiting(home: Path, other: Hook) -> None:
    port = free_port()
    away = f"json://team:topsecret@127.0.0.1:{port}/hidden-hook"

    with alerting(home, away, other.url):
        home_with(home, failed())
        eventually(lambda: other.titles == [FAILED], "the other is told")
        eventually(lambda: "waiting" in read_status_file(home / "run", "alerting"), "it is said")
        waiting = read_status_file(home / "run", "alerting")["waiting"]
        assert names(waiting, "1", "json://…")
        assert waiting in said(home)
        with a_hook(port) as hook:
            eventually(lambda: hook.titles == [FAILED], "it is told")

    assert "topsecret" not in said(home)
    assert other.titles == [FAILED]


def test_a_setting_that_is_missing_is_one_line_and_an_exit() -> None:
    known = {name: value for name, value in os.environ.items() if not name.startswith("LABELLOOP_")}
    needed = {"LABELLOOP_LOG": "sqlite:///x", "LABELLOOP_ALERT_STATE": "x"}

    ended = subprocess.run(
        [sys.executable, "-m", "services.alerting"],
        cwd=ROOT,
        env={**known, **needed, "LABELLOOP_ALERT": "foo://secret"},
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert names(line, "1", "foo://…")

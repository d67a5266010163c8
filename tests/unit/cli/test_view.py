"""What the live view says."""

from dataclasses import replace
from pathlib import Path

from labelloop.cli.plots import draw_audits, draw_text
from labelloop.cli.status import status_text
from labelloop.cli.view.links import labelling_url
from labelloop.cli.view.screen import Activity, activities
from labelloop.cli.view.watch import HEADER, format_line
from labelloop.loop.digest import loop_digest
from labelloop.loop.figures import Audited, BatchLine, Point
from labelloop.loop.fold import fold
from labelloop.loop.history import History
from labelloop.projects.summary import summarized
from schemas.envelope import new_event
from tests.support.messages import names
from tests.support.states import (
    PROJECT,
    advised,
    all_answered,
    audited,
    checked,
    project,
    queried,
    recorded,
    state_of,
    trained,
    vote,
    votes,
)


def lines_with(text: str, *facts: object) -> list[str]:
    return [line for line in text.splitlines() if names(line, *facts)]


STOPPED = {"home": "/h", "running": False, "pid": None, "since": None, "argilla": None, "services": {}}


def test_a_line_stands_under_its_header() -> None:
    full = format_line(BatchLine("3", 80, 0.8125, 12.34, 1.0, 0.0))
    empty = format_line(BatchLine("final-1", 80, None, None, None, None), "mail")

    assert full == "       3      80     0.812    12.3 s    1.0 s    0.0 s"
    assert empty == " final-1      80         -         -        -        -  mail"
    assert len(HEADER) == len(full)


def test_open_batches_and_working_services_are_under_way() -> None:
    history = History(PROJECT)
    history.state = state_of(project(), queried("0"), recorded(votes(1, vote("ann", "spam"))))
    slots = {"trainer": {"doing": f"{PROJECT}: train model 3"}, "querier": {"doing": "idle"}}

    batch, training = activities([history], slots)

    assert names(batch.text, "0")
    assert names(training.text, "train model 3")
    assert replace(batch, text="") == Activity(f"{PROJECT}/0", "", 1, 3)
    assert replace(training, text="") == Activity(f"trainer/{PROJECT}: train model 3", "")


def test_the_link_asks_for_the_oldest_batch_first() -> None:
    assert (
        labelling_url("http://127.0.0.1:6900", "1ca4")
        == "http://127.0.0.1:6900/dataset/1ca4/annotation-mode?sort=metadata.batch.asc"
    )


def test_the_curve_is_drawn_in_characters_from_0_to_1() -> None:
    drawn = draw_text([Point("0", 20, 0.4, 0.3), Point("1", 40, 0.75, 0.7)], "questions")

    assert names(drawn, "questions")
    assert drawn.count("●") == 2
    assert "1.00┤" in drawn
    assert "0.00┤" in drawn
    assert "\x1b" not in drawn


def test_a_status_says_when_nothing_runs() -> None:
    services = {**STOPPED, "log": "sqlite:////h/log.sqlite"}

    home, log, services_line = status_text(services, []).splitlines()

    assert names(home, "/h")
    assert names(log, "sqlite:////h/log.sqlite")
    assert names(services_line, "labelloop up")


def test_without_a_home_a_status_says_where_the_log_is_and_nothing_of_services() -> None:
    services: dict[str, object] = {
        "home": None,
        "log": "kafka://host:9092/labelloop",
        "running": None,
        "services": {},
    }

    (log,) = status_text(services, []).splitlines()

    assert names(log, "kafka://host:9092/labelloop")


def test_a_status_tells_the_latest_model_where_it_lies_and_what_was_decided(tmp_path: Path) -> None:
    services = {**STOPPED, "log": "sqlite:////h/log.sqlite"}
    history = History(PROJECT)
    history.state = state_of(project(), queried("0"), all_answered("0"), trained("0", {"0": 0}))

    summary = summarized(history, str(tmp_path))

    folder = tmp_path / PROJECT / "models" / "0" / "0"
    told = summary.status()
    assert (told["model"], told["model_folder"]) == ("0", str(folder))
    assert told["digest"] == summary.digest == loop_digest(history.state)
    assert len(lines_with(status_text(services, [summary]), "0", folder)) == 1
    assert len(lines_with(status_text(services, [summary]), summary.digest)) == 1


def test_a_status_counts_the_answers_of_open_batches_and_tells_what_to_do_after_the_last() -> None:
    history = History(PROJECT)
    history.state = state_of(
        project(min_submitted=2), queried("0"), recorded(votes(1, vote("ann", "spam"), vote("bob", "ham")))
    )
    counted = status_text({**STOPPED, "log": ""}, [summarized(history)])
    assert lines_with(counted, "batch 0", 1, 3, 2)
    assert not lines_with(counted, "labelloop export")

    history.state = state_of(project(max_batches=1), queried("0"), all_answered("0"), trained("0", {"0": 0}))
    over = status_text({**STOPPED, "log": ""}, [summarized(history)])
    assert lines_with(over, "labelloop export --project mail")
    assert lines_with(over, "labelloop change mail --batches 2")


def test_a_status_tells_what_an_audit_and_a_stopping_criterion_found() -> None:
    history = History(PROJECT)
    models = [trained(str(number), {"0": 0}) for number in range(3)]
    checks = (checked("0", value=None), checked("1", stop=True), advised("1"))
    history.state = state_of(project(), queried("0"), all_answered("0"), *models, audited("0"), *checks)

    found = status_text({**STOPPED, "log": ""}, [summarized(history)])

    assert lines_with(found, "audit", "0", "0.750", "0.500", "0.875", "8")
    (advice,) = lines_with(found, "KappaAverage", "0.900", "1")
    assert not names(advice, "3")

    history.state = fold(history.state, new_event(PROJECT, checked("2"), source="tests"))
    later = status_text({**STOPPED, "log": ""}, [summarized(history)])
    assert lines_with(later, "KappaAverage", "0.900", "2", "3")


def test_a_status_tells_of_a_project_that_was_never_created() -> None:
    summary = summarized(History(PROJECT))

    told = summary.status()
    assert (told["name"], told["batches"], told["pool"], told["model"]) == (
        PROJECT,
        {"done": 0, "open": 0},
        0,
        None,
    )
    assert not told["finished"]
    assert lines_with(status_text({**STOPPED, "log": ""}, [summary]), PROJECT)


def test_audits_are_drawn_with_their_intervals() -> None:
    found = [Audited("0", 20, 0.5, 0.2, 0.8, 8), Audited("1", 40, 0.75, 0.5, 0.9, 8)]

    drawn = draw_audits(found, "questions")

    assert names(drawn, "questions")
    assert (drawn.count("●"), drawn.count("▼")) == (2, 2)

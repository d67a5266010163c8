"""What `labelloop status` prints."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from labelloop.cli.status import status_text
from labelloop.learner.large_pools import EmbeddedTexts
from labelloop.loop.digest import loop_digest
from labelloop.loop.fold import fold
from labelloop.loop.history import History
from labelloop.projects.summary import summarized
from schemas.envelope import new_event
from schemas.parts import Choice
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
    assert len(lines_with(status_text(services, [summary]), "0", folder, "missing")) == 1
    folder.mkdir(parents=True)
    (found,) = lines_with(status_text(services, [summary]), "0", folder)
    assert not names(found, "missing")
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
    begun = project(stopping=Choice(name="KappaAverage"))
    history.state = state_of(begun, queried("0"), all_answered("0"), *models, audited("0"), *checks)

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


@pytest.mark.parametrize(
    ("embedded", "is_told"),
    [(EmbeddedTexts(20_480, 1_000_000), True), (EmbeddedTexts(60, 60), False), (None, False)],
)
def test_a_status_tells_how_far_a_large_pool_is_embedded(
    embedded: EmbeddedTexts | None, is_told: bool
) -> None:
    history = History(PROJECT)
    history.add(new_event(PROJECT, project(), source="test"))
    summary = replace(summarized(history), embedded=embedded)

    lines = lines_with(status_text({**STOPPED, "log": "sqlite:////h/log.sqlite"}, [summary]), "embedded")

    assert bool(lines) == is_told
    assert all(names(line, "20,480", "1,000,000") for line in lines)
    assert summary.status()["embedded"] == (asdict(embedded) if embedded else None)

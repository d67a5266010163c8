"""What is worth telling people, rule by rule."""

from datetime import datetime, timedelta

import pytest

from labelloop.alerts.problems import Alert, Failing, ServiceHealth, failing_after, of_project, of_service
from labelloop.alerts.settings import AlertRules
from labelloop.loop.state import LoopState
from schemas import events as e
from schemas.envelope import Event, new_event
from schemas.model import replaced
from schemas.parts import Choice
from tests.support.messages import names
from tests.support.states import (
    PROJECT,
    START,
    all_answered,
    evaluated,
    project,
    queried,
    recorded,
    state_of,
    trained,
    vote,
    votes,
)

RULES = AlertRules()
NOTHING: Failing = {}
OPEN = (project(), queried())
MOVED = e.ProjectMoved(request="m", who="ada", log="sqlite:here", address="sqlite:///here", events=1)


def found(
    state: LoopState, now: datetime = START, failing: Failing = NOTHING, rules: AlertRules = RULES
) -> dict[str, Alert]:
    return of_project(state, failing, None, rules, now)


def failure(attempt: int = 1, due: str = "train model 0") -> e.ServiceFailed:
    return e.ServiceFailed(service="trainer", due=due, kind="disk-full", error="no space", attempt=attempt)


def event(data: e.EventData, source: str = "trainer") -> Event:
    return new_event(PROJECT, data, source=source)


def test_a_failure_is_told_until_the_service_has_done_something() -> None:
    failed = failing_after(failing_after(NOTHING, event(failure())), event(failure(2)))

    told = found(state_of(*OPEN), failing=failed)["failed trainer train model 0"]
    assert names(told.title, PROJECT, "trainer")
    assert names(told.text, "train model 0", "no space", "disk-full", "2")
    others = failing_after(failed, event(queried("1"), source="querier"))
    assert found(state_of(*OPEN), failing=others)
    assert not found(state_of(*OPEN), failing=failing_after(others, event(trained("0", {}))))


def test_failures_can_be_told_from_some_attempt_on_or_never() -> None:
    failed = failing_after(NOTHING, event(failure(2)))

    assert not found(state_of(*OPEN), failing=failed, rules=AlertRules(failed=3))
    assert not found(state_of(*OPEN), failing=failed, rules=AlertRules(failed=None))


@pytest.mark.parametrize(
    ("told", "waits"),
    [
        (OPEN, True),
        ((*OPEN, recorded(votes(0, vote("ann", "spam")))), True),
        ((*OPEN, all_answered()), False),
        ((*OPEN, e.ProjectEnded(request="e", who="ada")), False),
        ((project(),), False),
        # A project that moved here from another log.
        ((project(), MOVED, queried()), True),
    ],
)
def test_an_open_batch_waits_for_people_from_the_last_answer_on(
    told: tuple[e.EventData, ...], waits: bool
) -> None:
    last = START + timedelta(minutes=len(told) - 1)
    state = state_of(*told)

    assert not found(state, last + timedelta(hours=24))
    assert ("waiting" in found(state, last + timedelta(hours=24, seconds=1))) == waits


def test_what_was_told_to_wait_does_so_until_all_is_read() -> None:
    def waiting(*told: str) -> set[str]:
        return set(of_project(state_of(*OPEN, all_answered()), NOTHING, None, RULES, None, told))

    assert (waiting(), waiting("waiting")) == (set(), {"waiting"})


def test_accuracy_that_fell_is_told_until_it_is_back() -> None:
    state = (*OPEN, all_answered(), trained("0", {"0": 0}), trained("1", {"0": 0}), trained("2", {"0": 0}))
    first, fallen, back = evaluated("0", 3, 0.8), evaluated("1", 6, 0.74), evaluated("2", 9, 0.76)

    assert not found(state_of(*state, first))
    text = found(state_of(*state, first, fallen))["accuracy"].text
    assert names(text, "1", "0.740", "6", "0", "0.800", "3")
    assert not found(state_of(*state, first, fallen, back))
    assert not found(state_of(*state, first, fallen), rules=AlertRules(accuracy=0.1))


@pytest.mark.parametrize(("agreement", "is_told"), [(None, False), (0.6, False), (0.59, True)])
def test_annotators_who_disagree_are_told(agreement: float | None, is_told: bool) -> None:
    state = state_of(*OPEN, replaced(all_answered(), agreement=agreement))

    assert ("agreement" in found(state)) == is_told


def test_agreement_is_that_of_the_last_batch_that_has_one() -> None:
    low, high = replaced(all_answered(), agreement=0.3), replaced(all_answered("1", (3, 4)), agreement=0.9)
    state = state_of(*OPEN, low, queried("1", (3, 4)))

    assert "agreement" in found(state)
    assert not found(state_of(*OPEN, low, queried("1", (3, 4)), high))


@pytest.mark.parametrize(("still", "is_told"), [(True, True), (False, False)])
def test_advice_to_stop_is_told_as_long_as_it_stands(still: bool, is_told: bool) -> None:
    def check(model: str, stop: bool) -> e.StoppingChecked:
        return e.StoppingChecked(
            model=model, attempt=0, labels=3, criterion="kappa", stop=stop, predicted=(), seconds=1
        )

    advice = e.StoppingAdvised(model="0", attempt=0, labels=3, criterion="kappa")
    begun = (project(stopping=Choice(name="kappa")), *OPEN[1:])
    told = (*begun, all_answered(), trained("0", {"0": 0}), check("0", True), advice)
    state = state_of(*told, trained("1", {"0": 0}), check("1", still))

    assert ("stopping" in found(state)) == is_told


def test_a_halted_project_is_told() -> None:
    halted = of_project(state_of(*OPEN), NOTHING, "halted at event x", RULES, START)["halted"]

    assert names(halted.title, PROJECT)
    assert names(halted.text, "halted at event x")


def test_a_silent_service_is_told_after_a_while_and_stays_told_over_a_restart() -> None:
    look = ServiceHealth("ConnectError", START)
    soon, late = START + timedelta(seconds=119), START + timedelta(seconds=120)

    assert not of_service("trainer", look, (), RULES, soon)
    silent = of_service("trainer", look, (), RULES, late)["silent"]
    assert names(silent.title, "trainer")
    assert names(silent.text, "ConnectError")
    assert silent.since == START
    assert "silent" in of_service("trainer", look, {"silent"}, RULES, soon)
    assert not of_service("trainer", ServiceHealth(None, START), {"silent"}, RULES, late)
    assert not of_service("trainer", look, (), AlertRules(silent=None), late)


def test_a_service_behind_the_log_is_told_and_silence_is_no_recovery() -> None:
    assert "lag" in of_service("trainer", ServiceHealth(None, START, 301), (), RULES, START)
    assert "lag" in of_service("trainer", ServiceHealth("ConnectError", START), {"lag"}, RULES, START)
    assert not of_service("trainer", ServiceHealth(None, START, 300), {"lag"}, RULES, START)
    assert not of_service("trainer", ServiceHealth(None, START, 301), (), AlertRules(lag=None), START)


@pytest.mark.parametrize(("batches", "is_told"), [(9, False), (10, True)])
def test_where_a_share_is_answered_by_two_the_last_ten_such_texts_tell(batches: int, is_told: bool) -> None:
    """Of one text in a batch, one doubtful text would tell it."""
    facts: list[e.EventData] = []
    for number in range(batches):
        items = (3 * number, 3 * number + 1, 3 * number + 2)
        picked, done = queried(str(number), items), all_answered(str(number), items)
        overlap, doubtful = replaced(picked.items[0], answers=2), replaced(done.items[0], agreement=0.5)
        facts.append(replaced(picked, items=(overlap, *picked.items[1:])))
        facts.append(replaced(done, items=(doubtful, *done.items[1:]), agreement=0.5))

    assert ("agreement" in found(state_of(project(), *facts))) == is_told

"""How a service fares, by what its supervisor, it itself, or its pages say."""

from contextlib import closing

import pytest

from labelloop.observe.asking import Answered, Sample
from labelloop.observe.metrics import Metrics
from labelloop.observe.server import HealthServer
from labelloop.observe.service_status import READING, Health
from labelloop.observe.status_file import STANDING_BY
from labelloop.supervisor.state import ProcessState
from services.dashboard.service_states import (
    BUSY,
    ILL,
    STARTING,
    WAITING,
    WELL,
    Look,
    ServicesWatch,
    Work,
    of_answer,
    of_process,
    with_pages,
    worst,
)
from tests.support.argilla_server import free_port
from tests.unit.cli.test_imports import loaded

RUNNING = ProcessState("running", pid=None, since=1.0, restarts=2)


@pytest.mark.parametrize(
    ("process", "said", "state", "problems"),
    [
        (RUNNING, {"doing": "idle", "version": "1"}, WELL, ()),
        (RUNNING, {"doing": "train model 3"}, BUSY, ()),
        (RUNNING, {"doing": "idle", "waiting": "Argilla is away"}, WAITING, ("Argilla is away",)),
        (RUNNING, {"doing": "idle", "failure": "train: no memory"}, ILL, ("train: no memory",)),
        (ProcessState("waiting", ended="killed by SIGKILL"), {}, ILL, ("killed by SIGKILL",)),
        (ProcessState("stopped"), {}, ILL, ()),
        (ProcessState("starting"), {}, STARTING, ()),
        (RUNNING, {}, STARTING, ()),
        (RUNNING, {"doing": "starting"}, STARTING, ()),
        (RUNNING, {"doing": STANDING_BY}, STARTING, ()),
    ],
)
def test_a_process_of_this_machine(
    process: ProcessState, said: dict[str, object], state: str, problems: tuple[str, ...]
) -> None:
    look = of_process("trainer", process, said)

    assert (look.state, look.problems, look.restarts) == (state, problems, process.restarts)


@pytest.mark.parametrize(
    ("answered", "state"),
    [
        (Answered("http://a", "it does not answer (ConnectError)"), ILL),
        (Answered("http://a", "Argilla is away", (Sample("labelloop_lag_events", {}, 3),)), WAITING),
        (Answered("http://a", READING, (Sample("labelloop_lag_events", {}, 3),)), STARTING),
        (Answered("http://a", None, (Sample("labelloop_work_started_timestamp_seconds", {}, 5.0),)), BUSY),
        (Answered("http://a", None, (Sample("labelloop_work_started_timestamp_seconds", {}, 0.0),)), WELL),
    ],
)
def test_a_process_elsewhere(answered: Answered, state: str) -> None:
    assert of_answer("trainer", answered).state == state


def test_what_a_page_of_metrics_tells() -> None:
    samples = (
        Sample("labelloop_build_info", {"version": "0.1.0"}, 1),
        Sample("labelloop_lag_events", {}, 7),
        Sample("labelloop_failures_total", {"kind": "out-of-memory"}, 2),
        Sample("process_resident_memory_bytes", {}, 1e6),
    )

    look = of_answer("trainer", Answered("http://a", None, samples))

    assert (look.version, look.memory, look.address) == ("0.1.0", 1_000_000, "http://a")
    assert dict(look.facts) == {"events not read": "7", "failures": "2 out-of-memory"}


def test_what_a_process_does_is_known_with_its_project_and_its_beginning() -> None:
    said = {"doing": "mail: train model 3", "doing_since": 50.0}
    samples = (
        Sample("labelloop_work_started_timestamp_seconds", {"project": "mail"}, 5.0),
        Sample("labelloop_work_started_timestamp_seconds", {"project": "idle"}, 0.0),
    )

    here, there = (
        of_process("trainer", RUNNING, said),
        of_answer("trainer", Answered("http://a", None, samples)),
    )

    assert here.work == (Work("train model 3", "mail", 50.0),)
    assert there.work == (Work(there.doing, "mail", 5.0),)
    assert of_process("trainer", RUNNING, {"doing": "idle", "doing_since": 50.0}).work == ()


def test_what_waits_for_a_process_is_told_alike_by_its_file_and_by_its_pages() -> None:
    waits = {"work_due": 2, "lag_events": 7, "lag_seconds": 1.5}
    samples = tuple(Sample(f"labelloop_{name}", {}, value) for name, value in waits.items())
    answered = Answered("http://a", None, samples)

    here = of_process("trainer", RUNNING, {"doing": "idle", **waits})
    there = of_answer("trainer", answered)

    assert here.facts == there.facts == with_pages(here, [answered]).facts
    assert [value for _, value in here.facts] == ["2", "7", "1.5"]


def test_what_changes_all_the_time_is_no_news() -> None:
    before, later, behind = (
        of_process("trainer", RUNNING, {"doing": "idle", "lag_events": events, "lag_seconds": seconds})
        for events, seconds in ((7, 1.0), (7, 2.0), (0, 0.0))
    )

    assert before.told == later.told != behind.told


@pytest.mark.parametrize("name", ["learner", "annotators"])
def test_who_says_nothing_of_itself_is_well_where_it_runs(name: str) -> None:
    assert of_process(name, RUNNING, {}).state == WELL


def test_a_service_that_was_killed_is_ill_until_it_works_again() -> None:
    def look(state: str, since: float) -> Look:
        return Look("trainer", state, "", since=since, ended="killed by SIGKILL")

    seen = [look(WELL, 1.0)]
    for state, since in ((STARTING, 2.0), (STARTING, 2.0), (WELL, 2.0), (STARTING, 2.0), (BUSY, 3.0)):
        seen.append(look(state, since).after(seen[-1]))

    # It takes its projects over again without a death; and the next one was too short to be seen.
    assert [each.state for each in seen] == [WELL, ILL, ILL, WELL, STARTING, ILL]
    assert seen[1].problems == seen[2].problems == ("killed by SIGKILL",)
    assert look(STARTING, 1.0).after(None).state == STARTING


async def test_an_optional_service_is_shown_once_it_has_answered() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    watch = ServicesWatch(None, {"suggester?": nowhere, "trainer": nowhere}, None)

    assert [(look.service, look.state) for look in await watch.look()] == [("trainer", ILL)]
    port, metrics = int(nowhere.rpartition(":")[2]), Metrics("suggester")
    with closing(HealthServer("127.0.0.1", port, Health(), metrics.registry, str, None)):
        assert {look.service: look.state for look in await watch.look()} == {
            "suggester": STARTING,
            "trainer": ILL,
        }
    assert {look.state for look in await watch.look()} == {ILL}
    assert len(await watch.look()) == 2


def test_the_worst_of_several_counts() -> None:
    assert worst(Look("a", state, "") for state in (WELL, WAITING, BUSY)) == WAITING
    assert worst(()) == WELL


def test_the_dashboard_loads_nothing_that_learns_or_reads_pools() -> None:
    found = loaded("import services.dashboard.service")

    assert found.isdisjoint({"torch", "transformers", "small_text", "numpy", "pandas", "pyarrow"})

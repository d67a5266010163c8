"""Which problems there are to alert people of, and in which words. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from labelloop.alerts.settings import AlertRules
from labelloop.durations import spoken
from labelloop.errors import counted
from labelloop.loop.figures import curve
from labelloop.loop.schedule import open_batches
from labelloop.loop.settings_in_force import advice_in_force, checks_in_force
from labelloop.loop.state import LoopState, ProjectState
from schemas.envelope import Event
from schemas.events import ServiceFailed

SILENT, LAG, WAITING = "silent", "lag", "waiting"
FEWEST_SHARED = 10
"""Of fewer texts that two people answered, one or two would decide whether an alert is sent."""


@dataclass(frozen=True)
class Alert:
    """A problem. Its `key` stays the same as long as the problem lasts.

    `since`: when it began. None: when it was first seen.
    """

    key: str
    title: str
    text: str
    since: datetime | None = None


Failing = Mapping[tuple[str, str], ServiceFailed]
"""The last failure, by service and piece of work."""


def failing_after(failing: Failing, event: Event) -> Failing:
    """The open failures after an event. A failure ends when its service writes another event."""
    data = event.payload
    if isinstance(data, ServiceFailed):
        return {**failing, (data.service, data.due): data}
    return {key: failed for key, failed in failing.items() if key[0] != event.source}


@dataclass(frozen=True)
class ServiceHealth:
    """The last known health of a service: its problem, since when, and its lag.

    `problem` None: it answers and is ready. `lag`: seconds, or None if unknown.
    """

    problem: str | None
    since: datetime
    lag: float | None = None


def of_project(
    state: ProjectState,
    failing: Failing,
    halted: str | None,
    rules: AlertRules,
    now: datetime | None,
    open_keys: Collection[str] = (),
) -> dict[str, Alert]:
    """The alerts of a project by key. `halted`: why it is halted. `open_keys`: alerts already sent.

    `now` None: the log is not read to its end, so waiting times are unknown. Alerts about them stay open.
    """
    name = state.project_id
    alerts = [*_failed(name, failing, rules)]
    if isinstance(state, LoopState):
        alerts += _waiting(state, rules, now) if now else _still_waiting(open_keys)
        alerts += [*_accuracy(state, rules), *_agreement(state, rules), *_stopping(state)]
    if halted is not None:
        alerts.append(Alert("halted", f"{name} is halted", f"It is {halted}."))
    return {alert.key: alert for alert in alerts}


def of_service(
    name: str, look: ServiceHealth, open_keys: Collection[str], rules: AlertRules, now: datetime
) -> dict[str, Alert]:
    """The alerts of a service by key. `open_keys`: alerts already sent.

    After a restart it is unknown since when a service is silent, and a silent service reports no lag. Such
    alerts stay open meanwhile.
    """
    alerts = []
    is_silent = rules.silent is not None and (SILENT in open_keys or now - look.since >= rules.silent)
    if look.problem is not None and rules.silent is not None and is_silent:
        text = f"For {spoken(rules.silent)} and more: {look.problem}."
        alerts.append(Alert(SILENT, f"{name} is silent or not ready", text, look.since))
    if rules.lag is not None:
        unknown = look.lag is None
        if (unknown and LAG in open_keys) or (look.lag or 0.0) > rules.lag.total_seconds():
            text = f"The oldest event that it has not read is {look.lag or 0:.0f} s old."
            alerts.append(Alert(LAG, f"{name} is behind the log", text))
    return {alert.key: alert for alert in alerts}


def _failed(name: str, failing: Failing, rules: AlertRules) -> Iterator[Alert]:
    for (service, due), failed in failing.items():
        if rules.failed is not None and failed.attempt >= rules.failed:
            text = f"{due}: {failed.error} ({failed.kind}, attempt {failed.attempt}). It will be retried."
            yield Alert(f"failed {service} {due}", f"{name}: {service} failed", text)


def _waiting(state: LoopState, rules: AlertRules, now: datetime) -> Iterator[Alert]:
    """The oldest open batch waits since the last answer to any batch, because people answer it first."""
    opened = open_batches(state)
    if rules.waiting is None or not opened or state.ended:
        return
    times = [opened[0].queried_at]
    for batch in state.batches.values():
        times += [time for time in (batch.responses_at, batch.annotated_at) if time is not None]
    since = max(times)
    if now - since > rules.waiting:
        title = f"{state.project_id}: batch {opened[0].name} waits for people"
        yield Alert(WAITING, title, f"There was no answer for more than {spoken(rules.waiting)}.", since)


def _still_waiting(open_keys: Collection[str]) -> Iterator[Alert]:
    if WAITING in open_keys:
        yield Alert(WAITING, "", "")


def _accuracy(state: LoopState, rules: AlertRules) -> Iterator[Alert]:
    points = curve(state)
    if rules.accuracy is None or len(points) < 2:
        return
    last, best = points[-1], max(points[:-1], key=lambda point: point.accuracy)
    if best.accuracy - last.accuracy > rules.accuracy:
        text = (
            f"Model {last.model} has {last.accuracy:.3f} with {counted(last.labels, 'label')}, "
            f"model {best.model} had {best.accuracy:.3f} with {best.labels}."
        )
        yield Alert("accuracy", f"{state.project_id}: accuracy fell", text)


def _agreement(state: LoopState, rules: AlertRules) -> Iterator[Alert]:
    """The agreement of the last batch for which it is known.

    Where only a share of a batch is answered by two, that of the last batches with FEWEST_SHARED such texts.
    """
    shared: list[float] = []
    for name, batch in reversed(list(state.batches.items())):
        agreed = batch.revisions[-1].agreement if batch.done else None
        if rules.agreement is None or agreed is None:
            continue
        if batch.answers_wanted:
            known = (answer.agreement for answer in batch.revisions[-1].items)
            shared += [each for each in known if each is not None]
            if len(shared) < FEWEST_SHARED:
                continue
            agreed = fmean(shared)
        if agreed < rules.agreement:
            batches = f"the batches from {name} on" if shared else f"batch {name}"
            text = f"Annotators of {batches} agree in {agreed:.2f} of their votes."
            yield Alert("agreement", f"{state.project_id}: annotators disagree", text)
        return


def _stopping(state: LoopState) -> Iterator[Alert]:
    """Open as long as the criterion says stop."""
    checks, advice = checks_in_force(state), advice_in_force(state)
    if advice is not None and checks[-1].stop:
        labels = counted(advice.labels, "label")
        text = f"{advice.criterion}, after model {advice.model}: more than {labels} change little."
        yield Alert("stopping", f"{state.project_id}: stopping is advised", text)

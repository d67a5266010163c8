"""The figures of a project, as `labelloop status`, `curve` and `agreement` have them. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from labelloop.alerts.problems import WAITING, of_project
from labelloop.alerts.settings import AlertRules
from labelloop.loop.figures import audits, curve, evaluation, wilson
from labelloop.loop.history import History
from labelloop.loop.schedule import open_batches
from labelloop.loop.state import LoopState
from labelloop.oracle.argilla.values import data_set_name
from labelloop.projects.catalog import is_deleted
from labelloop.projects.progress import Settled
from labelloop.projects.summary import summarized
from schemas.parts import ItemVotes
from services.dashboard.project_figures import page_figures

CARD = "card"
STOPPING = "stopping"
"""The alert that a criterion says stop, which a card tells in its own words."""
MUCH_LATER = datetime.max.replace(tzinfo=UTC)
"""An open batch waits by then, so that it is known from when on it will have waited too long."""
DEFAULT = AlertRules()
TREND = 30


def quick_figures(
    history: History, done: Settled | None = None, store: str | None = None, rules: AlertRules = DEFAULT
) -> dict[str, str]:
    """What is shown of a project at a glance, as JSON by kind. A deleted project has nothing.

    `done`: what its batches that are done come to, if that is known.
    """
    return {CARD: "null" if is_deleted(history) else _json(card(history, done, store, rules))}


def thorough_figures(history: History) -> dict[str, str]:
    """What the page of a project shows, as JSON by kind, which may take longer."""
    return {kind: _json(figures) for kind, figures in page_figures(history).items()}


def card(
    history: History, done: Settled | None = None, store: str | None = None, rules: AlertRules = DEFAULT
) -> dict[str, Any]:
    """A project at a glance."""
    summary, state = summarized(history, store, done), history.state
    glance = summary.glance()
    shown: dict[str, Any] = {
        **glance,
        "phase": summary.phase,
        "next_steps": summary.next_steps,
        "events": summary.events,
        "accuracy": None,
        "trend": [],
        "open_batches": [],
        "alerts": [],
    }
    if not isinstance(state, LoopState):
        return shown
    progress = summary.progress
    people = {batch.name: _people(batch.answers) for batch in open_batches(state)}
    return {
        **shown,
        "created": state.created_at.isoformat(),
        "task": state.project.task,
        "label_names": list(state.project.labels),
        "label_counts": progress.label_counts,
        "has_test": state.project.test is not None,
        "has_audits": bool(state.project.audit_share),
        "accuracy": accuracy(state),
        "trend": trend(state),
        "open_batches": [
            {**batch, "people": people.get(batch["batch"], {})} for batch in glance["open_batches"]
        ],
        "alerts": list(_alerts(state, rules)),
        "data_set": data_set_name(state.project_id, progress.places - 1),
        "annotators": progress.annotators,
    }


def accuracy(state: LoopState) -> dict[str, Any] | None:
    """The newest accuracy with its 95 % interval: on the test set, or else as audited on the pool."""
    points, audited = curve(state), audits(state)
    if points:
        point = points[-1]
        evaluated = evaluation(state, point.model)
        low, high = wilson(point.accuracy, evaluated.size) if evaluated else (None, None)
        return {"on": "test set", "value": point.accuracy, "low": low, "high": high, **_about(point)}
    if audited:
        last = audited[-1]
        return {"on": "pool", "value": last.accuracy, "low": last.low, "high": last.high, **_about(last)}
    return None


def trend(state: LoopState) -> list[dict[str, Any]]:
    """The newest accuracies over labels, those on the test set, or else those of audits."""
    points = curve(state) or audits(state)
    return [{"labels": point.labels, "value": point.accuracy} for point in points[-TREND:]]


def _about(point: Any) -> dict[str, Any]:
    return {"model": point.model, "labels": point.labels}


def _alerts(state: LoopState, rules: AlertRules) -> Iterator[dict[str, Any]]:
    """What people would be alerted of, but for what a card says anyway. `begins`: None, or from when on."""
    for key, alert in of_project(state, {}, None, rules, MUCH_LATER).items():
        begins = None
        if key == WAITING and alert.since and rules.waiting:
            begins = (alert.since + rules.waiting).isoformat()
        if key != STOPPING:
            yield {"text": f"{alert.title}. {alert.text}", "begins": begins}


def _people(answers: Iterable[ItemVotes]) -> dict[str, int]:
    """How many texts each person answered."""
    counts = Counter(vote.username for answer in answers for vote in answer.votes if vote.status != "draft")
    return dict(sorted(counts.items()))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)

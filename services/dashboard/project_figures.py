"""The figures of one project's page, from the functions of `labelloop curve` and `agreement`. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from labelloop.learner.stopping.bundled import threshold_in_force
from labelloop.loop.figures import audits, curve, evaluation, predictions, spread, waits, wilson
from labelloop.loop.gold_texts import gold_at
from labelloop.loop.history import History
from labelloop.loop.label_lists import label_list
from labelloop.loop.names import runs
from labelloop.loop.pools import pool_of
from labelloop.loop.retention import file_of
from labelloop.loop.settings_in_force import (
    checks_in_force,
    for_next,
    lookahead_at,
    overlap_at,
    snapshots,
)
from labelloop.loop.state import Batch, LoopState
from labelloop.projects.agreement import agreement_figures
from labelloop.projects.predictions.reliability import audited, reliability
from schemas.events import PredictionsRecorded

PROJECT, MODELS = "project", "models"
NEWEST_BATCHES = 60
MOST_MOMENTS = 60
STEPS = (
    (timedelta(hours=2), timedelta(minutes=1)),
    (timedelta(hours=12), timedelta(minutes=10)),
    (timedelta(days=4), timedelta(hours=1)),
    (timedelta(days=3650), timedelta(days=1)),
)


def page_figures(history: History) -> dict[str, Any]:
    """What the page of a project shows, as JSON values by kind."""
    state = history.state
    if not isinstance(state, LoopState):
        return {PROJECT: None, MODELS: []}
    waited = waits(state)
    return {
        PROJECT: {
            "curve": list(_curve(state)),
            "audits": [audit.as_dict() for audit in audits(state)],
            "newest": _newest(state),
            "timeline": list(_timeline(state, waited)),
            "waited": vars(spread(list(waited.values()))),
            "has_waits": bool(waited),
            "pace": _pace(state),
            "agreement": _agreement(state),
            "stopping": _stopping(state),
            "settings": _settings(state),
            "audit_bins": _audit_bins(state),
            "called": dict(label_list(state).called),
            "pool": [dict(each) for each in pool_of(state).snapshots],
            "tests": {each.digest: dict(each) for each in snapshots(state)},
        },
        MODELS: list(_models(state)),
    }


def _curve(state: LoopState) -> Iterator[dict[str, Any]]:
    """The points of the learning curve, each with its 95 % interval and the best so far."""
    best = 0.0
    for point in curve(state):
        best = max(best, point.accuracy)
        evaluated = evaluation(state, point.model)
        low, high = wilson(point.accuracy, evaluated.size) if evaluated else (None, None)
        yield {**point.as_dict(), "low": low, "high": high, "best": best}


def _newest(state: LoopState) -> dict[str, Any] | None:
    """What the newest measured model does by class, and which it mistakes for which."""
    measured = [name for name in state.models if name in state.evaluations]
    evaluated = evaluation(state, measured[-1]) if measured else None
    if evaluated is None:
        return None
    listed = label_list(state)
    shown = dict(zip(evaluated.classes, listed.show(evaluated.classes), strict=True))
    return {
        "model": evaluated.model,
        "size": evaluated.size,
        "names": list(shown),
        "classes": list(shown.values()),
        "per_class": [
            {
                "name": name,
                "label": called,
                "precision": figures.precision,
                "recall": figures.recall,
                "f1": figures.f1,
                "support": figures.support,
            }
            for name, called in shown.items()
            if (figures := evaluated.per_class.get(name)) is not None
        ],
        "confusion": [list(row) for row in evaluated.confusion],
    }


def _timeline(state: LoopState, waited: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """The newest batches: when each was picked, labelled and learned."""
    for name in list(state.batches)[-NEWEST_BATCHES:]:
        batch, trained = state.batches[name], state.models.get(name)
        evaluated = evaluation(state, name)
        labelled = _labelled(batch)
        yield {
            "batch": name,
            "texts": len(batch.queried.items),
            "picked": _span(batch.queried_at - timedelta(seconds=batch.queried.seconds), batch.queried_at),
            "labelled": None if labelled is None else _span(*labelled),
            "trained": trained and _span(trained.at - timedelta(seconds=trained.first.seconds), trained.at),
            "waited": waited.get(name),
            "measuring": None if evaluated is None else evaluated.seconds,
            "done": batch.done,
        }


def _labelled(batch: Batch) -> tuple[datetime, datetime] | None:
    """From when people could label a batch until their last answer, as far as it is known."""
    begin = (batch.revisions[0].opened if batch.revisions else None) or batch.queried_at
    times = [vote.time for answer in batch.answers for vote in answer.votes if vote.time is not None]
    end = max(times, default=batch.annotated_at or batch.responses_at)
    return None if end is None else (min(begin, end), end)


def _span(begin: datetime, end: datetime) -> list[str]:
    return [begin.astimezone(UTC).isoformat(), end.astimezone(UTC).isoformat()]


def _pace(state: LoopState) -> dict[str, Any]:
    """How many answers each person gave, by steps of time, of which the newest are shown."""
    votes = [
        (vote.time, vote.username)
        for batch in state.batches.values()
        for answer in batch.answers
        for vote in answer.votes
        if vote.time is not None and vote.status != "draft"
    ]
    if not votes:
        return {"step": 0, "people": [], "moments": []}
    length = max(votes)[0] - min(votes)[0]
    step = next((step for longest, step in STEPS if length <= longest), STEPS[-1][1]).total_seconds()
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for time, who in votes:
        counts[int(time.timestamp() // step)][who] += 1
    people = sorted({who for _, who in votes})
    last = max(counts)
    first = max(min(counts), last - MOST_MOMENTS + 1)
    moments = [
        [datetime.fromtimestamp(place * step, UTC).isoformat(), *(counts[place][who] for who in people)]
        for place in range(first, last + 1)
    ]
    return {"step": step, "people": people, "moments": moments}


def _agreement(state: LoopState) -> dict[str, Any]:
    try:
        return agreement_figures(state)
    except ImportError:
        # Without the learner's packages nobody can tell alpha.
        return {"alpha": None, "texts": 0, "shared": 0, "annotators": {}, "confused": []}


def _stopping(state: LoopState) -> dict[str, Any] | None:
    """The values of the stopping criterion, and the threshold that holds."""
    criterion = for_next(state).stopping
    if criterion is None or criterion.name == "none":
        return None
    return {
        "criterion": criterion.name,
        "threshold": threshold_in_force(criterion.name, criterion.parameters),
        "checks": [
            {"model": check.model, "labels": check.labels, "value": check.value, "stop": check.stop}
            for check in checks_in_force(state)
        ],
    }


def _audit_bins(state: LoopState) -> list[dict[str, Any]]:
    """How often models like the newest one were right on audited texts, by how sure they were."""
    if not state.models or state.project.is_multi_label:
        return []
    return [asdict(each) for each in reliability(audited(state, list(state.models)[-1]))]


def _settings(state: LoopState) -> dict[str, Any]:
    settings = for_next(state)
    return {
        "classifier": settings.classifier.name,
        "strategy": settings.strategy.name,
        "embeddings of" if settings.classifier.name == "linear" else "model": settings.model.name,
        "batch_size": settings.batch_size,
        "overlap": f"{overlap_at(state, state.numbered):.0%}",
        "audit_share": f"{settings.audit_share:.0%}",
        "gold_share": f"{gold_at(state, state.numbered)[1]:.0%}",
        "lookahead": lookahead_at(state, state.numbered).batches,
        "stopping": settings.stopping.name if settings.stopping else "none",
        "max_batches": settings.max_batches,
        "min_submitted": settings.min_submitted,
        "task": settings.task,
        "seed": settings.seed,
    }


def _models(state: LoopState) -> Iterator[dict[str, Any]]:
    """The models, oldest first."""
    estimates = {audit.model: audit for audit in audits(state)}
    recorded = predictions(state)
    for name, trained in state.models.items():
        latest, evaluated, audit = trained.latest, evaluation(state, name), estimates.get(name)
        yield {
            "model": name,
            "attempt": latest.attempt,
            "labels": latest.labels,
            "at": trained.at.isoformat(),
            "accuracy": evaluated.accuracy if evaluated else None,
            "macro_f1": evaluated.macro_f1 if evaluated else None,
            "audit": None if audit is None else audit.as_dict(),
            "seconds": latest.seconds,
            "device": latest.device,
            "threads": latest.threads,
            "versions": dict(latest.versions),
            "artifact": latest.artifact,
            "sha256": latest.sha256,
            "lost": not trained.available,
            "recorded": _recorded(recorded.get(name)),
            "batches": sum(
                len(run) if isinstance(run, range) else 1 for run, _ in runs(trained.first.learned)
            ),
        }


def _recorded(recorded: PredictionsRecorded | None) -> dict[str, Any] | None:
    """Where what the model says is, if it was recorded."""
    if recorded is None:
        return None
    file = file_of(recorded)
    return {"uri": file.uri, "sha256": file.digest, "size": file.size, "test": recorded.test_version}

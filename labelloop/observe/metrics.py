"""Prometheus metrics of a service and its projects. Nothing here is global."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from labelloop.loop.history import History
from labelloop.loop.schedule import open_batches
from labelloop.loop.state import Batch, LoopState, ProjectState
from schemas.envelope import Event
from schemas.events import (
    EVENTS,
    BatchAnnotated,
    BatchQueried,
    ModelEvaluated,
    ModelTrained,
    ResponsesRecorded,
)

LABELS = ("service", "project")
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
SERVICE = ("service",)
PROJECT = (*SERVICE, "project")
TYPE = (*PROJECT, "type")
KINDS = ("error", "bad-input", "out-of-memory", "disk-full", "crashed", "model-missing", "model-damaged")
"""Kinds of failures that are counted from the start. Others appear with their first failure."""


class Lag:
    """Lag behind the log. The event loop updates it; other threads read it. `clock`: seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._events = 0
        self._newest = 0.0
        self._level_at = 0.0

    def behind(self, events: int) -> None:
        """Note how many events of the log are not folded yet."""
        self._events = events
        if not events:
            self._level_at = self._clock()

    def folded(self, written: datetime) -> None:
        """Note that an event that was written at this time is folded."""
        self._newest = max(self._newest, written.timestamp())

    def events(self) -> int:
        return self._events

    def seconds(self) -> float:
        """An upper bound of the age of the oldest event that is not folded. 0 if all are."""
        if not self._events:
            return 0.0
        since = max(self._newest, self._level_at)
        return max(0.0, self._clock() - since) if since else 0.0


class HasHistory(Protocol):
    """A project that has a history."""

    @property
    def history(self) -> History: ...


class Projects(Collector):
    """Metrics of the owned projects. Other threads may read them, because a state never changes."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._owned: Mapping[str, HasHistory] = {}
        self._counted: Mapping[str, tuple[ProjectState, int]] = {}

    def own(self, projects: Mapping[str, HasHistory]) -> None:
        """Set the owned projects."""
        self._owned = projects

    def collect(self) -> Iterator[Metric]:
        open_ = self._gauge("batches_open", "Batches that people have not done")
        texts = self._gauge("texts_answered", "Texts with an answer that stands")
        conflicts = self._gauge("conflicts", "Events whose id another had first, with other contents")
        duplicates = self._gauge("duplicates", "Events that are in the log more than once")
        halted = self._gauge("halted", "1 while an event keeps the project from going on")
        paused = self._gauge("paused", "1 while no new batch is picked, until the project is resumed")
        counted = {}
        for project, owned in self._owned.items():
            history, labels = owned.history, (self._service, project)
            state = history.state
            open_.add_metric(labels, len(open_batches(state)) if isinstance(state, LoopState) else 0)
            counted[project] = self._answered(project, state)
            texts.add_metric(labels, counted[project][1])
            conflicts.add_metric(labels, history.conflicts)
            duplicates.add_metric(labels, history.duplicates)
            halted.add_metric(labels, history.halt is not None)
            paused.add_metric(labels, isinstance(state, LoopState) and state.paused)
        self._counted = counted
        yield from (open_, texts, conflicts, duplicates, halted, paused)

    def _answered(self, project: str, state: ProjectState) -> tuple[ProjectState, int]:
        """The number of answered texts. Recounted only after a change, so that a scrape is cheap."""
        counted = self._counted.get(project)
        return counted if counted is not None and counted[0] is state else (state, answered_in(state))

    def _gauge(self, name: str, meaning: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"labelloop_{name}", meaning, labels=LABELS)


def answered_in(state: ProjectState) -> int:
    """How many texts have an answer."""
    return sum(map(answered, state.batches.values())) if isinstance(state, LoopState) else 0


def answered(batch: Batch | None) -> int:
    """How many texts of a batch have an answer: labels or a discard by at least one annotator."""
    if batch is None:
        return 0
    return sum(any(vote.status != "draft" for vote in item.votes) for item in batch.answers)


class Metrics:
    """One service's metrics, in its own registry. Counters start at 0 with the process. Times in seconds."""

    def __init__(self, service: str) -> None:
        self.registry = registry = CollectorRegistry()
        self.projects = Projects(service)
        self.lag = Lag()
        self._service = service
        self._owned_before: set[str] = set()
        self._counters = _counters(registry)
        self._seconds = _histograms(registry)
        self._working = Gauge(
            "labelloop_work_started_timestamp_seconds",
            "When the work in progress began; 0: none",
            PROJECT,
            registry=registry,
        )
        self._due = Gauge(
            "labelloop_work_due",
            "Pieces of work that are due, the one in progress included: of each project at most one",
            SERVICE,
            registry=registry,
        ).labels(service)
        _lag(registry, self.lag, service)
        for name in ("takeovers", "invalid_records", "strangers"):
            self._count(name, by=0)
        registry.register(self.projects)
        _build_info(registry, service)
        ProcessCollector(registry=registry)

    def own(self, projects: Mapping[str, HasHistory]) -> None:
        """Set the owned projects. Their counters of failures and waits begin at 0."""
        for project in projects.keys() - self._owned_before:
            self._owned_before.add(project)
            self._count("waits", project, by=0)
            for kind in KINDS:
                self._count("failures", project, kind, by=0)
        self.projects.own(projects)

    def handled(self, event: Event, before: ProjectState, after: ProjectState) -> None:
        """Count an event that arrived after the start, with the states before and after it."""
        self._count("events_handled", event.project, event.name if event.type in EVENTS else "unknown")
        if event.type not in EVENTS or before is after:
            return
        if not isinstance(before, LoopState) or not isinstance(after, LoopState):
            return
        match event.payload:
            case BatchAnnotated(batch=batch) | ResponsesRecorded(batch=batch):
                more = answered(after.batches.get(batch)) - answered(before.batches.get(batch))
                self._count("labels", event.project, by=max(0, more))

    def appended(self, events: Sequence[Event], seconds: float) -> None:
        """Count events that were appended, and how long that took."""
        self._observe("append", seconds)
        for event in events:
            self._count("events_appended", event.project, event.name)
            match event.payload:
                case ModelTrained(seconds=took):
                    self._observe("training", took, event.project)
                case BatchQueried(seconds=took):
                    self._observe("query", took, event.project)
                case ModelEvaluated(seconds=took):
                    self._observe("evaluation", took, event.project)

    def due(self, pieces: int) -> None:
        """Set how many pieces of work are due."""
        self._due.set(pieces)

    @contextmanager
    def working(self, project: str) -> Iterator[None]:
        """Measure a piece of work."""
        started = time.monotonic()
        self._working.labels(self._service, project).set(time.time())
        try:
            yield
            self._observe("work", time.monotonic() - started)
        finally:
            self._working.labels(self._service, project).set(0)

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Measure a poll."""
        started = time.monotonic()
        yield
        self._observe("poll", time.monotonic() - started)

    def failed(self, project: str, kind: str) -> None:
        """Count a failure. `kind` is that of ServiceFailed."""
        self._count("failures", project, kind)

    def waited(self, project: str) -> None:
        """Count a try that ended because something outside was down."""
        self._count("waits", project)

    def taken_over(self) -> None:
        """Count that another process took over projects."""
        self._count("takeovers")

    def passed_over(self) -> None:
        """Count a record of the log that is not an event."""
        for name in ("invalid_records", "strangers"):
            self._count(name)

    def _count(self, name: str, *labels: str, by: float = 1) -> None:
        self._counters[name].labels(self._service, *labels).inc(by)

    def _observe(self, name: str, seconds: float, *labels: str) -> None:
        self._seconds[name].labels(self._service, *labels).observe(seconds)


def _counters(registry: CollectorRegistry) -> dict[str, Counter]:
    meanings = {
        "events_handled": ("Events that came from the log; not those before the start", TYPE),
        "events_appended": ("Events that this process appended", TYPE),
        "labels": ("Texts that got their first answer since the start", PROJECT),
        "failures": ("Failures at what was due, or of a consumer at an event", (*PROJECT, "kind")),
        "waits": ("Tries that ended because something outside was away", PROJECT),
        "takeovers": ("Times that another process took projects over", SERVICE),
        "invalid_records": ("Records of the log that hold no event", SERVICE),
        "strangers": ("The old name of invalid_records, for one more release", SERVICE),
    }
    return {
        name: Counter(f"labelloop_{name}", meaning, labels, registry=registry)
        for name, (meaning, labels) in meanings.items()
    }


def _histograms(registry: CollectorRegistry) -> dict[str, Histogram]:
    meanings = {
        "append": ("Appending to the log", SERVICE, SHORT),
        "poll": ("Looking at the world outside the log", SERVICE, SHORT),
        "work": ("Doing what was due, without waiting for a turn", SERVICE, LONG),
        "training": ("Training a model, as recorded", PROJECT, LONG),
        "query": ("Picking a batch, as recorded", PROJECT, LONG),
        "evaluation": ("Measuring a model, as recorded", PROJECT, LONG),
    }
    return {
        name: Histogram(f"labelloop_{name}_seconds", meaning, labels, buckets=buckets, registry=registry)
        for name, (meaning, labels, buckets) in meanings.items()
    }


def _build_info(registry: CollectorRegistry, service: str) -> None:
    info = Gauge(
        "labelloop_build_info",
        "1; which version of labelloop runs, on which Python",
        (*SERVICE, "version", "python"),
        registry=registry,
    )
    info.labels(service, version("labelloop"), platform.python_version()).set(1)


def _lag(registry: CollectorRegistry, lag: Lag, service: str) -> None:
    events = Gauge(
        "labelloop_lag_events", "Events of the log that are not folded", SERVICE, registry=registry
    )
    events.labels(service).set_function(lag.events)
    seconds = Gauge(
        "labelloop_lag_seconds", "Age of the oldest event not folded, at most", SERVICE, registry=registry
    )
    seconds.labels(service).set_function(lag.seconds)

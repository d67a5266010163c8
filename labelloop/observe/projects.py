"""Figures of the projects that a service owns, taken from their histories when they are asked for."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from labelloop.loop.history import History
from labelloop.loop.order import open_batches
from labelloop.loop.state import Batch, LoopState

LABELS = ("service", "project")


class Told(Protocol):
    """A project as a running controller has it."""

    @property
    def history(self) -> History: ...


class Projects(Collector):
    """Read by other threads: a state never changes once it is there."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._owned: Mapping[str, Told] = {}
        self._counted: Mapping[str, tuple[LoopState, int]] = {}

    def own(self, projects: Mapping[str, Told]) -> None:
        """These are owned now, and no others."""
        self._owned = projects

    def collect(self) -> Iterator[Metric]:
        open_ = self._gauge("batches_open", "Batches that people have not done")
        texts = self._gauge("texts_answered", "Texts with an answer that stands")
        conflicts = self._gauge("conflicts", "Events whose id another had first, with other contents")
        duplicates = self._gauge("duplicates", "Events that are in the log more than once")
        halted = self._gauge("halted", "1 while an event keeps the project from going on")
        counted = {}
        for project, told in self._owned.items():
            history, labels = told.history, (self._service, project)
            open_.add_metric(labels, len(open_batches(history.state)))
            counted[project] = self._answered(project, history.state)
            texts.add_metric(labels, counted[project][1])
            conflicts.add_metric(labels, history.conflicts)
            duplicates.add_metric(labels, history.duplicates)
            halted.add_metric(labels, history.halt is not None)
        self._counted = counted
        yield from (open_, texts, conflicts, duplicates, halted)

    def _answered(self, project: str, state: LoopState) -> tuple[LoopState, int]:
        """Counted anew only where something came: a scrape is to cost next to nothing."""
        known = self._counted.get(project)
        return known if known is not None and known[0] is state else (state, answered_in(state))

    def _gauge(self, name: str, meaning: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"labelloop_{name}", meaning, labels=LABELS)


def answered_in(state: LoopState) -> int:
    """How many texts have an answer."""
    return sum(answered(batch) for batch in state.batches.values())


def answered(batch: Batch | None) -> int:
    """How many texts of a batch have an answer: labels or a discard by at least one annotator."""
    if batch is None:
        return 0
    return sum(any(vote.status != "draft" for vote in item.votes) for item in batch.answers)

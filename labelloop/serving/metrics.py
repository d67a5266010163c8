"""Prometheus metrics of a server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from labelloop.loop.names import number_of
from labelloop.observe.metrics import SHORT
from schemas.events import ModelTrained

PASSES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024)
PROJECT = ("project",)


class ServeMetrics:
    """Those of one project, in their own registry. Counters start at 0 with the process. Times in seconds."""

    def __init__(self, project: str) -> None:
        self.registry = registry = CollectorRegistry()
        self._project = project
        self._requests = Counter(
            "labelloop_serve_requests",
            "Requests, by path and status",
            (*PROJECT, "path", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "labelloop_serve_predict_seconds",
            "From a request for predictions to its answer",
            PROJECT,
            buckets=SHORT,
            registry=registry,
        ).labels(project)
        self._texts = Counter(
            "labelloop_serve_texts", "Texts that were scored", PROJECT, registry=registry
        ).labels(project)
        self._passes = Histogram(
            "labelloop_serve_pass_texts",
            "Texts that were scored together",
            PROJECT,
            buckets=PASSES,
            registry=registry,
        ).labels(project)
        self.waiting = 0
        waiting = Gauge(
            "labelloop_serve_waiting_texts", "Texts that wait for the model", PROJECT, registry=registry
        )
        waiting.labels(project).set_function(lambda: self.waiting)
        self._model = Gauge(
            "labelloop_serve_model",
            "The number of the model that answers; -1: none, or one outside the order of work",
            PROJECT,
            registry=registry,
        ).labels(project)
        self._info = Gauge(
            "labelloop_serve_model_info",
            "1; the model that answers",
            (*PROJECT, "model", "sha256"),
            registry=registry,
        )
        self._since = Gauge(
            "labelloop_serve_model_since_timestamp_seconds",
            "When the model that answers was taken over",
            PROJECT,
            registry=registry,
        ).labels(project)
        self._failures = Counter(
            "labelloop_serve_load_failures", "Models that could not be loaded", PROJECT, registry=registry
        ).labels(project)
        self._model.set(-1)
        ProcessCollector(registry=registry)

    def answered(self, path: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(self._project, path, str(status)).inc()

    def predicted(self, seconds: float) -> None:
        """Measure an answer with predictions."""
        self._seconds.observe(seconds)

    def scored(self, texts: int) -> None:
        """Count the texts of one pass."""
        self._texts.inc(texts)
        self._passes.observe(texts)

    @contextmanager
    def waits(self, texts: int) -> Iterator[None]:
        """Count texts that wait meanwhile."""
        self.waiting += texts
        try:
            yield
        finally:
            self.waiting -= texts

    def serves(self, trained: ModelTrained | None) -> None:
        """Say which model answers."""
        self._info.clear()
        number = number_of(trained.model) if trained is not None else None
        self._model.set(-1 if number is None else number)
        if trained is not None:
            self._info.labels(self._project, trained.model, trained.sha256).set(1)
            self._since.set(time.time())

    def failed_to_load(self) -> None:
        self._failures.inc()

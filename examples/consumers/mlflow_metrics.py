"""Metrics to MLflow: a run for each project, its learning curve over the number of labels."""

import os
from typing import Any

from labelloop import Consumer, Event, LoopState, ModelEvaluated, ModelTrained, Unavailable

PROJECT = "labelloop.project"


class MlflowMetrics(Consumer):
    """`labelloop run mlflow_metrics --set uri=http://127.0.0.1:5000`."""

    name = "mlflow_metrics"
    events = (ModelTrained, ModelEvaluated)

    def __init__(self, uri: str, experiment: str = "labelloop") -> None:
        # Whoever runs this consumer waits longer, and says so.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        from mlflow import MlflowClient

        self._client = MlflowClient(tracking_uri=uri)
        self._experiment = experiment
        self._runs: dict[str, str] = {}

    def handle(self, event: Event, state: LoopState) -> None:
        """The same metric at the same step and time is one metric, however often it is logged."""
        from mlflow.entities import Metric
        from mlflow.exceptions import MlflowException

        at, (step, figures) = round(event.time.timestamp() * 1000), _figures(event.payload)
        metrics = [Metric(name, value, at, step) for name, value in figures.items()]
        try:
            self._client.log_batch(self._run(state), metrics=metrics)
        except MlflowException as error:
            if error.get_http_status_code() < 500:  # type: ignore[no-untyped-call]
                raise
            raise Unavailable(f"MLflow does not answer: {error}", outage="MLflow") from error

    def _run(self, state: LoopState) -> str:
        """The project's run: found by its tag, or begun."""
        project = state.project_id
        if project not in self._runs:
            known = self._client.get_experiment_by_name(self._experiment)
            experiment = known.experiment_id if known else self._client.create_experiment(self._experiment)
            found = self._client.search_runs([experiment], f"tags.`{PROJECT}` = '{project}'")
            self._runs[project] = (found[0] if found else self._begun(experiment, state)).info.run_id
        return self._runs[project]

    def _begun(self, experiment: str, state: LoopState) -> Any:
        settings = state.project
        run = self._client.create_run(experiment, run_name=settings.name, tags={PROJECT: state.project_id})
        shown = {
            "classifier": settings.classifier.name,
            "strategy": settings.strategy.name,
            "model": settings.model.name,
            "batch_size": settings.batch_size,
            "seed": settings.seed,
        }
        for name, value in shown.items():
            self._client.log_param(run.info.run_id, name, value)
        return run


def _figures(said: object) -> tuple[int, dict[str, float]]:
    """How many labels the model learned, and what there is to log of it."""
    if isinstance(said, ModelEvaluated):
        classes = {f"f1_{label}": found.f1 for label, found in said.per_class.items()}
        return said.labels, {"accuracy": said.accuracy, "macro_f1": said.macro_f1, **classes}
    assert isinstance(said, ModelTrained)
    return said.labels, {"training_seconds": said.seconds, **said.metrics}

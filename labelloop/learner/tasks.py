"""The tasks of a worker's child, each by its request."""

import os
from functools import singledispatch

from labelloop.learner import (
    evaluating,
    noise,
    onnx_files,
    pool_embeddings,
    querying,
    requests,
    scoring,
    training,
    typical_texts,
)
from labelloop.learner.runtime import versions, yield_to_others
from labelloop.learner.stopping import criteria

FOR_LATER = {
    requests.TrainRequest: 5,
    requests.EvaluateRequest: 10,
    requests.PredictionsRequest: 10,
    requests.CheckRequest: 10,
    requests.OnnxRequest: 10,
}
"""The niceness of tasks for which nobody waits as directly as for a pick."""


def give_way(request: object) -> None:
    """Let this process give way to tasks that are more urgent than the request's."""
    if isinstance(request, requests.EmbedRequest):
        yield_to_others()
    else:
        os.nice(FOR_LATER.get(type(request), 0))


@singledispatch
def perform(request: object) -> object:
    """Run the task of a request and return its result."""
    raise TypeError(f"no task for {type(request).__name__}")


@perform.register
def _(request: requests.Ping) -> dict[str, str]:
    return versions()


@perform.register
def _(request: requests.TrainRequest) -> requests.TrainResult:
    return training.train(request)


@perform.register
def _(request: requests.FirstTextsRequest) -> requests.FirstTextsResult:
    return typical_texts.typical_texts(request)


@perform.register
def _(request: requests.QueryRequest) -> requests.QueryResult:
    return querying.query(request)


@perform.register
def _(request: requests.EmbedRequest) -> int:
    return pool_embeddings.embed(request)


@perform.register
def _(request: requests.EvaluateRequest) -> requests.EvaluateResult:
    return evaluating.evaluate(request)


@perform.register
def _(request: requests.PredictionsRequest) -> requests.PredictionsResult:
    return evaluating.record(request)


@perform.register
def _(request: requests.ScoreRequest) -> int:
    return scoring.score(request)


@perform.register
def _(request: requests.ServeRequest) -> int:
    return scoring.serve(request)


@perform.register
def _(request: requests.CheckRequest) -> requests.CheckResult:
    return criteria.check(request)


@perform.register
def _(request: requests.TryRequest) -> requests.TryResult:
    return training.try_model(request)


@perform.register
def _(request: requests.NoiseRequest) -> requests.NoiseResult:
    return noise.find_noise(request)


@perform.register
def _(request: requests.OnnxRequest) -> requests.OnnxResult:
    return onnx_files.write_onnx(request)

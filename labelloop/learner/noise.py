"""Find suspect labels, by confident learning (Northcutt et al. 2021)."""

import time
import warnings
from collections import Counter

from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedKFold, cross_val_predict  # type: ignore[import-untyped]
from transformers import AutoConfig

from labelloop.errors import UserError
from labelloop.learner import labels, runtime
from labelloop.learner.base_model import BUNDLED, resolve
from labelloop.learner.classifiers import linear
from labelloop.learner.classifiers.base import Floats, Integers
from labelloop.learner.classifiers.parameters import LinearParameters
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.requests import ClassifierSpec, NoiseRequest, NoiseResult, Suspect
from labelloop.pool.snapshot import OpenSnapshot

FOLDS = 5


def find_noise(request: NoiseRequest) -> NoiseResult:
    """The suspects, least fitting label first. Labels with fewer than 5 texts are not checked.

    Each text is predicted by a logistic regression on frozen embeddings that was trained without it.
    """
    from cleanlab.filter import find_label_issues  # type: ignore[import-untyped]

    started = time.monotonic()
    runtime.prepare(request.threads)
    counts = Counter(labels.single(names) for _, names in request.examples)
    frequent_labels = [label for label in request.labels if counts[label] >= FOLDS]
    if len(frequent_labels) < 2:
        raise UserError(
            f"there are too few labels to check: label {FOLDS} texts or more for each of two labels or more"
        )
    examples = [(item, labels.single(names)) for item, names in request.examples]
    judged = [(item, label) for item, label in examples if label in frequent_labels]
    label_numbers = labels.numbers([label for _, label in judged], frequent_labels)
    probabilities = _out_of_sample(
        _embeddings(request, [item for item, _ in judged]), label_numbers, request.seed
    )
    rows = find_label_issues(
        label_numbers, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )
    suspects = tuple(
        Suspect(
            item=judged[row][0],
            label=judged[row][1],
            suggested=frequent_labels[int(probabilities[row].argmax())],
            confidence=float(probabilities[row, label_numbers[row]]),
        )
        for row in rows
    )
    return NoiseResult(suspects, len(judged), time.monotonic() - started)


def _embeddings(request: NoiseRequest, items: list[int]) -> Floats:
    """Embeddings by the project's base model if it is of BERT's family, otherwise by the bundled one."""
    name, revision = request.model, request.revision
    if AutoConfig.from_pretrained(resolve(name, revision).folder).model_type != "bert":
        name, revision = BUNDLED, None
    spec = ClassifierSpec(LinearParameters.classifier, {}, name, revision)
    setting = Setting(spec, len(request.labels), request.seed, request.pool, request.cache)
    texts = OpenSnapshot.open(request.pool).texts(items)
    data = labels.unlabelled(texts, len(request.labels))
    embeddings: Floats = linear.factory.new(setting).embed(data)
    return embeddings


def _out_of_sample(embeddings: Floats, label_numbers: Integers, seed: int) -> Floats:
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        probabilities: Floats = cross_val_predict(
            LogisticRegression(max_iter=1000), embeddings, label_numbers, cv=folds, method="predict_proba"
        )
    return probabilities

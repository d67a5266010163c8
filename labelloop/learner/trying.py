"""Try a model before people label for it: train on a few texts, and predict them."""

import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from labelloop.errors import UserError
from labelloop.learner import labels, training
from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers.registry import CLASSIFIERS, Setting, load
from labelloop.learner.requests import ClassifierSpec, TrainRequest, TryRequest, TryResult
from labelloop.pool.snapshot import Row, write

SHORT = ("epochs", "min_steps", "num_epochs", "num_iterations")
"""Parameters of which 1 is enough here, for classifiers that have them."""

MOST_UNKNOWN = 0.5
"""Above this share of unknown tokens a model reads nothing of the texts."""


def try_model(request: TryRequest) -> TryResult:
    """Load the model, tokenize the texts, train one step where that can be set, and predict.

    Raises UserError if most tokens are unknown, and whatever the classifier raises.
    """
    started = time.monotonic()
    texts = (list(request.texts) * 2)[: max(2, len(request.texts))]
    size = len(request.labels)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as temporary:
        folder = Path(temporary)
        pool = folder / write(folder, [Row(text, None, row) for row, text in enumerate(texts)]).name
        spec = _shortened(request.classifier)
        result = training.train(
            TrainRequest(
                pool=pool,
                classifier=spec,
                labels=request.labels,
                examples=tuple((item, (request.labels[item % size],)) for item in range(len(texts))),
                ignored=(),
                seed=0,
                threads=request.threads,
                into=folder / "models",
                cache=folder / "cache",
            )
        )
        setting = Setting(spec, size, 0, pool, folder / "cache")
        classifier = load(result.folder, setting, request.labels)
        classifier.predict_proba(labels.unlabelled(texts, size, spec.multi_label))
        unknown, without_embedding = _unread(request.classifier, texts)
    if unknown is not None and unknown > MOST_UNKNOWN:
        raise UserError(
            f"{unknown:.0%} of the tokens are unknown to the tokenizer of {request.classifier.model}: "
            "give a --model for the language of the texts, or a folder with the tokenizer's files"
        )
    return TryResult(unknown, without_embedding, time.monotonic() - started)


def _shortened(spec: ClassifierSpec) -> ClassifierSpec:
    parameters = CLASSIFIERS.get(spec.name).parameters
    return replace(spec, parameters={**spec.parameters, **{name: 1 for name in SHORT if name in parameters}})


def _unread(spec: ClassifierSpec, texts: Sequence[str]) -> tuple[float | None, int]:
    """The share of unknown tokens (None: no tokenizer could tell), and `TryResult.without_embedding`."""
    from transformers import AutoConfig

    from labelloop.learner.classifiers.pretrained import load_tokenizer

    with suppress(UserError):
        base = resolve(spec.model, spec.revision).folder
        tokenizer = load_tokenizer(base)
        words = set(tokenizer.get_vocab().values()) - set(tokenizer.all_special_ids)
        embeddings = getattr(AutoConfig.from_pretrained(base), "vocab_size", None)
        without = 0 if embeddings is None else sum(word >= embeddings for word in words)
        ids = [token for text in texts for token in tokenizer(text, add_special_tokens=False)["input_ids"]]
        can_tell = tokenizer.unk_token_id is not None and ids
        return ids.count(tokenizer.unk_token_id) / len(ids) if can_tell else None, without
    return None, 0

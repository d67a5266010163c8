"""Train a model on labelled pool items and store it, and try one before people label for it."""

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from small_text import TextDataset  # type: ignore[import-untyped]

from labelloop import atomic
from labelloop.errors import UserError
from labelloop.learner import labels, runtime, thresholds
from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers.base import LoopClassifier
from labelloop.learner.classifiers.registry import CLASSIFIERS, Setting, factory, load
from labelloop.learner.pool_embeddings import SAMPLE
from labelloop.learner.requests import ClassifierSpec, TrainRequest, TrainResult, TryRequest, TryResult
from labelloop.learner.results import CARD, CONFIG
from labelloop.loop.random_draws import first_of_pool, random_draw
from labelloop.pool.snapshot import OpenSnapshot, Row, write
from labelloop.store import artifacts

OF_MODEL = {".safetensors", ".json", ".txt", ".model"}
HEAD = 64 * 1024
"""Bytes for what a base model does not have: the head, the manifest."""
SHORT = ("epochs", "min_steps", "num_epochs", "num_iterations")
"""Parameters of which 1 is enough here, for classifiers that have them."""

MOST_UNKNOWN = 0.5
"""Above this share of unknown tokens a model reads nothing of the texts."""


def train(request: TrainRequest) -> TrainResult:
    """Train and store a model. On one machine, the same request gives the same weights, byte for byte."""
    started = time.monotonic()
    runtime.prepare(request.threads)
    data = _examples(request)
    setting = Setting.of(request)
    classifier = factory(request.classifier.name).new(setting)
    with _room(request):
        classifier.fit_with(data, lambda number: _unlabelled(request, number))
    folder = artifacts.store(request.into, lambda folder: _write(classifier, request, len(data), folder))
    return TrainResult(
        sha256=folder.name,
        folder=folder,
        metrics=dict(classifier.metrics),
        seconds=time.monotonic() - started,
        device=runtime.device_name(),
        threads=request.threads,
        versions=runtime.versions(),
    )


@contextmanager
def _room(request: TrainRequest) -> Iterator[None]:
    """Hold the space of the model during its training: it can be saved also if the disk fills up meanwhile.

    Raises OSError, before the training, if the model would not fit on the disk.
    """
    needed = _size(request)
    with atomic.beside(request.into / "room") as held:
        if needed and hasattr(os, "posix_fallocate"):
            with held.open("wb") as file:
                _hold(file.fileno(), needed, request.into)
        yield


def _hold(file: int, needed: int, folder: Path) -> None:
    try:
        os.posix_fallocate(file, 0, needed)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL):  # this file system cannot hold space
            return
        free = shutil.disk_usage(folder).free
        raise OSError(
            error.errno,
            f"a model of {needed:,} bytes needs more space than the {free:,} bytes left in {folder}",
        ) from error


def _size(request: TrainRequest) -> int:
    """About how many bytes the model takes: those of the base model, which it is made of. 0 if unknown."""
    try:
        base = resolve(request.classifier.model, request.classifier.revision).folder
    except UserError:
        return 0
    parts = [path.stat().st_size for path in base.iterdir() if path.suffix in OF_MODEL]
    return sum(parts) + HEAD if parts else 0


def _examples(request: TrainRequest) -> TextDataset:
    ignored = set(request.ignored)
    examples = tuple(sorted(example for example in request.examples if example[0] not in ignored))
    multi_label = request.classifier.multi_label
    y = labels.of_examples(examples, request.labels, multi_label)
    if not labels.tell_apart(y):
        short = "fewer than two classes"
        if multi_label:
            short = "no label that some of them have and others have not"
        raise UserError(f"the labelled texts have {short}; label more texts before training")
    texts = OpenSnapshot.open(request.pool).texts([item for item, _ in examples])
    return labels.data_set(texts, y, len(request.labels))


def _unlabelled(request: TrainRequest, number: int) -> list[str]:
    pool = OpenSnapshot.open(request.pool)
    barred = {*request.ignored, *(item for item, _ in request.examples)}
    sample = sorted(first_of_pool(request.order_seed, pool.sizes, SAMPLE))
    taken = [row for row, item in enumerate(sample) if item in barred]
    return pool.texts([sample[row] for row in random_draw(request.seed, len(sample), taken, number)])


def _write(classifier: LoopClassifier, request: TrainRequest, examples: int, folder: Path) -> None:
    classifier.save(folder)
    multi_label = request.classifier.multi_label
    if (folder / CONFIG).is_file():
        _add_labels(folder / CONFIG, request.shown or request.labels, multi_label)
    if multi_label:
        tuned = classifier.thresholds or (thresholds.USUAL,) * len(request.labels)
        thresholds.write(folder, request.shown or request.labels, tuned)
    card = {
        "classifier": request.classifier.name,
        "parameters": dict(request.classifier.parameters),
        "base_model": request.classifier.model_name,
        "revision": request.classifier.revision,
        "labels": list(request.shown or request.labels),
        "examples": examples,
        "seed": request.seed,
        "versions": runtime.versions(),
    }
    if multi_label:
        card["task"] = request.classifier.task
    (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def _add_labels(config_file: Path, labels: Sequence[str], multi_label: bool) -> None:
    config = json.loads(config_file.read_text())
    config.pop("_name_or_path", None)
    config["id2label"] = {str(number): label for number, label in enumerate(labels)}
    config["label2id"] = {label: number for number, label in enumerate(labels)}
    if multi_label:
        config["problem_type"] = "multi_label_classification"
    config_file.write_text(json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


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
        result = train(
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

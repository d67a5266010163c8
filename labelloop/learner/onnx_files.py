"""Write a model as ONNX, and as a smaller one whose weights have 8 bits, and compare both with the model."""

import logging
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import expit, softmax  # type: ignore[import-untyped]
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerBase

from labelloop.errors import UserError, one_line
from labelloop.learner import evaluating, labels, runtime
from labelloop.learner.classifiers.base import Booleans, Floats, LoopClassifier
from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.networks import OwnHead
from labelloop.learner.classifiers.pretrained import load_tokenizer
from labelloop.learner.requests import OnnxRequest
from labelloop.learner.results import ONNX, ONNX_INT8, ONNX_PACKAGES, OnnxFile, OnnxResult
from labelloop.learner.scoring import loaded, scored
from labelloop.loop.random_draws import first_of_pool
from labelloop.pool.snapshot import OpenSnapshot

COMPARED = 300
"""Texts of the pool on which labels and probabilities are compared."""
NEAR = 1e-3
"""By so much a probability may differ."""
INPUTS = ("input_ids", "attention_mask")
OPSET = 18
LONGEST = 200


def write_onnx(request: OnnxRequest) -> OnnxResult:
    """Write the files. Raises UserError if the ONNX model does not say the same as the model."""
    runtime.prepare(request.threads)
    pool = OpenSnapshot.open(request.pool)
    texts = pool.texts(sorted(first_of_pool(request.order_seed, pool.sizes, COMPARED)))
    with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
        model = loaded(
            request.classifier, request.labels, request.model_folder, request.model_sha256, Path(scratch)
        )
        expected = scored(model, texts)
    tokenizer = load_tokenizer(request.model_folder)
    _export(request.model_folder, tokenizer, request.into / ONNX)
    compared = _Compared(model, texts, expected, _TestSet.of(request), tokenizer, request.threads)
    whole = compared.of(request.into / ONNX)
    if whole.same < len(texts) or whole.furthest > NEAR:
        raise UserError(
            f"as ONNX the model says the same labels of {whole.same} of {len(texts)} texts, with "
            f"probabilities that differ by {whole.furthest:.1g}: nothing was pushed; leave out --onnx"
        )
    int8 = None
    if request.int8:
        _quantize(request.into / ONNX, request.into / ONNX_INT8)
        int8 = compared.of(request.into / ONNX_INT8)
    return OnnxResult(
        whole, int8, len(texts), len(compared.test.texts), {name: version(name) for name in ONNX_PACKAGES}
    )


def _export(folder: Path, tokenizer: PreTrainedTokenizerBase, file: Path) -> None:
    """Write the model of a Hugging Face folder, for any number of texts with any number of tokens."""
    try:
        model = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True)
        example = Encoded.of(tokenizer, ["a", "a b a b"], 8).batch([0, 1], torch.device("cpu"))
        axes = {0: "texts", 1: "tokens"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                OwnHead(model).eval(),
                tuple(example[name] for name in INPUTS),
                str(file),
                input_names=list(INPUTS),
                output_names=["logits"],
                dynamic_axes={**dict.fromkeys(INPUTS, axes), "logits": {0: "texts"}},
                opset_version=OPSET,
                dynamo=False,
            )
    except ImportError:
        raise
    # What it raises has no common base, and differs by the family of the model.
    except Exception as error:
        raise UserError(
            f"the model cannot be written as ONNX ({one_line(error)[:LONGEST]}): leave out --onnx"
        ) from error


def _quantize(whole: Path, int8: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(whole, int8, weight_type=QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)


@dataclass(frozen=True)
class _TestSet:
    """Texts with their labels as a class number, or a row of 0 and 1, each."""

    texts: Sequence[str]
    gold: Any

    @classmethod
    def of(cls, request: OnnxRequest) -> "_TestSet":
        """What counts of the test set. It has no texts if there is none, or nothing is to be measured."""
        if request.test is None or not request.int8:
            return cls((), ())
        snapshot = OpenSnapshot.open(request.test)
        rows, names = evaluating.counting(
            snapshot.gold(range(len(snapshot))) or (), request.labels, request.left_out
        )
        of_names = labels.matrix if request.classifier.multi_label else labels.numbers
        return cls(snapshot.texts(rows), labels.dense(of_names(names, request.labels)))


@dataclass(frozen=True)
class _Compared:
    """A model, what it says of texts, and what ONNX files are measured with."""

    model: LoopClassifier
    texts: Sequence[str]
    probabilities: Any
    test: _TestSet
    tokenizer: PreTrainedTokenizerBase
    threads: int

    def of(self, file: Path) -> OnnxFile:
        """The figures of a file."""
        session = _session(file, self.threads)
        self._score(session, self.texts[:1])
        started = time.monotonic()
        probabilities = self._score(session, self.texts)
        seconds = time.monotonic() - started
        accuracy = None
        if len(self.test.texts):
            predicted = self._predicted(self._score(session, self.test.texts))
            accuracy = float(_all_right(predicted == self.test.gold).mean())
        return OnnxFile(
            name=file.name,
            size=file.stat().st_size,
            same=int(_all_right(self._predicted(probabilities) == self._predicted(self.probabilities)).sum()),
            furthest=float(np.abs(probabilities - self.probabilities).max()),
            texts_a_second=len(self.texts) / max(seconds, 1e-9),
            accuracy=accuracy,
        )

    def _predicted(self, probabilities: Floats) -> Any:
        """The class of each text, or which of several labels each has."""
        if self.model.multi_label:
            return self.model.counting(probabilities)
        return probabilities.argmax(axis=1)

    def _score(self, session: Any, texts: Sequence[str]) -> Floats:
        encoded = Encoded.of(self.tokenizer, texts, self.tokenizer.model_max_length)
        result = np.empty((len(encoded), self.model.num_classes))
        for rows in encoded.by_length():
            batch = encoded.batch(rows, torch.device("cpu"))
            (logits,) = session.run(None, {name: batch[name].numpy() for name in INPUTS})
            result[rows] = expit(logits) if self.model.multi_label else softmax(logits, axis=1)
        return result


def _session(file: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _all_right(each: Booleans) -> Booleans:
    """Which texts are right: those of which every label is."""
    return each if each.ndim == 1 else np.asarray(each.all(axis=1))

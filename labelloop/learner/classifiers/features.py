"""Frozen features of texts, computed once for each snapshot and kept on disk."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import BertForSequenceClassification, PreTrainedTokenizerBase

from labelloop.learner.artifacts import file_digest
from labelloop.learner.classifiers.batches import Encoded
from labelloop.pool.snapshot import Snapshot

Features = npt.NDArray[np.float32]
Compute = Callable[[Sequence[str]], Features]


class FeatureStore:
    """Features of the texts in one snapshot, shape (texts, hidden size), kept in `cache` under `key`.

    `key` names what computes them; `compute` is called for the whole snapshot if nothing is kept yet.
    """

    def __init__(self, snapshot: Path, cache: Path, key: str, compute: Compute) -> None:
        self._compute = compute
        texts = Snapshot.open(snapshot).all_texts()
        name = hashlib.sha256(f"{key}:{file_digest(snapshot)}".encode()).hexdigest()
        self._rows = {text: row for row, text in enumerate(texts)}
        self._features = _kept(cache / f"features-{name}.npy", lambda: compute(texts))

    def of(self, texts: Sequence[str]) -> Features:
        """Features of texts, in their order; those that the snapshot lacks are computed."""
        result = np.empty((len(texts), self._features.shape[1]), dtype=np.float32)
        known = [position for position, text in enumerate(texts) if text in self._rows]
        result[known] = self._features[[self._rows[texts[position]] for position in known]]
        unknown = [position for position, text in enumerate(texts) if text not in self._rows]
        if unknown:
            result[unknown] = self._compute([texts[position] for position in unknown])
        return result


@torch.inference_mode()
def pooled(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    texts: Sequence[str],
) -> Features:
    """What the pooler of a model says of texts, shape (texts, hidden size)."""
    encoded = Encoded.of(tokenizer, texts, max_length)
    result = np.empty((len(texts), model.config.hidden_size), dtype=np.float32)
    for rows in encoded.by_length():
        result[rows] = model.bert(**encoded.batch(rows, model.device)).pooler_output.cpu().numpy()
    return result


def _kept(file: Path, compute: Callable[[], Features]) -> Features:
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".writing-", delete=False) as beside:
            try:
                np.save(beside, compute(), allow_pickle=False)
                beside.flush()
                os.fsync(beside.fileno())
                Path(beside.name).replace(file)
            except BaseException:
                Path(beside.name).unlink(missing_ok=True)
                raise
    features: Features = np.load(file, mmap_mode="r", allow_pickle=False)
    return features

"""Batches of tokenized texts of similar length, each padded to its longest text, and their scoring."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from labelloop.learner.classifiers.base import Floats
from labelloop.learner.classifiers.pretrained import load_tokenizer

SCORING_BATCH = 64


def save_tokenizer(base: Path, folder: Path, max_length: int) -> None:
    """Write a model's original tokenizer into its folder."""
    tokenizer = load_tokenizer(base)
    tokenizer.model_max_length = max_length
    tokenizer.save_pretrained(folder)


@dataclass(frozen=True)
class Encoded:
    """Texts as token ids, in the given order."""

    tokenizer: PreTrainedTokenizerBase
    ids: Sequence[Sequence[int]]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> "Encoded":
        """Tokenize texts, cut at `max_length` tokens."""
        if not texts:
            return cls(tokenizer, [])
        encoding = tokenizer(list(texts), truncation=True, max_length=max_length, padding=False)
        return cls(tokenizer, encoding["input_ids"])

    def batch(self, rows: Sequence[int], device: torch.device) -> BatchEncoding:
        """These rows as tensors of shape (rows, longest row)."""
        padded = self.tokenizer.pad({"input_ids": [list(self.ids[row]) for row in rows]}, return_tensors="pt")
        return padded.to(device)

    def by_length(self) -> Iterator[list[int]]:
        """Every row once, longest first, in batches for scoring."""
        order = sorted(range(len(self.ids)), key=lambda row: -len(self.ids[row]))
        for start in range(0, len(order), SCORING_BATCH):
            yield order[start : start + SCORING_BATCH]

    def shuffled(self, size: int, random: np.random.Generator) -> Iterator[list[int]]:
        """Every row once, in random batches of texts of similar length."""
        order = sorted(random.permutation(len(self.ids)).tolist(), key=lambda row: len(self.ids[row]))
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        for number in random.permutation(len(batches)):
            yield batches[number]


@torch.inference_mode()
def score(model: PreTrainedModel, encoded: Encoded) -> Floats:
    """Probabilities, shape (texts, classes)."""
    result = np.empty((len(encoded.ids), _classes(model)))
    for rows in encoded.by_length():
        result[rows] = _probabilities(model(**encoded.batch(rows, model.device)).logits)
    return result


def sample_dropout(model: PreTrainedModel, encoded: Encoded, samples: int) -> Floats:
    """Probabilities under dropout (Gal and Ghahramani 2016), shape (texts, samples, classes)."""
    model.train()
    try:
        return np.stack([score(model, encoded) for _ in range(samples)], axis=1)
    finally:
        model.train(False)


@torch.inference_mode()
def represent(model: PreTrainedModel, encoded: Encoded) -> tuple[Floats, Floats]:
    """The last hidden states averaged over tokens, shape (texts, hidden size), and the probabilities."""
    embeddings = np.empty((len(encoded.ids), model.config.hidden_size))
    probabilities = np.empty((len(encoded.ids), _classes(model)))
    for rows in encoded.by_length():
        batch = encoded.batch(rows, model.device)
        output = model(**batch, output_hidden_states=True)
        mask = batch["attention_mask"].unsqueeze(-1)
        mean = (output.hidden_states[-1] * mask).sum(dim=1) / mask.sum(dim=1)
        embeddings[rows] = mean.double().cpu().numpy()
        probabilities[rows] = _probabilities(output.logits)
    return embeddings, probabilities


def _classes(model: PreTrainedModel) -> int:
    return len(model.config.id2label or {})


def _probabilities(logits: torch.Tensor) -> Floats:
    probabilities: Floats = functional.softmax(logits.double(), dim=-1).cpu().numpy()
    return probabilities

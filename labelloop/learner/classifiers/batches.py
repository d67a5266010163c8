"""Batches of texts of similar length, each padded to its longest text, and their scoring."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from labelloop.learner.classifiers.base import Floats
from labelloop.learner.classifiers.networks import MeanPooled, mean_over_tokens
from labelloop.learner.classifiers.pretrained import load_tokenizer

SCORING_BATCH = 64


def save_tokenizer(base: Path, folder: Path, max_length: int) -> None:
    """Write a model's original tokenizer into its folder."""
    tokenizer = load_tokenizer(base)
    tokenizer.model_max_length = max_length
    tokenizer.save_pretrained(folder)


class Texts(ABC):
    """Texts as a network takes them, in the given order."""

    @property
    @abstractmethod
    def lengths(self) -> Sequence[int]:
        """The number of tokens of each text."""

    @abstractmethod
    def batch(self, rows: Sequence[int], device: torch.device) -> Mapping[str, torch.Tensor]:
        """The network's inputs for these rows, padded to the longest of them."""

    def __len__(self) -> int:
        return len(self.lengths)

    def by_length(self, size: int = SCORING_BATCH) -> Iterator[list[int]]:
        """Every row once, longest first, in batches for scoring."""
        lengths = self.lengths
        order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
        for start in range(0, len(order), size):
            yield order[start : start + size]

    def shuffled(self, size: int, random: np.random.Generator) -> Iterator[list[int]]:
        """Every row once, in random batches of texts of similar length."""
        lengths = self.lengths
        order = sorted(random.permutation(len(lengths)).tolist(), key=lambda row: lengths[row])
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        for number in random.permutation(len(batches)):
            yield batches[number]


@dataclass(frozen=True)
class Encoded(Texts):
    """Texts as token ids."""

    tokenizer: PreTrainedTokenizerBase
    ids: Sequence[Sequence[int]]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> "Encoded":
        """Tokenize texts, cut at `max_length` tokens."""
        if not texts:
            return cls(tokenizer, [])
        encoding = tokenizer(list(texts), truncation=True, max_length=max_length, padding=False)
        return cls(tokenizer, encoding["input_ids"])

    @property
    def lengths(self) -> Sequence[int]:
        return [len(ids) for ids in self.ids]

    def batch(self, rows: Sequence[int], device: torch.device) -> BatchEncoding:
        """`input_ids` and `attention_mask`, shape (rows, longest row)."""
        padded = self.tokenizer.pad({"input_ids": [list(self.ids[row]) for row in rows]}, return_tensors="pt")
        return padded.to(device)


@torch.inference_mode()
def score(
    network: nn.Module, texts: Texts, num_classes: int, device: torch.device, multi_label: bool = False
) -> Floats:
    """Probabilities, shape (texts, classes), by a network whose outputs are logits."""
    result = np.empty((len(texts), num_classes))
    for rows in texts.by_length():
        result[rows] = _probabilities(network(**texts.batch(rows, device)), multi_label)
    return result


@torch.inference_mode()
def features_of(network: MeanPooled, texts: Texts) -> Floats:
    """What the linear layer of a network gets for texts, shape (texts, hidden size)."""
    device = network.classifier.weight.device
    result = np.empty((len(texts), network.classifier.in_features))
    for rows in texts.by_length():
        result[rows] = network.features(**texts.batch(rows, device)).double().cpu().numpy()
    return result


def sample_dropout(
    network: nn.Module,
    texts: Texts,
    num_classes: int,
    device: torch.device,
    samples: int,
    multi_label: bool = False,
) -> Floats:
    """Probabilities under dropout (Gal and Ghahramani 2016), shape (texts, samples, classes)."""
    network.train()
    try:
        scored = [score(network, texts, num_classes, device, multi_label) for _ in range(samples)]
        return np.stack(scored, axis=1)
    finally:
        network.train(False)


@torch.inference_mode()
def represent(model: PreTrainedModel, encoded: Encoded, multi_label: bool = False) -> tuple[Floats, Floats]:
    """The last hidden states averaged over tokens, shape (texts, hidden size), and the probabilities."""
    embeddings = np.empty((len(encoded), model.config.hidden_size))
    probabilities = np.empty((len(encoded), len(model.config.id2label or {})))
    for rows in encoded.by_length():
        batch = encoded.batch(rows, model.device)
        output = model(**batch, output_hidden_states=True)
        mean = mean_over_tokens(output.hidden_states[-1], batch["attention_mask"])
        embeddings[rows] = mean.double().cpu().numpy()
        probabilities[rows] = _probabilities(output.logits, multi_label)
    return embeddings, probabilities


def _probabilities(logits: torch.Tensor, multi_label: bool) -> Floats:
    exact = logits.double()
    shares = torch.sigmoid(exact) if multi_label else functional.softmax(exact, dim=-1)
    probabilities: Floats = shares.cpu().numpy()
    return probabilities

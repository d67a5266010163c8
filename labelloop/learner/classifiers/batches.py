"""Texts as token batches, each padded to its own longest text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, BatchEncoding, PreTrainedTokenizerBase

SCORING_BATCH = 64


def save_tokenizer(base: Path, folder: Path, max_length: int) -> None:
    """Write a model's tokenizer beside it, as it was before any text was tokenized."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.model_max_length = max_length
    tokenizer.save_pretrained(folder)


@dataclass(frozen=True)
class Encoded:
    """Texts as token ids, in the order given."""

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
        """Every row once, in random batches of texts of like length."""
        order = sorted(random.permutation(len(self.ids)).tolist(), key=lambda row: len(self.ids[row]))
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        for number in random.permutation(len(batches)):
            yield batches[number]

"""What a sequence classification model says of texts, scored in batches of like length."""

import numpy as np
import torch
from torch.nn import functional
from transformers import PreTrainedModel

from labelloop.learner.classifiers.base import Floats
from labelloop.learner.classifiers.batches import Encoded


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

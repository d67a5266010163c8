"""small-text's strategies, as they work with our classifiers: SEALS, and those of expected gradient lengths.

small-text wrote the latter for its own network, which makes logits of token ids, and two of them for a GPU.
"""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from small_text import SEALS as SmallTextSEALS  # type: ignore[import-untyped]
from small_text import Dataset, QueryStrategy, VectorIndexFactory
from small_text.integrations.pytorch.query_strategies import (  # type: ignore[import-untyped]
    ExpectedGradientLength,
    ExpectedGradientLengthLayer,
    ExpectedGradientLengthMaxWord,
)
from torch import nn

from labelloop.errors import UserError
from labelloop.learner.classifiers.base import Integers, LoopClassifier
from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.pretrained import head_of

NETWORK = "network"
SHOWN = 5
"""Layers that an error names."""


class SEALS(SmallTextSEALS):  # type: ignore[misc]
    """Lets another strategy pick among the `k` nearest texts of each labelled one.

    small-text's own asks for the package hnswlib also where another index is given, which need not be there.
    """

    def __init__(
        self,
        base_query_strategy: QueryStrategy,
        vector_index_factory: VectorIndexFactory,
        k: int = 100,
        normalize: bool = True,
    ) -> None:
        self.base_query_strategy = base_query_strategy
        self.vector_index_factory = vector_index_factory
        self.k = k
        self.embed_kwargs: dict[str, Any] = {}
        self.normalize = normalize
        self.vector_index = None

    def query(self, clf: Any, dataset: Any, indices_unlabeled: Any, *others: Any, n: int = 10) -> Any:
        """As many texts as are asked for, also where `k` is less."""
        self.k = max(self.k, n)
        return super().query(clf, dataset, indices_unlabeled, *others, n=n)


class _Logits(nn.Module):
    """A model of transformers from token ids to logits."""

    def __init__(self, model: Any, padding: int) -> None:
        super().__init__()
        self.network = model
        self._padding = padding

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(
            input_ids=ids, attention_mask=(ids != self._padding).long()
        ).logits
        return logits


class _Differentiable:
    """A classifier as these strategies see it."""

    def __init__(self, classifier: Any) -> None:
        self._tokenizer = classifier.tokenizer
        self.model = _Logits(classifier.model, self._tokenizer.pad_token_id)

    def _create_collate_fn(self) -> Any:
        return self._together

    def _together(self, batch: Sequence[Sequence[int]]) -> tuple[torch.Tensor]:
        padded = self._tokenizer.pad({"input_ids": [list(ids) for ids in batch]}, return_tensors="pt")
        return (padded["input_ids"],)


class OfNetwork(ExpectedGradientLength):  # type: ignore[misc]
    """The texts from which the network would learn most, whatever their label is."""

    layer_name: str | None = None

    def query(
        self,
        clf: LoopClassifier,
        dataset: Dataset,
        indices_unlabeled: Integers,
        indices_labeled: Integers,
        y: Integers,
        n: int = 10,
        pbar: Any = None,
    ) -> Any:
        if len(indices_unlabeled) == n:
            return np.array(indices_unlabeled)
        network: Any = clf
        ids = Encoded.of(network.tokenizer, dataset.x, network.max_length).ids
        self._choose_layer(network.model)
        with contextlib.redirect_stderr(io.StringIO()):  # It has a progress bar that cannot be left out.
            return super().query(_Differentiable(clf), ids, indices_unlabeled, indices_labeled, y, n=n)

    def _choose_layer(self, model: Any) -> None:
        """Nothing to choose where all layers count."""


class OfLayer(OfNetwork, ExpectedGradientLengthLayer):  # type: ignore[misc]
    """The same of one layer: by default the last, which gives the logits."""

    def __init__(
        self, num_classes: int, device: str, layer_name: str | None = None, batch_size: int = 50
    ) -> None:
        ExpectedGradientLengthLayer.__init__(self, num_classes, layer_name, batch_size=batch_size)
        self.device = device

    def _choose_layer(self, model: Any) -> None:
        self.layer_name = _layer(model, self.layer_name, nn.Module, head_of(model)[0])


class OfWords(OfNetwork, ExpectedGradientLengthMaxWord):  # type: ignore[misc]
    """The texts with the word from which the word embeddings would learn most."""

    def __init__(
        self, num_classes: int, device: str, layer_name: str | None = None, batch_size: int = 50
    ) -> None:
        ExpectedGradientLengthMaxWord.__init__(
            self, num_classes, layer_name, batch_size=batch_size, device=device
        )

    def _choose_layer(self, model: Any) -> None:
        words = next(name for name, layer in model.named_modules() if layer is model.get_input_embeddings())
        self.layer_name = _layer(model, self.layer_name, nn.Embedding, words)
        model.get_submodule(self.layer_name.partition(".")[2]).requires_grad_(True)

    def compute_gradient_lengths(
        self, clf: Any, criterion: Any, gradient_lengths: Any, offset: int, x: torch.Tensor
    ) -> None:
        self._words = torch.unique(x, dim=1).to(self.device)
        ExpectedGradientLength.compute_gradient_lengths(self, clf, criterion, gradient_lengths, offset, x)

    def compute_gradient_length(self, clf: Any, sm: Any, gradients: Any, j: int, k: int) -> None:
        ExpectedGradientLengthMaxWord.compute_gradient_length(self, clf, None, sm, gradients, j, k)


def _layer(model: Any, asked: str | None, kind: type[nn.Module], usual: str) -> str:
    """The name of a layer as the strategies know it. Raises UserError if there is none of that name."""
    names = [name for name, layer in model.named_modules() if name and isinstance(layer, kind)]
    if asked is not None and asked not in names:
        shown = ", ".join(dict.fromkeys([usual, *reversed(names)][:SHOWN]))
        raise UserError(
            f"the network has no such layer {asked!r}: leave out the parameter layer_name, or give one like "
            f"{shown}"
        )
    return f"{NETWORK}.{asked or usual}"

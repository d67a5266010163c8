"""small-text's own fine-tuning of a transformer, as it is.

What comes of it is a plain model, which is scored, embedded and saved as that of `transformer` is. Texts are
padded to the longest of them instead of to `max_length`: only dropout then draws other random numbers.
"""

import tempfile
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from small_text import (  # type: ignore[import-untyped]
    Dataset,
    EarlyStopping,
    ModelSelection,
    TransformerBasedClassification,
    TransformerModelArguments,
    TransformersDataset,
)
from small_text.training.metrics import Metric  # type: ignore[import-untyped]
from transformers import AutoModelForSequenceClassification

from labelloop.errors import UserError
from labelloop.learner import labels
from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers.base import Floats, Unlabelled
from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.fine_tuning import held_out
from labelloop.learner.classifiers.networks import OwnHead
from labelloop.learner.classifiers.parameters import BALANCED, SmallTextParameters, TransformerParameters
from labelloop.learner.classifiers.pretrained import load_with_head
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.classifiers.transformer import TransformerClassifier

QUIET = 0


class SmallTextTransformer(TransformerClassifier):
    """small-text's TransformerBasedClassification. `own` are its parameters.

    In a multi-label task each label counts from 0.5 on.
    """

    def __init__(self, base: Path, own: SmallTextParameters, setting: Setting) -> None:
        super().__init__(base, TransformerParameters(max_length=own.max_length, pooling="head"), setting)
        self.own = own

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        """Fine-tune on the labelled texts, from the base model and the seed."""
        seed, own = self.setting.seed, self.own
        if self.multi_label and self.num_classes == 2:
            raise UserError(
                "small-text-transformer cannot learn two labels of which a text may have both, as small-text "
                "takes two for one yes or no: use --classifier transformer"
            )
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
            classifier = self._library(scratch)
            classifier.model = load_with_head(self.base, self.num_classes, self.tokenizer)
            held = held_out(labels.dense(train_set.y), own.validation_share, seed)
            given: dict[str, Any] = {}
            selection = ModelSelection()
            learned = np.setdiff1d(np.arange(len(train_set)), held)
            if len(held):
                given = {
                    "validation_set": self._padded(train_set[held]),
                    "early_stopping": EarlyStopping(Metric("val_loss"), patience=own.patience),
                    "model_selection": selection,
                }
            if weights is not None:
                given["weights"] = weights[learned]
            classifier.fit(self._padded(train_set[learned]), **given)
        self.metrics = {"held_out": len(held)} if own.validation_share else {}
        if len(held):
            losses = selection.models["val_loss"]
            self.metrics |= {"epochs": len(losses), "validation_loss": float(losses.min())}
        self._take(OwnHead(classifier.model), classifier.model)
        return self

    def fit_with(self, train_set: Dataset, unlabelled: Unlabelled) -> Self:
        return self.fit(train_set)

    def _library(self, cache: str) -> Any:
        own = self.own
        arguments = TransformerModelArguments(
            str(self.base), train_batch_size=own.train_batch_size, show_progress_bar=False
        )
        return TransformerBasedClassification(
            arguments,
            self.num_classes,
            multi_label=self.multi_label,
            num_epochs=own.num_epochs,
            lr=own.lr,
            validation_set_size=own.validation_set_size,
            validations_per_epoch=own.validations_per_epoch,
            device=self.device.type,
            class_weight=BALANCED if own.class_weights == BALANCED else None,
            verbosity=QUIET,
            cache_dir=cache,
        )

    def _padded(self, texts: Dataset) -> TransformersDataset:
        longest = max(Encoded.of(self.tokenizer, texts.x, self.max_length).lengths)
        return TransformersDataset.from_arrays(
            list(texts.x),
            texts.y,
            self.tokenizer,
            target_labels=np.arange(self.num_classes),
            max_length=longest,
        )


class SmallTextFactory:
    """Makes classifiers that small-text trains."""

    def new(self, setting: Setting) -> SmallTextTransformer:
        """A classifier to fine-tune from its base model."""
        base = resolve(setting.spec.model, setting.spec.revision)
        return SmallTextTransformer(base.folder, SmallTextParameters.parse(setting.spec.parameters), setting)

    def load(self, folder: Path, setting: Setting) -> SmallTextTransformer:
        """A fine-tuned classifier from its folder."""
        classifier = SmallTextTransformer(folder, SmallTextParameters.parse(setting.spec.parameters), setting)
        model = AutoModelForSequenceClassification.from_pretrained(folder, use_safetensors=True)
        classifier.num_classes = model.config.num_labels
        classifier._take(OwnHead(model), model)
        return classifier


factory = SmallTextFactory()

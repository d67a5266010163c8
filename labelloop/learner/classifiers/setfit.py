"""SetFit, through small-text: a sentence embedder that learns from pairs of texts, and a regression on it.

A model is kept as plain files: the embedder's as `body-…`, with the head's numbers beside them. SetFit's own
way of saving, which is a pickle, is never used, and never read.
"""

import contextlib
import io
import json
import logging
import random
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from scipy.special import softmax  # type: ignore[import-untyped]
from small_text import Dataset, TextDataset  # type: ignore[import-untyped]
from transformers import AutoConfig

from labelloop.errors import UserError
from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers.base import Features, Floats, LoopClassifier
from labelloop.learner.classifiers.parameters import BALANCED, SetFitParameters
from labelloop.learner.classifiers.pretrained import load_tokenizer, most_tokens
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.classifiers.regressions import NEVER_SEEN
from labelloop.learner.runtime import device

NEEDED = ("setfit", "accelerate")
BODY = "body-"
HEAD = "head.safetensors"
POOLING = "pooling.json"
KNOWN = ("Transformer", "Pooling", "Normalize")
"""The parts of a sentence embedder that can be kept."""
MODES = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}
"""Ways to pool, by how older embedders name them."""


@dataclass(frozen=True)
class Pooling:
    """How a sentence embedder makes one vector of a text's tokens, and whether that gets the length 1."""

    mode: str = "mean"
    normalizes: bool = False

    @classmethod
    def of(cls, base: Path) -> Self:
        """That of the embedder in a folder; the mean if it is none. Raises UserError if it does more."""
        listed = base / "modules.json"
        if not listed.is_file():
            return cls()
        paths = {each["type"].rpartition(".")[2]: each["path"] for each in json.loads(listed.read_bytes())}
        if tuple(paths) not in (KNOWN, KNOWN[:2]):
            raise UserError(
                f"the sentence embedder {base.name} is made of {', '.join(paths)}, and one for setfit of "
                f"{', '.join(KNOWN)}: give another --model"
            )
        config = json.loads((base / paths["Pooling"] / "config.json").read_bytes())
        modes = [mode for name, mode in MODES.items() if config.get(name)]
        mode = config.get("pooling_mode", modes[0] if len(modes) == 1 else None)
        if mode not in MODES.values():
            raise UserError(
                f"the sentence embedder {base.name} averages its tokens in another way than "
                f"{', '.join(MODES.values())}: give another --model"
            )
        return cls(mode, len(paths) == len(KNOWN))


class SetFitClassifier(LoopClassifier):
    """small-text's SetFitClassification on `base`, a folder with a sentence embedder or another encoder."""

    def __init__(self, base: Path, parameters: SetFitParameters, setting: Setting) -> None:
        self.num_classes = setting.num_classes
        self.parameters = parameters
        self.setting = setting
        self.metrics = {}
        self.base = base
        self.max_length = most_tokens(base, parameters.max_length)
        self.body: Any = None
        self.pooling = Pooling()
        self.head: dict[str, Floats] = {}

    def fit(self, train_set: Dataset, weights: Floats | None = None) -> Self:
        """Train on the labelled texts, from the base model and the seed."""
        from setfit import SetFitModel
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

        is_balanced = self.parameters.class_weights == BALANCED
        seen, y = np.unique(np.asarray(train_set.y), return_inverse=True)
        with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch, _quietly():
            classifier = self._library(len(seen), scratch)
            regression = LogisticRegression(class_weight=BALANCED if is_balanced else None)
            self.pooling = Pooling.of(self.base)
            classifier.model = SetFitModel(_body(self.base, self.pooling, self.max_length), regression)
            self._seed()
            classifier.fit(TextDataset(list(train_set.x), y, target_labels=np.arange(len(seen))))
        self.body = classifier.model.model_body
        self.head = {"weight": regression.coef_, "bias": regression.intercept_, "classes": seen}
        return self

    def predict_proba(
        self, data_set: Dataset, multi_label_threshold: float = 0.5, *, dropout_sampling: int = 1
    ) -> Floats:
        if dropout_sampling != 1:
            raise UserError("the classifier setfit samples no dropout; use --classifier transformer")
        return self._probabilities(self._embedded(data_set.x))

    def embed(
        self, data_set: Dataset, return_proba: bool = False, multi_label_threshold: float = 0.5, **kwargs: Any
    ) -> Any:
        embeddings = self._embedded(data_set.x)
        doubles = embeddings.astype(np.float64)
        return (doubles, self._probabilities(embeddings)) if return_proba else doubles

    def save(self, folder: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
            self.body[0].model.save_pretrained(scratch)
            self.body.tokenizer.save_pretrained(scratch)
            for file in Path(scratch).iterdir():
                (folder / f"{BODY}{file.name}").write_bytes(file.read_bytes())
        (folder / POOLING).write_text(json.dumps(asdict(self.pooling)) + "\n")
        save_file({name: np.ascontiguousarray(array) for name, array in self.head.items()}, folder / HEAD)

    @classmethod
    def load(cls, folder: Path, parameters: SetFitParameters, setting: Setting) -> Self:
        """A classifier from a folder that `save` wrote."""
        with _body_of(folder) as base:
            classifier = cls(base, parameters, setting)
            classifier.pooling = Pooling(**json.loads((folder / POOLING).read_text()))
            classifier.body = _body(base, classifier.pooling, classifier.max_length)
        classifier.head = load_file(folder / HEAD)
        return classifier

    def _library(self, classes: int, scratch: str) -> Any:
        from small_text import SetFitClassification, SetFitModelArguments

        own = self.parameters
        arguments = SetFitModelArguments(
            str(self.base),
            train_batch_size=own.train_batch_size,
            num_epochs=own.num_epochs,
            sampling_strategy=own.sampling_strategy,
            num_iterations=own.num_iterations or None,
            body_learning_rate=own.body_learning_rate,
            show_progress_bar=False,
            seed=self.setting.seed % 2**32,
            output_dir=scratch,
            trainer_kwargs={"report_to": "none", "logging_strategy": "no"},
        )
        return SetFitClassification(arguments, classes, max_length=self.max_length, device=device().type)

    def _seed(self) -> None:
        random.seed(self.setting.seed)
        np.random.seed(self.setting.seed % 2**32)
        torch.manual_seed(self.setting.seed)

    @torch.inference_mode()
    def _embedded(self, texts: Sequence[str]) -> Features:
        if not len(texts):
            return np.empty((0, self.head["weight"].shape[1]), dtype=np.float32)
        embeddings: Features = self.body.encode(list(texts), batch_size=16, show_progress_bar=False)
        return embeddings

    def _probabilities(self, embeddings: Features) -> Floats:
        weight, bias = self.head["weight"], self.head["bias"]
        known = embeddings.astype(np.float64) @ weight.T + bias
        if len(weight) == 1:
            known = np.hstack([-known, known]) / 2
        logits = np.full((len(embeddings), self.num_classes), NEVER_SEEN)
        logits[:, self.head["classes"]] = known
        probabilities: Floats = softmax(logits, axis=1)
        return probabilities


class SetFitFactory:
    """Makes SetFit classifiers. Raises UserError if the package is missing."""

    def new(self, setting: Setting) -> SetFitClassifier:
        """A classifier to train from its base model."""
        _check_installed()
        base = resolve(setting.spec.model, setting.spec.revision)
        return SetFitClassifier(base.folder, SetFitParameters.parse(setting.spec.parameters), setting)

    def load(self, folder: Path, setting: Setting) -> SetFitClassifier:
        """A trained classifier from its folder."""
        _check_installed()
        return SetFitClassifier.load(folder, SetFitParameters.parse(setting.spec.parameters), setting)


def _check_installed() -> None:
    missing = [package for package in NEEDED if find_spec(package) is None]
    if missing:
        raise UserError(
            f"the classifier setfit needs what is not installed here ({', '.join(missing)}): run pip install "
            "'labelloop[setfit]' wherever a learner runs, or give another --classifier"
        )


def _body(base: Path, pooling: Pooling, max_length: int) -> Any:
    """The sentence embedder whose transformer lies in a folder. What else the folder names is not loaded."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    load_tokenizer(base)
    transformer = modules.Transformer(
        str(base),
        max_seq_length=max_length,
        model_kwargs={"use_safetensors": True, "local_files_only": True},
    )
    size = AutoConfig.from_pretrained(base).hidden_size
    parts = [transformer, modules.Pooling(size, pooling_mode=pooling.mode)]
    if pooling.normalizes:
        parts.append(modules.Normalize())
    return SentenceTransformer(modules=parts, device=device().type)


@contextlib.contextmanager
def _body_of(folder: Path) -> Iterator[Path]:
    """A folder in which the files of the body have their own names."""
    with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
        for file in folder.glob(f"{BODY}*"):
            (Path(scratch) / file.name.removeprefix(BODY)).symlink_to(file.resolve())
        yield Path(scratch)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep what the trainer prints, and warns of, out of the service's log."""
    logging.disable(logging.WARNING)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


factory = SetFitFactory()

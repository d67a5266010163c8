"""Embeddings of a pool's texts by half of the base model, made once and only as far as they are needed."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from labelloop.learner import runtime
from labelloop.learner.array_files import read_or_computed
from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers.base import Features
from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.hidden_states import CHUNK as OF_STATES
from labelloop.learner.classifiers.hidden_states import LowerLayers, StateStore
from labelloop.learner.classifiers.networks import mean_over_tokens, ready
from labelloop.learner.classifiers.pretrained import fit_embeddings, load_tokenizer, most_tokens
from labelloop.learner.classifiers.registry import KeepsStates, Setting, factory
from labelloop.learner.engine import Remote, engine
from labelloop.learner.large_pools import EmbeddedTexts
from labelloop.learner.requests import ClassifierSpec, EmbedRequest
from labelloop.loop.random_draws import first_of_pool, pool_order, shares
from labelloop.pool.snapshot import Files, OpenSnapshot, paths_of
from labelloop.store.artifacts import file_digest

SAMPLE = 6000
"""Of a large pool, so many texts are looked at where it need not be all of them."""
CHUNK = 8 * OF_STATES
MAX_LENGTH = 128
AT_A_TIME = 256
"""Files whose texts are given to the engine together."""


class PoolEmbeddings:
    """Embeddings of the texts of a pool, in a random order that the seed decides, kept in files in `cache`.

    Each is the average of a text's states after half of the layers. Of a pool that grew, each snapshot has an
    order and files of its own, and its share of what is asked for.
    """

    def __init__(self, pool: Files, spec: ClassifierSpec, seed: int, cache: Path) -> None:
        half = HalfOfModel(Setting(spec, 2, 0, pool, cache, seed))
        self._snapshots = [SnapshotEmbeddings(path, half, seed, cache) for path in paths_of(pool)]
        self._sizes = [snapshot.size for snapshot in self._snapshots]
        self._seed = seed

    def first(self, number: int) -> tuple[list[int], Features]:
        """The first items of the order, and their embeddings, shape (items, hidden size)."""
        return self.items(number), np.concatenate(list(self.parts(number)))

    def items(self, number: int) -> list[int]:
        """The first items of the order."""
        return first_of_pool(self._seed, self._sizes, number)

    def parts(self, number: int) -> Iterator[Features]:
        """The embeddings of the first items, at most CHUNK rows at a time."""
        for snapshot, share in self._shares(number):
            yield from snapshot.parts(share)

    def of_places(self, places: Sequence[int], number: int) -> Features:
        """The embeddings of the items at these places of the first `number`. The places ascend."""
        parts, first = [], 0
        for snapshot, share in self._shares(number):
            own_places = [place - first for place in places if first <= place < first + share]
            parts += [snapshot.of_places(own_places)] if own_places else []
            first += share
        return np.concatenate(parts)

    def of_items(self, items: Sequence[int]) -> Features:
        """The embeddings of these items, a row for each."""
        size = sum(self._sizes)
        order = np.array(self.items(size))
        places = np.flatnonzero(np.isin(order, items))
        rows = {item: row for row, item in enumerate(order[places].tolist())}
        return self.of_places(places.tolist(), size)[[rows[item] for item in items]]

    def make(self, number: int) -> Iterator[int]:
        """Make the embeddings of the first items that have none.

        After each file that it makes, and at the end, yields how many items have embeddings. It ends where a
        file cannot be written.
        """
        before = 0
        for snapshot, share in self._shares(number):
            texts = 0
            for texts in snapshot.make(share):
                yield before + texts
            if texts < share:
                return
            before += share

    def _shares(self, number: int) -> Iterator[tuple["SnapshotEmbeddings", int]]:
        return zip(self._snapshots, shares(number, self._sizes), strict=True)


class SnapshotEmbeddings:
    """Those of one snapshot.

    A file is always made as a whole, so it does not matter how many are asked for at a time.
    """

    def __init__(self, snapshot: Path, half: "HalfOfModel", seed: int, cache: Path) -> None:
        self._half = half
        self._texts = OpenSnapshot.open(snapshot)
        self.size = len(self._texts)
        self._order = pool_order(seed, self.size)
        self._kept_states = partial(StateStore, snapshot, seed, cache)
        key = f"{half.base.digest}:{MAX_LENGTH}:{file_digest(snapshot)}:{seed}"
        self._folder = cache / f"embeddings-{hashlib.sha256(key.encode()).hexdigest()}"

    def parts(self, number: int) -> Iterator[Features]:
        """The embeddings of the first items, a file of CHUNK rows at a time."""
        starts = range(0, number, CHUNK)
        for start, features in zip(starts, self._chunks(starts), strict=True):
            yield features[: number - start]

    def of_places(self, places: Sequence[int]) -> Features:
        """The embeddings of the items at these places of the order, which ascend."""
        rows = {
            start: [place - start for place in group]
            for start, group in groupby(places, lambda place: place // CHUNK * CHUNK)
        }
        files = zip(rows.values(), self._chunks(list(rows)), strict=True)
        return np.concatenate([features[of_file] for of_file, features in files])

    def make(self, number: int) -> Iterator[int]:
        """Make those of the first items that have none: see `PoolEmbeddings.made`."""
        missing = self._missing(range(0, number, CHUNK))
        for first in range(0, len(missing), AT_A_TIME):
            part = missing[first : first + AT_A_TIME]
            for start, _ in zip(part, self._chunks(part), strict=True):
                if not self._file(start).is_file():
                    return
                yield min(start + CHUNK, number)
        yield number

    def _chunks(self, starts: Sequence[int]) -> Iterator[Features]:
        """The embeddings in the files that begin at these places. Those that are missing are made."""
        missing = self._missing(starts)
        computed = self._computed(missing)
        for start in starts:
            yield self._chunk(start, next(computed) if start in missing else None)

    def _chunk(self, start: int, computed: Features | None) -> Features:
        def features() -> Features:
            return next(self._computed([start])) if computed is None else computed

        return read_or_computed(self._file(start), len(self._items(start)), features)

    def _computed(self, starts: Sequence[int]) -> Iterator[Features]:
        if not starts:
            return iter(())
        if self._states is not None:
            return self._states.averages([range(start, start + len(self._items(start))) for start in starts])
        texts = (self._texts.texts(self._items(start)) for start in starts)
        return engine().map(self._half.alone.embed, texts, Remote(self._half.base.folder, _load_embed))

    def _missing(self, starts: Sequence[int]) -> list[int]:
        return [start for start in starts if not self._file(start).is_file()]

    def _items(self, start: int) -> Sequence[int]:
        return self._order[start : start + CHUNK]

    def _file(self, start: int) -> Path:
        return self._folder / f"{start}.npy"

    @cached_property
    def _states(self) -> StateStore | None:
        """The states that the classifier keeps, if they are those of half of the layers."""
        return self._kept_states(self._half.layers) if self._half.layers else None


class HalfOfModel:
    """Half of a base model's layers, loaded when they are needed.

    Where the classifier keeps the states after half of the layers for its trainings, they are computed once
    for both: by its `layers`. Else by half of the model `alone`.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.base = resolve(setting.spec.model, setting.spec.revision)

    @cached_property
    def layers(self) -> LowerLayers | None:
        made_by = factory(self._setting.spec.name)
        return made_by.half_layers(self._setting, MAX_LENGTH) if isinstance(made_by, KeepsStates) else None

    @cached_property
    def alone(self) -> "LowerHalf":
        return LowerHalf(self.base.folder)


def embed(request: EmbedRequest) -> int:
    """Embed texts that have no embedding yet."""
    runtime.prepare(request.threads)
    embeddings = PoolEmbeddings(request.pool, request.classifier, request.order_seed, request.cache)
    began, texts = time.monotonic(), 0
    for texts in embeddings.make(request.texts):
        EmbeddedTexts(texts, request.texts).write(request.cache)
        if time.monotonic() > began + request.seconds:
            break
    return texts


class LowerHalf:
    """A base model, or the encoder of one that has a decoder, without the upper half of its layers."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = load_tokenizer(folder)
        self._most = most_tokens(folder, MAX_LENGTH)
        self._model: PreTrainedModel = AutoModel.from_pretrained(
            folder, config=_of_half(AutoConfig.from_pretrained(folder)), use_safetensors=True
        )
        fit_embeddings(self._model, self._tokenizer)
        if self._model.config.is_encoder_decoder:
            self._model = self._model.get_encoder()
        ready(self._model, runtime.device())

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> Features:
        """The average of each text's states over its tokens, shape (texts, hidden size)."""
        encoded = Encoded.of(self._tokenizer, texts, self._most)
        result = np.empty((len(texts), self._model.config.hidden_size), dtype=np.float32)
        for rows in encoded.by_length():
            batch = encoded.batch(rows, self._model.device)
            mean = mean_over_tokens(self._model(**batch).last_hidden_state, batch["attention_mask"])
            result[rows] = mean.float().cpu().numpy()
        return result


def _load_embed(folder: Path) -> Callable[[Sequence[str]], Features]:
    return LowerHalf(folder).embed


def _of_half(config: PreTrainedConfig) -> PreTrainedConfig:
    layers = getattr(config, "num_hidden_layers", 0)
    if layers > 1:
        for name, value in vars(config).items():
            if isinstance(value, list) and len(value) == layers:  # one for each layer
                setattr(config, name, value[: layers // 2])
        config.num_hidden_layers = layers // 2
    return config

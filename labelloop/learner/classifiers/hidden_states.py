"""What the lower layers of a BERT make of texts, where no training changes these layers.

It is computed once for each chunk of a snapshot and kept in files. Trainings and scorings begin above it, and
its averages are embeddings. A chunk is always computed as a whole, so its values do not depend on who asks
for which text. Chunks follow a random order: whoever looks at a part of a large pool looks at the first texts
of that order, and needs few chunks.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from transformers import BertModel, PreTrainedTokenizerBase

from labelloop import atomic
from labelloop.learner.classifiers.base import Features, Integers
from labelloop.learner.classifiers.batches import Encoded, Texts
from labelloop.learner.classifiers.networks import lower_part, ready
from labelloop.learner.classifiers.pretrained import load_tokenizer
from labelloop.learner.engine import Remote, engine
from labelloop.learner.runtime import device
from labelloop.loop.random_draws import pool_order
from labelloop.pool.snapshot import Files, OpenSnapshot, paths_of
from labelloop.store.artifacts import file_digest

CHUNK = 128
BATCH = 16
"""Texts of a chunk that are computed at a time: few, so that texts of similar length are padded little."""
LARGEST = 2**30
"""Bytes of states that are kept for a snapshot at most. The others are computed when needed."""
CHARACTERS_A_TOKEN = 4
Span = tuple[Any, int, int]
"""A text's states: those from a first to before a last row of a tensor, or of a tensor in a file."""


class HiddenStates(Texts):
    """Texts as their hidden states, each of shape (tokens, hidden size)."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans

    @property
    def lengths(self) -> Sequence[int]:
        return [stop - start for _, start, stop in self.spans]

    def batch(self, rows: Sequence[int], device: torch.device) -> dict[str, torch.Tensor]:
        """`inputs_embeds`, shape (rows, longest row, hidden size), and `attention_mask`."""
        spans = [self.spans[row] for row in rows]
        states = pad_sequence([source[start:stop] for source, start, stop in spans], batch_first=True)
        lengths = torch.tensor([stop - start for _, start, stop in spans])
        mask = torch.arange(states.shape[1]) < lengths.unsqueeze(1)
        return {"inputs_embeds": states.to(device), "attention_mask": mask.long().to(device)}


@dataclass(frozen=True)
class LowerLayers:
    """The lower part of a BERT in a folder, with its tokenizer. `name` tells its weights from others."""

    bert: BertModel
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    name: str
    folder: Path

    @classmethod
    def load(cls, layers: int, max_length: int, name: str, folder: Path) -> Self:
        """So many lower layers of the BERT in a folder."""
        tokenizer = load_tokenizer(folder)
        bert = ready(lower_part(folder, layers, tokenizer), device())
        return cls(bert, tokenizer, max_length, name, folder)

    @property
    def key(self) -> str:
        """What the states depend on, besides the texts."""
        device = next(self.bert.parameters()).device
        machine = f"{torch.__version__}:{torch.get_num_threads()}:{device.type}"
        return f"{self.name}:{len(self.bert.encoder.layer)}:{self.max_length}:{machine}"

    @torch.inference_mode()
    def states(self, texts: Sequence[str]) -> tuple[torch.Tensor, list[int]]:
        """The states of all tokens, text after text, shape (tokens, hidden size), and each text's tokens."""
        encoded = Encoded.of(self.tokenizer, texts, self.max_length)
        lengths = list(encoded.lengths)
        cast(nn.Module, self.bert).train(False)
        of_text: list[torch.Tensor] = [torch.empty(0)] * len(texts)
        for rows in encoded.by_length(BATCH):
            batch = encoded.batch(rows, self.bert.device)
            hidden = self.bert(**batch).last_hidden_state.float().cpu()
            for place, row in enumerate(rows):
                of_text[row] = hidden[place, : lengths[row]]
        return torch.cat(of_text), lengths

    def averages(self, texts: Sequence[str]) -> Features:
        """The average of each text's states, shape (texts, hidden size)."""
        parts = (self.states(texts[start : start + CHUNK]) for start in range(0, len(texts), CHUNK))
        rows = [_averages(states, _ends(lengths)) for states, lengths in parts]
        averages: Features = torch.cat(rows).numpy()
        return averages

    def remote(self, load: Callable[..., Callable[[Sequence[str]], Any]]) -> Remote[Sequence[str], Any]:
        """How another machine gets one of its functions: `load` takes what `LowerLayers.load` takes."""
        layers = len(self.bert.encoder.layer)
        return Remote(self.folder, partial(load, layers, self.max_length, self.name))


def load_states(*loaded: Any) -> Callable[[Sequence[str]], tuple[torch.Tensor, list[int]]]:
    """`states` of lower layers in a folder."""
    return LowerLayers.load(*loaded).states


def load_averages(*loaded: Any) -> Callable[[Sequence[str]], Features]:
    """`averages` of lower layers in a folder."""
    return LowerLayers.load(*loaded).averages


class StateStore:
    """The states of the texts of one snapshot. Those of the first in an order are kept in `cache`.

    The order is a random one that `seed` decides. What is not kept is computed for the texts that are asked
    for, once in the life of this object.
    """

    def __init__(self, snapshot: Path, seed: int, cache: Path, lower: LowerLayers) -> None:
        self._snapshot, self._seed, self._cache, self._lower = snapshot, seed, cache, lower
        self._texts = OpenSnapshot.open(snapshot)
        self._order = pool_order(seed, len(self._texts))
        self._chunks: dict[int, tuple[Any, list[int]]] = {}
        self._in_memory: dict[str, Span] = {}
        self._size_in_memory = 0

    @cached_property
    def _kept_texts(self) -> int:
        """How many texts of the order have their states kept: all, or so many chunks as there is room for."""
        sizes = _sizes(np.array(self._texts.lengths())[np.array(self._order)], self._lower)
        number = int(np.searchsorted(np.cumsum(sizes), LARGEST, side="right"))
        return number if number == len(self._order) else number // CHUNK * CHUNK

    @cached_property
    def _places(self) -> dict[str, int]:
        texts = self._texts.texts(self._order[: self._kept_texts])
        return {text: place for place, text in enumerate(texts)}

    @cached_property
    def _folder(self) -> Path:
        key = f"{self._lower.key}:{file_digest(self._snapshot)}:{self._seed}"
        return self._cache / f"states-{hashlib.sha256(key.encode()).hexdigest()}"

    def of(self, texts: Sequence[str]) -> HiddenStates | None:
        """The states of texts, in their order, or None if too much memory would be needed for them."""
        others = [
            text for text in dict.fromkeys(texts) if text not in self._places and text not in self._in_memory
        ]
        lengths = np.array([len(text) for text in others], dtype=np.int64)
        size = self._size_in_memory + int(_sizes(lengths, self._lower).sum())
        if size > LARGEST:
            return None
        self._size_in_memory = size
        if others:
            states, tokens = self._lower.states(others)
            for text, (start, stop) in zip(others, pairwise(_ends(tokens)), strict=True):
                self._in_memory[text] = (states, start, stop)
        places = (self._places.get(text) for text in texts)
        deque(self._make(place // CHUNK for place in places if place is not None), maxlen=0)
        return HiddenStates([self._span(text) for text in texts])

    def keeps(self, text: str) -> bool:
        """Whether the text is one whose states are kept."""
        return text in self._places

    def averages(self, spans: Sequence[range]) -> Iterator[Features]:
        """For each span of places the average of each text's states.

        Shape (texts, hidden size). The states of texts that come later in the order are not kept.
        """
        kept_spans = [range(span.start, min(span.stop, self._kept_texts)) for span in spans]
        others = [range(max(span.start, self._kept_texts), span.stop) for span in spans]
        making = self._make(number for span in kept_spans for number in _chunks(span))
        texts = (self._texts_at(span) for span in others if span)
        computed = engine().map(self._lower.averages, texts, self._lower.remote(load_averages))
        for near, far in zip(kept_spans, others, strict=True):
            parts = []
            if near:
                while not self._chunks.keys() >= {*_chunks(near)}:
                    next(making, None)
                chunks = [self._chunks[number] for number in _chunks(near)]
                rows = np.concatenate([_averages(states[:], ends).numpy() for states, ends in chunks])
                parts.append(rows[near.start % CHUNK :][: len(near)])
            if far:
                deque(making, maxlen=0)  # An engine does one thing at a time.
                parts.append(next(computed))
            yield np.concatenate(parts)

    def _span(self, text: str) -> Span:
        place = self._places.get(text)
        if place is None:
            return self._in_memory[text]
        states, ends = self._chunks[place // CHUNK]
        return states, ends[place % CHUNK], ends[place % CHUNK + 1]

    def _make(self, numbers: Iterable[int]) -> Iterator[None]:
        """Read those of these chunks that are not at hand, and compute the others, one at each step."""
        missing = []
        for number in sorted({*numbers} - self._chunks.keys()):
            if chunk := _read(self._file(number)):
                self._chunks[number] = chunk
            else:
                missing.append(number)
        texts = (self._texts_at(range(number * CHUNK, (number + 1) * CHUNK)) for number in missing)
        computed = engine().map(self._lower.states, texts, self._lower.remote(load_states))
        for number, (states, lengths) in zip(missing, computed, strict=True):
            self._chunks[number] = _written(self._file(number), states, _ends(lengths))
            yield

    def _file(self, number: int) -> Path:
        return self._folder / f"{number}.safetensors"

    def _texts_at(self, places: range) -> list[str]:
        return self._texts.texts(self._order[places.start : places.stop])


class PoolStates:
    """The states of the texts of a pool that grew, or did not: each snapshot has a store of its own."""

    def __init__(self, pool: Files, seed: int, cache: Path, lower: LowerLayers) -> None:
        self._stores = [StateStore(path, seed, cache, lower) for path in paths_of(pool)]

    def of(self, texts: Sequence[str]) -> HiddenStates | None:
        """The states of texts, in their order, or None if too much memory would be needed for them.

        Those of texts that are in no snapshot are computed.
        """
        first, *later = self._stores
        stores = [next((store for store in later if store.keeps(text)), first) for text in texts]
        spans: list[Span] = [(None, 0, 0)] * len(texts)
        for store in self._stores:
            rows = [row for row, other in enumerate(stores) if other is store]
            states = store.of([texts[row] for row in rows])
            if states is None:
                return None
            for row, span in zip(rows, states.spans, strict=True):
                spans[row] = span
        return HiddenStates(spans)


def _chunks(span: range) -> range:
    """The numbers of the chunks in which these places are."""
    return range(span.start // CHUNK, -(-span.stop // CHUNK))


def _averages(states: torch.Tensor, ends: Sequence[int]) -> torch.Tensor:
    return torch.stack([states[first:last].mean(dim=0) for first, last in pairwise(ends)])


def _sizes(characters: Integers, lower: LowerLayers) -> Integers:
    """About how many bytes the states of texts with so many characters take each."""
    tokens = np.minimum(characters // CHARACTERS_A_TOKEN + 2, lower.max_length)
    sizes: Integers = tokens * lower.bert.config.hidden_size * np.dtype(np.float32).itemsize
    return sizes


def _read(file: Path) -> tuple[Any, list[int]] | None:
    with suppress(OSError, SafetensorError):
        tensors: Any = safe_open(file, framework="pt")
        return tensors.get_slice("states"), _ends(tensors.get_tensor("lengths").tolist())
    return None


def _written(file: Path, states: torch.Tensor, ends: list[int]) -> tuple[Any, list[int]]:
    """The states, from now on read from the file. It may be that there is no space for it."""
    content = save({"states": states, "lengths": torch.tensor(ends).diff()})
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(file, content, mode=atomic.THIS_USER)
    return _read(file) or (states, ends)


def _ends(lengths: Sequence[int]) -> list[int]:
    ends = [0]
    for length in lengths:
        ends.append(ends[-1] + length)
    return ends

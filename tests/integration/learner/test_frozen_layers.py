"""Frozen lower layers: computed once for a snapshot, and no part of what is trained."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_text import TextDataset  # type: ignore[import-untyped]
from transformers import BertModel

from labelloop.learner.base_model import BUNDLED, resolve
from labelloop.learner.classifiers import hidden_states
from labelloop.learner.classifiers.batches import Encoded, score
from labelloop.learner.classifiers.networks import OwnHead
from labelloop.learner.classifiers.pretrained import load_tokenizer
from labelloop.learner.classifiers.registry import Setting
from labelloop.learner.classifiers.transformer import FROZEN, TransformerClassifier, factory
from labelloop.learner.pool_embeddings import LowerHalf, PoolEmbeddings
from labelloop.learner.requests import ClassifierSpec
from labelloop.loop.random_draws import random_draw
from labelloop.pool.bundled import bundled
from labelloop.pool.snapshot import OpenSnapshot
from tests.integration.learner.conftest import LABELS, SIZE, Bench
from tests.support.tiny_bert import tiny_bert

CHUNK = hidden_states.CHUNK


@pytest.fixture(autouse=True)
def chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool of sixty texts has eight chunks."""
    monkeypatch.setattr(hidden_states, "CHUNK", 8)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that have passed the frozen layers."""
    computed: list[str] = []
    states = hidden_states.LowerLayers.states

    def counted(self: hidden_states.LowerLayers, texts: list[str]) -> Any:
        computed.extend(texts)
        return states(self, texts)

    monkeypatch.setattr(hidden_states.LowerLayers, "states", counted)
    return computed


@pytest.fixture
def setting(bench: Bench) -> Setting:
    parameters = {"epochs": 2, "min_steps": 1, "frozen_share": 0.5}
    spec = ClassifierSpec("transformer", parameters, str(bench.model), None)
    return Setting(spec, len(LABELS), 7, bench.pool, bench.folder / "cache")


def dataset(bench: Bench, items: Sequence[int]) -> TextDataset:
    texts = OpenSnapshot.open(bench.pool).texts(items)
    return TextDataset(texts, np.array([item % 3 for item in items]), target_labels=np.arange(3))


def fitted(bench: Bench, setting: Setting, items: Sequence[int] = range(12)) -> TransformerClassifier:
    return factory.new(setting).fit(dataset(bench, items))


def weights(classifier: TransformerClassifier) -> dict[str, Any]:
    assert classifier.model is not None
    return {name: value.numpy() for name, value in classifier.model.state_dict().items()}


def same(first: TransformerClassifier, second: TransformerClassifier) -> bool:
    other = weights(second)
    return all(np.array_equal(value, other[name]) for name, value in weights(first).items())


def trained_weights(classifier: TransformerClassifier, base: Path) -> set[str]:
    """The names of the base model's weights that are others now."""
    before, after = BertModel.from_pretrained(base, add_pooling_layer=False).state_dict(), weights(classifier)
    return {name for name, value in before.items() if not np.array_equal(value, after[f"bert.{name}"])}


def saved(classifier: TransformerClassifier, folder: Path) -> Path:
    folder.mkdir()
    classifier.save(folder)
    return folder


def in_order(setting: Setting) -> list[int]:
    """The items in the order in which their states are kept."""
    return random_draw(setting.order_seed, SIZE, (), SIZE)


def kept(setting: Setting) -> list[Path]:
    return sorted(setting.cache.glob("states-*/*.safetensors"))


def test_only_what_lies_above_the_frozen_layers_is_trained(bench: Bench, setting: Setting) -> None:
    changed = trained_weights(fitted(bench, setting), bench.model)

    assert changed
    assert all(name.startswith("encoder.layer.1.") for name in changed), changed


def test_a_cache_that_is_full_gives_the_same_weights_as_an_empty_one(bench: Bench, setting: Setting) -> None:
    items = in_order(setting)[:12]
    empty = fitted(bench, setting, items)
    assert len(kept(setting)) == 2, "the first twelve lie in two chunks"

    full = fitted(bench, setting, items)
    elsewhere = fitted(bench, replace(setting, cache=bench.folder / "other"), items)

    assert same(empty, full)
    assert same(empty, elsewhere)


def test_who_asked_before_for_which_texts_makes_no_difference(bench: Bench, setting: Setting) -> None:
    filled = replace(setting, cache=bench.folder / "filled")
    fitted(bench, filled, range(5, 60, 7)).predict_proba(dataset(bench, range(60)))

    assert same(fitted(bench, setting), fitted(bench, filled))


def test_a_stored_model_says_the_same_with_and_without_the_states(
    bench: Bench, setting: Setting, tmp_path: Path
) -> None:
    folder = saved(fitted(bench, setting), tmp_path / "model")
    loaded = factory.load(folder, setting)
    texts = dataset(bench, range(60))

    by_states = loaded.predict_proba(texts)

    assert loaded.model is not None
    encoded = Encoded.of(loaded.tokenizer, texts.x, loaded.max_length)
    by_tokens = score(OwnHead(loaded.model), encoded, len(LABELS), loaded.device)
    np.testing.assert_allclose(by_states, by_tokens, atol=1e-5)
    assert (folder / FROZEN).is_file()


def test_each_text_passes_the_frozen_layers_once(
    bench: Bench, setting: Setting, tmp_path: Path, computed: list[str]
) -> None:
    folder = saved(fitted(bench, setting), tmp_path / "model")
    for _ in range(3):
        factory.load(folder, setting).predict_proba(dataset(bench, range(60)))
    fitted(bench, replace(setting, seed=8), range(30))

    assert sorted(computed) == sorted(OpenSnapshot.open(bench.pool).all_texts())


def test_little_of_what_is_computed_is_padding() -> None:
    rows = [json.loads(line)["text"] for line in bundled("questions").pool.read_text().splitlines()]
    tokenizer = load_tokenizer(resolve(BUNDLED).folder)
    needed = computed = 0
    for start in range(0, len(rows), CHUNK):
        encoded = Encoded.of(tokenizer, rows[start : start + CHUNK], 128)
        needed += sum(encoded.lengths)
        for batch in encoded.by_length(hidden_states.BATCH):
            computed += encoded.batch(batch, torch.device("cpu"))["input_ids"].numel()

    assert 1 - needed / computed < 0.15


def test_texts_that_are_not_in_the_snapshot_are_predicted_too(bench: Bench, setting: Setting) -> None:
    classifier = fitted(bench, setting)
    known = OpenSnapshot.open(bench.pool).texts([3])
    texts = TextDataset([*known, "a text of my own"], np.array([-1, -1]), target_labels=np.arange(3))

    together = classifier.predict_proba(texts)

    alone = classifier.predict_proba(TextDataset(known, np.array([-1]), target_labels=np.arange(3)))
    np.testing.assert_allclose(together[0], alone[0], atol=1e-5)


@pytest.mark.parametrize("damage", ["shortened", "no file", "a folder"])
def test_a_damaged_file_is_made_again(bench: Bench, setting: Setting, damage: str) -> None:
    before = fitted(bench, setting)
    file = kept(setting)[0]
    if damage == "shortened":
        os.truncate(file, file.stat().st_size // 2)
    else:
        file.unlink()
    if damage == "a folder":
        file.mkdir()

    assert same(before, fitted(bench, setting))


def test_a_cache_that_cannot_be_written_stops_nothing(bench: Bench, setting: Setting) -> None:
    (bench.folder / "file").write_text("in the way")

    unkept = fitted(bench, replace(setting, cache=bench.folder / "file"))

    assert same(unkept, fitted(bench, setting))


def test_states_that_would_be_too_large_are_neither_kept_nor_held_in_memory(
    bench: Bench, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden_states, "LARGEST", 0)
    monkeypatch.delattr(hidden_states.LowerLayers, "states")

    classifier = fitted(bench, setting)
    classifier.predict_proba(dataset(bench, range(60)))

    assert kept(setting) == []
    assert same(classifier, fitted(bench, setting))


def test_of_a_large_pool_the_states_of_the_texts_at_hand_are_computed_once(
    bench: Bench, setting: Setting, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden_states, "LARGEST", 12_000)
    items = in_order(setting)
    first, last = items[:8], items[-20:]

    classifier = fitted(bench, setting, [*first, *last[:6]])
    classifier.predict_proba(dataset(bench, range(60)))  # too many at once
    classifier.predict_proba(dataset(bench, last[:12]))

    assert sorted(computed) == sorted(OpenSnapshot.open(bench.pool).texts([*first, *last[:12]]))
    assert len(kept(setting)) == 1, "of the first texts"
    assert same(classifier, fitted(bench, setting, [*first, *last[:6]]))


def test_embeddings_are_averages_of_the_states_which_are_computed_once(
    bench: Bench, setting: Setting, computed: list[str], embedded: Counter[str]
) -> None:
    embeddings = PoolEmbeddings(bench.pool, setting.spec, 0, setting.cache)

    items, rows = embeddings.first(60)
    fitted(bench, setting).predict_proba(dataset(bench, range(60)))

    texts = OpenSnapshot.open(bench.pool).texts(items)
    assert sorted(computed) == sorted(texts)
    assert not embedded
    np.testing.assert_allclose(rows, LowerHalf(resolve(str(bench.model)).folder).embed(texts), atol=1e-4)


@pytest.mark.parametrize("parameters", [{"frozen_share": 0.0}, {"pooling": "head"}, {"max_length": 5}])
def test_without_states_of_half_of_the_layers_embeddings_are_made_by_themselves(
    bench: Bench, setting: Setting, computed: list[str], embedded: Counter[str], parameters: dict[str, Any]
) -> None:
    spec = replace(setting.spec, parameters={**setting.spec.parameters, **parameters})

    PoolEmbeddings(bench.pool, spec, 0, setting.cache).first(60)

    assert len(embedded) == SIZE
    assert not computed


def test_of_a_large_pool_embeddings_are_made_of_states_that_are_not_kept(
    bench: Bench, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, all_kept = PoolEmbeddings(bench.pool, setting.spec, 0, setting.cache).first(60)
    monkeypatch.setattr(hidden_states, "LARGEST", 12_000)

    other = replace(setting, cache=bench.folder / "other")
    _, few_kept = PoolEmbeddings(bench.pool, setting.spec, 0, other.cache).first(60)

    assert np.array_equal(all_kept, few_kept)
    assert 0 < len(kept(other)) < len(kept(setting))


def test_a_model_with_a_head_of_its_own_freezes_its_lower_layers_too(
    bench: Bench, setting: Setting, tmp_path: Path
) -> None:
    own_head = tiny_bert(tmp_path / "own-head", averages=False)
    setting = replace(setting, spec=replace(setting.spec, model=str(own_head)))

    changed = trained_weights(fitted(bench, setting), own_head)

    assert changed
    assert all(name.startswith("encoder.layer.1.") for name in changed), changed
    assert kept(setting) == []

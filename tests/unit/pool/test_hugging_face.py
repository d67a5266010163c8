"""Loading what the package `datasets` saved or finds on the Hub."""

from pathlib import Path

import datasets  # type: ignore[import-untyped]
import pytest

from labelloop.errors import UserError
from labelloop.pool.sources import load
from tests.support.messages import raises_naming


@pytest.fixture
def mail() -> datasets.Dataset:
    features = datasets.Features(
        {"body": datasets.Value("string"), "label": datasets.ClassLabel(names=["ham", "spam"])}
    )
    return datasets.Dataset.from_dict({"body": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def test_class_labels_become_their_names(tmp_path: Path, mail: datasets.Dataset) -> None:
    mail.save_to_disk(tmp_path)

    table = load(str(tmp_path))

    assert table.text_column == "body"
    assert table.texts == ["a", "b", "c"]
    assert table.labels == ["spam", "ham", None]


@pytest.mark.parametrize(("split", "texts"), [(None, ["a", "b", "c"]), ("test", ["b"])])
def test_a_split_is_chosen_and_train_is_the_default(
    tmp_path: Path, mail: datasets.Dataset, split: str | None, texts: list[str]
) -> None:
    datasets.DatasetDict(test=mail.select([1]), train=mail).save_to_disk(tmp_path)

    assert load(str(tmp_path), split=split).texts == texts


def test_the_only_split_is_the_default(tmp_path: Path, mail: datasets.Dataset) -> None:
    datasets.DatasetDict(everything=mail).save_to_disk(tmp_path)

    assert load(str(tmp_path)).texts == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("split", "facts"),
    [(None, ("'dev', 'test'",)), ("train", ("'train'", "'dev', 'test'"))],
    ids=["none", "another"],
)
def test_a_split_that_is_not_there_is_said(
    tmp_path: Path, mail: datasets.Dataset, split: str | None, facts: tuple[str, ...]
) -> None:
    datasets.DatasetDict(dev=mail, test=mail).save_to_disk(tmp_path)

    with raises_naming(UserError, tmp_path, *facts):
        load(str(tmp_path), split=split)


def test_one_data_set_has_no_splits(tmp_path: Path, mail: datasets.Dataset) -> None:
    mail.save_to_disk(tmp_path)

    with raises_naming(UserError, tmp_path, "'train'"):
        load(str(tmp_path), split="train")


def test_another_folder_is_said_in_one_line(tmp_path: Path) -> None:
    with raises_naming(UserError, tmp_path, "save_to_disk"):
        load(str(tmp_path))


def test_a_hub_that_cannot_be_reached_is_said_in_one_line() -> None:
    with raises_naming(UserError, "'nobody/nothing'", "Hub"):
        load("nobody/nothing")

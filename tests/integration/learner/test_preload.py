"""What the warm process makes ready, so that no child has to."""

import importlib

import pytest
from transformers import conversion_mapping

from labelloop.learner import preload

TABLE = "_checkpoint_conversion_mapping_cache"


def test_the_table_that_each_loading_of_a_model_needs_is_there_before_children_are_forked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversion_mapping, TABLE, None)

    importlib.reload(preload)

    assert getattr(conversion_mapping, TABLE)

"""Which model is used, and what is said without it."""

import shutil
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.loop.state import LoopState
from labelloop.projects.chosen_model import choose_model
from labelloop.store import FolderStore
from schemas.events import ModelTrained
from schemas.model import replaced
from tests.support.messages import raises_naming
from tests.support.models import publish_model
from tests.support.states import all_answered, project, queried, state_of


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


@pytest.fixture
def state(store: FolderStore) -> LoopState:
    """Three models of one batch each are in the log and in the store."""
    events = [project(), *(queried(str(n), range(3 * n, 3 * n + 3)) for n in range(3))]
    for number in range(3):
        events += [all_answered(str(number), range(3 * number, 3 * number + 3)), _model(store, number)]
    return state_of(*events)


def _model(store: FolderStore, number: int) -> ModelTrained:
    learned = {str(batch): 0 for batch in range(number + 1)}
    return replaced(publish_model(store, str(number)), learned=learned)


def prune(state: LoopState, store: FolderStore, *names: str) -> None:
    for name in names:
        shutil.rmtree(store.model(state.models[name].latest))


def test_it_is_the_newest_in_the_store_or_the_named_one(state: LoopState, store: FolderStore) -> None:
    assert choose_model(state, store, "0")[0].model == "0"
    assert choose_model(state, store, None)[0].model == "2"

    prune(state, store, "2")
    assert choose_model(state, store, None)[0].model == "1"


def test_without_a_pruned_one_those_that_are_there_are_named(state: LoopState, store: FolderStore) -> None:
    prune(state, store, "0")

    with raises_naming(UserError, "model 0", "1, 2", "--model"):
        choose_model(state, store, "0")
    with raises_naming(UserError, "'7'", "0, 1, 2"):
        choose_model(state, store, "7")


def test_without_any_the_services_are_to_train_it_again(state: LoopState, store: FolderStore) -> None:
    prune(state, store, "0", "1", "2")

    with raises_naming(UserError, "services"):
        choose_model(state, store, None)
    with raises_naming(UserError, "model 0", "services", "--model"):
        choose_model(state, store, "0")

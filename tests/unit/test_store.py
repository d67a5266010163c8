"""Where files lie."""

from pathlib import Path

from labelloop.store import Store, models_uri, pool_uri
from tests.support.states import PROJECT, project, trained

STORE = Store(Path("/store"))


def test_uris_are_relative_to_the_root_and_lead_back() -> None:
    folder = STORE.models(PROJECT) / "3" / "abc"

    assert STORE.uri(folder) == f"{PROJECT}/models/3/abc" == f"{models_uri(PROJECT, '3')}/abc"
    assert STORE.model(trained("3", {}).model_copy(update={"artifact": STORE.uri(folder)})) == folder


def test_pools_and_models_of_a_project_lie_together() -> None:
    created = project()

    assert STORE.pool(created) == Path("/store") / pool_uri(PROJECT, "x.arrow")
    assert STORE.models(PROJECT) == Path("/store") / models_uri(PROJECT)
    assert STORE.cache(PROJECT).parent == STORE.models(PROJECT).parent

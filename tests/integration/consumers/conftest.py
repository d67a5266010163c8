"""A home with a small loop in it, and the examples as a user has them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.pool import snapshot
from labelloop.store import FolderStore, pool_uri
from schemas.events import EventData, ProjectCreated
from schemas.model import replaced
from schemas.parts import ClassFigures, Snapshot
from tests.support.deployment import ROOT
from tests.support.homes import home_with
from tests.support.models import publish_model
from tests.support.states import LABELS, PROJECT, all_answered, evaluated, project, queried

EXAMPLES = ROOT / "examples" / "consumers"


@pytest.fixture(scope="session")
def examples() -> Iterator[Path]:
    """The folder of the examples, from which they are imported."""
    sys.path.insert(0, str(EXAMPLES))
    yield EXAMPLES
    sys.path.remove(str(EXAMPLES))


def a_loop(home: Path) -> Path:
    """A home with two batches that are answered, and a model that is measured."""
    store = FolderStore(open_home(home).store)
    model = replaced(publish_model(store), learned={"0": 0}, labels=3)
    figures = {label: ClassFigures(precision=1, recall=0.5, f1=0.6, support=4) for label in LABELS}
    told: tuple[EventData, ...] = (
        _project(store),
        queried("0"),
        all_answered("0"),
        model,
        queried("1", (3, 4)),
        replaced(evaluated("0", 3, 0.8), per_class=figures),
        all_answered("1", (3, 4)),
    )
    return home_with(home, *told)


def _project(store: FolderStore) -> ProjectCreated:
    texts = [snapshot.Row(f"text {number}", None, number) for number in range(6)]
    written = snapshot.write(store.root / PROJECT / "pool", texts)
    pool = Snapshot(uri=pool_uri(PROJECT, written.name), digest=written.digest, size=len(texts))
    return project(pool=pool)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return a_loop(tmp_path / "home")

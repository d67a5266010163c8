"""Homes with a trained model that is to be pushed, and what is looked at afterwards."""

import shutil
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.learner.results import ONNX, ONNX_INT8
from labelloop.learner.shared import SHARED
from labelloop.pool.snapshot import Row, write
from labelloop.store.artifacts import verify
from schemas.events import EventData
from schemas.parts import MULTI_LABEL, BaseModelChoice, Choice, Snapshot
from tests.integration.learner.conftest import LABELS, STARTS
from tests.support import many_labels
from tests.support.homes import home_with
from tests.support.needs import missing
from tests.support.states import PROJECT, annotated, of_several, project, queried, state_of
from tests.support.tiny_bert import TINY
from tests.support.trained_home import first_model, trained_home

SIZE, BATCH = 120, 30
MODEL = BaseModelChoice(name=str(TINY))
ADDED = ("README.md", "curve.png", ONNX, ONNX_INT8)
"""What is beside the model's own files."""


def rows(size: int) -> list[Row]:
    """Texts with their labels, in turn."""
    gold_rows = [(LABELS[item % len(LABELS)], item) for item in range(size)]
    return [Row(f"{STARTS[label]} {item}", label, item) for label, item in gold_rows]


def gold_texts(home: Path) -> Snapshot:
    """A test set of 24 texts in the home's store."""
    folder = open_home(home).store / PROJECT / "test"
    folder.mkdir(parents=True)
    info = write(folder, [Row(f"{row.text} of", row.gold, row.source_row) for row in rows(24)])
    return Snapshot(uri=f"{PROJECT}/test/{info.name}", digest=info.digest, size=24)


def home_of(path: Path, classifier: str) -> Path:
    """A home with a test set and model 0, which learned thirty texts."""
    test, choice = gold_texts(path), Choice(name=classifier)
    return trained_home(path, rows(SIZE), BATCH, model=MODEL, test=test, classifier=choice)


def home_of_several(path: Path) -> Path:
    """A home whose texts have several labels, with model 0."""
    home = open_home(path)
    folder = home.store / PROJECT / "pool"
    folder.mkdir(parents=True)
    info = write(folder, [Row(many_labels.text_of(i), None, i) for i in range(many_labels.SIZE)])
    pool = Snapshot(uri=f"{PROJECT}/pool/{info.name}", digest=info.digest, size=many_labels.SIZE)
    settings = {"labels": many_labels.LABELS, "task": MULTI_LABEL, "model": MODEL, "pool": pool}
    answers = [of_several(item, *many_labels.labels_of(item)) for item in range(40)]
    facts: list[EventData] = [project(**settings), queried("0", range(40)), annotated(*answers)]
    return home_with(path, *facts, first_model(home, state_of(*facts)))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose model is linear."""
    return home_of(tmp_path_factory.mktemp("push") / "home", "linear")


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Path:
    """A copy of the home, to be damaged."""
    return Path(shutil.copytree(home, tmp_path / "own"))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command has a learner of its own, which is killed with it."""
    monkeypatch.delenv(SHARED)


def model_folder(home: Path) -> Path:
    """Where model 0 lies in the store."""
    (folder,) = (home / "store" / PROJECT / "models" / "0").iterdir()
    return folder


def left_files(folder: Path) -> set[str]:
    """The names of what is in a folder."""
    return {path.name for path in folder.iterdir()}


def needs_onnx() -> None:
    """Skip the running test where the extra onnx is not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        missing(f"needs the extra onnx ({error.name})")


def verify_copy(folder: Path, sha256: str) -> None:
    """The model's own files are those of the manifest. The others are removed."""
    for name in ADDED:
        (folder / name).unlink(missing_ok=True)
    verify(folder, sha256)

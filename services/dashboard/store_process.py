"""Read of the store what is asked, a line of JSON each: `python -P -m services.dashboard.store_process`.

What reads pools and predictions takes as much memory as all else of the dashboard, so it ends after a while.
"""

import json
import sys
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from labelloop.errors import TaskError, Unavailable, UserError, one_line
from labelloop.loop.pools import Pool
from labelloop.projects.predictions.reliability import calibration_error, reliability
from labelloop.store import SnapshotLost, Store, open_store, what_if_uri
from labelloop.store.artifacts import MANIFEST, ModelDamaged, ModelMissing, file_digest, verify
from schemas.events import ModelTrained
from schemas.parts import Snapshot

if TYPE_CHECKING:
    from labelloop.store.predictions import Sayings, StoredPredictions

Wanted = Mapping[str, Any]
DIGITS = 6
FOLDER = "folder"
LONGEST_WHAT_IF = 500_000


def main() -> None:
    """Answer each line with one, until there are no more. After a folder, which is no line, it ends."""
    for line in sys.stdin:
        wanted = json.loads(line)
        try:
            store = open_store(wanted["store"])
            if wanted["task"] == FOLDER:
                folder(store, wanted)
                break
            answer = {"found": TASKS[wanted["task"]](store, wanted)}
        except (TaskError, Unavailable, UserError, ModelMissing, ModelDamaged, OSError) as error:
            if wanted["task"] == FOLDER:
                sys.exit(one_line(error))
            answer = {"problem": one_line(error)}
        print(json.dumps(answer), flush=True)


def texts(store: Store, wanted: Wanted) -> list[str]:
    """The texts of the wanted items."""
    pool = Pool(tuple(Snapshot(**snapshot) for snapshot in wanted["snapshots"]))
    return store.open_pool(pool).texts(wanted["items"])


def read(store: Store, wanted: Wanted) -> list[Any]:
    """What is in files with predictions, or what changed between two. None: a file is gone or damaged."""
    return [
        _said(store, *each["files"]) if len(each["files"]) == 1 else _compared(store, each)
        for each in wanted["wanted"]
    ]


def folders(store: Store, wanted: Wanted) -> list[int | None]:
    """The bytes of each model's folder. None: it is gone."""
    return [_size(store, _trained(model)) for model in wanted["models"]]


def folder(store: Store, wanted: Wanted) -> None:
    """Write a model's folder as tar. Only files that its manifest names are in it, once all are checked."""
    trained = _trained(wanted["model"])
    parts = (wanted["project"], "models", trained.model, trained.sha256)
    # The log may come from elsewhere.
    if PurePosixPath(trained.artifact).parts != parts or ".." in parts:
        raise UserError(f"{trained.artifact} is no place of this model")
    place = store.model(trained)
    verify(place, trained.sha256)
    name = Path(wanted["called"])
    files = [MANIFEST, *json.loads((place / MANIFEST).read_bytes())["files"]]
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", dereference=False) as tar:
        for each in files:
            tar.add(place / each, str(name / each), recursive=False, filter=_plain)


def what_if(store: Store, wanted: Wanted) -> dict[str, Any]:
    """What `labelloop what-if` left of a project, by strategy: nothing, if it is damaged or too long."""
    try:
        left = store.noted(what_if_uri(wanted["project"])) or "{}"
        if len(left) > LONGEST_WHAT_IF:
            return {}
        return {
            _encodable(strategy): {
                "classifier": _encodable(played["classifier"]),
                "runs": int(played["runs"]),
                "points": [
                    {name: _finite(point[name]) for name in ("labels", "accuracy", "low", "high")}
                    for point in played["points"]
                ],
            }
            for strategy, played in json.loads(left).items()
        }
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return {}


TASKS: Mapping[str, Callable[[Store, Wanted], Any]] = {
    task.__name__: task for task in (texts, read, folders, what_if)
}


def _encodable(value: Any) -> str:
    """A text that a page can hold. Raises ValueError for one with half a surrogate pair."""
    text = str(value)
    text.encode()
    return text


def _finite(value: Any) -> float:
    """A number that can be drawn. Raises ValueError or TypeError."""
    if not isfinite(float(value)):
        raise ValueError(f"{value} is no number")
    return float(value)


def _trained(model: Mapping[str, Any]) -> ModelTrained:
    """The event, as far as a store needs it."""
    rest: dict[str, Any] = {
        "learned": {},
        "digest": "",
        "labels": 0,
        "seconds": 0,
        "device": "",
        "threads": 0,
    }
    return ModelTrained(**model, **rest, seed=0)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """A file without its owner. What is no plain file is left out."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member if member.isreg() else None


def _size(store: Store, trained: ModelTrained) -> int | None:
    if not store.has_model(trained):
        return None
    place = store.find_model(trained)
    if place is None:
        return None
    return sum(file.lstat().st_size for file in place.iterdir())


def _opened(store: Store, file: Mapping[str, Any]) -> "StoredPredictions | None":
    from labelloop.store import predictions

    snapshot = Snapshot(**file)
    try:
        path = store.snapshot(snapshot)
        return predictions.read(path) if file_digest(path) == snapshot.digest else None
    except (SnapshotLost, OSError, ValueError, LookupError, TypeError):
        return None


def _said(store: Store, file: Mapping[str, Any]) -> Any:
    from labelloop.projects.predictions.recorded import on_test_set

    predictions = _opened(store, file)
    if predictions is None:
        return None
    sets: dict[tuple[str, ...], int] = {}
    test, pool = _part(predictions.test, sets), _part(predictions.pool, sets)
    bins = reliability(on_test_set(predictions))
    return {
        "model": predictions.model,
        "labels": list(predictions.labels),
        "several": predictions.several,
        "sets": [list(labels) for labels in sets],
        "test": test,
        "pool": pool,
        "bins": [asdict(each) for each in bins],
        "error": calibration_error(bins),
    }


def _compared(store: Store, wanted: Wanted) -> Any:
    from labelloop.projects.predictions.comparing import compare

    before, after = (_opened(store, file) for file in wanted["files"])
    if before is None or after is None:
        return None
    comparison = compare(before, after, wanted["same_test_set"])
    test = (
        None
        if comparison.test is None
        else {**asdict(comparison.test), "difference": comparison.test.difference}
    )
    return {**asdict(comparison), "test": test, "moves": [asdict(move) for move in comparison.moves]}


def _part(sayings: "Sayings", sets: dict[tuple[str, ...], int]) -> dict[str, Any]:
    """A part's texts, each with the numbers of its sets of labels."""

    def numbers(marked: Any) -> Sequence[int]:
        return [sets.setdefault(sayings.names(row), len(sets)) for row in marked.tolist()]

    return {
        "items": sayings.items.tolist(),
        "predicted": numbers(sayings.predicted),
        "probabilities": [round(value, DIGITS) for value in sayings.highest.tolist()],
        "gold": None if sayings.gold is None else numbers(sayings.gold),
    }


if __name__ == "__main__":
    main()

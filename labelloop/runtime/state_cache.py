"""A cache of folded histories on this machine: deleting it changes nothing."""

import gc
import hashlib
import json
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import msgspec

import labelloop.loop
import schemas
from labelloop import atomic
from labelloop.log.base import Record
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.state import ProjectState
from schemas.fields import frozen
from schemas.model import Model, fields, plain, unsaid

logger = logging.getLogger(__name__)
SAVE_AFTER = 2000
SAVE_SHARE = 20


class ForeignCheckpoint(Exception):
    """What was saved is not of this log: it was removed, and the partition is to be folded again."""


@dataclass(frozen=True)
class Checkpoint:
    """The last event that was folded of a partition."""

    partition: int
    offset: int
    event: str
    datahash: str

    @classmethod
    def of(cls, record: Record) -> "Checkpoint | None":
        if record.event is None:
            return None
        return cls(record.partition, record.offset, record.event.id, record.event.datahash)


@dataclass(frozen=True)
class SavedPartition:
    """The histories of a partition up to and with the checkpoint."""

    checkpoint: Checkpoint
    histories: Sequence[History]


class StateCache:
    """What was folded of one log, a file a partition, for all services of this machine."""

    def __init__(self, root: Path, log: str) -> None:
        self.folder = root / "folds" / hashlib.sha256(log.encode()).hexdigest()[:16]

    def load(self, partition: int, log_identity: str | None = None) -> SavedPartition | None:
        """What is there and whole, and was folded by this version; `log_identity` is the log's."""
        path = self._path(partition)
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            header = json.loads(head)
            if header["version"] != version():
                return None
            if header["sha256"] != hashlib.sha256(body).hexdigest():
                raise UnusableCache("its digest is another")
            return SavedPartition(Checkpoint(**header["mark"]), load(body, log_identity))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("the saved fold %s is not used: %s", path, error)
            self.remove(partition)
            return None

    def save(self, checkpoint: Checkpoint, histories: Iterable[History]) -> None:
        """Keep it, unless as much is there. What cannot be written is not kept."""
        path = self._path(checkpoint.partition)
        try:
            if self._saved_offset(path) >= checkpoint.offset:
                return
            body = dump(histories)
            head = {
                "version": version(),
                "mark": asdict(checkpoint),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            content = json.dumps(head).encode() + b"\n" + body
            atomic.write(path, content, mode=atomic.THIS_USER, durable=False)
        except OSError as error:
            logger.warning("the fold is not saved in %s: %s", path.parent, error.strerror or error)

    def remove(self, partition: int) -> None:
        with suppress(OSError):
            self._path(partition).unlink()

    def clear(self) -> None:
        """Remove everything that was kept of this log."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, partition: int) -> Path:
        return self.folder / f"{partition}.json"

    def _saved_offset(self, path: Path) -> int:
        try:
            with path.open("rb") as file:
                header = json.loads(file.readline())
            return int(header["mark"]["offset"]) if header["version"] == version() else -1
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return -1


def is_worth_saving(new: int, in_all: int) -> bool:
    """Whether so many events more than saved are a share that a start would notice."""
    return new >= max(SAVE_AFTER, in_all // SAVE_SHARE)


class UnusableCache(ValueError):
    """Bytes that hold no histories, or not what was folded by this version."""


@dataclass(frozen=True)
class SavedHistory:
    """A history that goes on: what it dropped is counted."""

    project: str
    state: ProjectState
    datahashes: dict[str, str]
    skips: dict[str, dict[str, str]]
    duplicates: int
    conflicts: int
    skipped: int
    digest: str


def _model(kind: type[Model], values: dict[str, Any]) -> Model:
    """The Model of fields as `plain` gave them, at every depth: what was kept was valid."""
    converted = msgspec.convert(values, _fields(kind), dec_hook=_model)
    return kind.model_construct(
        **{name: frozen(value) if isinstance(value, dict) else value for name, value in converted.items()}
    )


@cache
def _fields(kind: type[Model]) -> Any:
    hints = {
        name: NotRequired[field.annotation] if name in unsaid(kind) else field.annotation
        for name, field in fields(kind).items()
    }
    return TypedDict(kind.__name__, hints)  # type: ignore[operator]


_encoder = msgspec.msgpack.Encoder(enc_hook=plain)

_decoder = msgspec.msgpack.Decoder(tuple[SavedHistory, ...], dec_hook=_model)


def dump(histories: Iterable[History]) -> bytes:
    """The histories; none may be halted, or hold events that are void."""
    return _encoder.encode([_saved(history) for history in histories])


def load(content: bytes, log_identity: str | None = None) -> list[History]:
    """What `dump` was given, of the log of that identity. Raises UnusableCache."""
    try:
        with _no_collection():
            return [_history(saved, log_identity) for saved in _decoder.decode(content)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableCache(f"it holds no histories: {error}") from error


@cache
def version() -> str:
    """Of the code that folds: another one may fold otherwise."""
    folders = [Path(folder) for package in (schemas, labelloop.loop) for folder in package.__path__]
    sources = [Path(__file__), *(path for folder in folders for path in folder.glob("*.py"))]
    content = hashlib.sha256()
    for path in sorted(sources):
        content.update(path.read_bytes())
    return content.hexdigest()


def _saved(history: History) -> SavedHistory:
    assert history.halt is None
    assert not history.held
    return SavedHistory(
        history.project,
        history.state,
        history.datahashes,
        history.skips,
        history.duplicates,
        history.conflicts,
        history.skipped,
        loop_digest(history.state),
    )


def _history(saved: SavedHistory, log_identity: str | None) -> History:
    if loop_digest(saved.state) != saved.digest:
        raise UnusableCache(f"the digest of {saved.project} is another")
    history = History(saved.project, log_identity, datahashes=saved.datahashes, skips=saved.skips)
    history.state = saved.state
    history.duplicates, history.conflicts, history.skipped = saved.duplicates, saved.conflicts, saved.skipped
    return history


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing made here is garbage: looking for it, now or later, would double the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()

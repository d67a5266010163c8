"""Folded histories as bytes, and back: what a cache of the fold holds. Pure."""

import gc
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

import schemas
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.state import LoopState


class Unusable(ValueError):
    """Bytes that hold no histories, or not what was folded by this version."""


@dataclass(frozen=True)
class Kept:
    """A history that goes on: what it dropped is counted."""

    project: str
    state: LoopState
    seen: dict[str, str]
    skips: dict[str, dict[str, str]]
    duplicates: int
    conflicts: int
    skipped: int
    digest: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Kept, ...])


def dump(histories: Iterable[History]) -> bytes:
    """The histories; none may be halted, or hold events that are void."""
    return _encoder.encode([_kept(history) for history in histories])


def load(content: bytes, here: str | None = None) -> list[History]:
    """What `dump` was given, of the log `here`. Raises Unusable."""
    try:
        with _no_collection():
            return [_history(kept, here) for kept in _decoder.decode(content)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable(f"it holds no histories: {error}") from error


@cache
def version() -> str:
    """Of the code that folds: another one may fold otherwise."""
    sources = [*Path(schemas.__file__).parent.glob("*.py"), *Path(__file__).parent.glob("*.py")]
    content = hashlib.sha256()
    for path in sorted(sources):
        content.update(path.read_bytes())
    return content.hexdigest()


def _kept(history: History) -> Kept:
    assert history.halt is None
    assert not history.held
    return Kept(
        history.project,
        history.state,
        history.seen,
        history.skips,
        history.duplicates,
        history.conflicts,
        history.skipped,
        loop_digest(history.state),
    )


def _history(kept: Kept, here: str | None) -> History:
    if loop_digest(kept.state) != kept.digest:
        raise Unusable(f"the digest of {kept.project} is another")
    history = History(kept.project, here, seen=kept.seen, skips=kept.skips)
    history.state = kept.state
    history.duplicates, history.conflicts, history.skipped = kept.duplicates, kept.conflicts, kept.skipped
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

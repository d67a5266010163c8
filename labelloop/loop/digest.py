"""Digests of decisions: equal if two runs picked, labelled and learned the same."""

import hashlib
import json
from collections.abc import Iterable

from labelloop.loop.label_lists import LabelList, label_list
from labelloop.loop.labels import Learned, at_revisions, current
from labelloop.loop.names import Run, batches, compact, expanded, in_common, number_of, numbered, runs
from labelloop.loop.state import Batch, Labels, LoopState, NotCreated, ProjectState


def loop_digest(state: ProjectState) -> str:
    """The sha256 over picks, current labels and the schedule, without times, devices, URIs or revisions."""
    if isinstance(state, NotCreated):
        return _sha256(_json([[], [], []]))
    labels = current(state)
    # Each is written at once: if all their lists were kept, the garbage collector would look at the whole
    # state, again and again.
    batches = (_json(_picked(state.batches[name], labels)) for name in sorted(state.batches, key=_order))
    models = (
        _json([name, sorted(compact(dict.fromkeys(state.models[name].first.learned, 0)))])
        for name in sorted(numbered(state.models), key=_order)
    )
    return _sha256(_array((_array(batches), _array(models), _json(sorted(state.skipped)))))


def learned_digest(state: LoopState, learned: Learned, counted: LabelList | None = None) -> str:
    """The sha256 over the picks and labels of batches at the given revisions; see `at_revisions`."""
    labels = at_revisions(state, learned, counted)
    return _sha256(
        _array(_json(_learned(state.batches[name], labels)) for name in sorted(learned, key=_order))
    )


class LearnedDigests:
    """`learned_digest` of successive models, with the number of labels.

    Its cost depends only on what a model learned beyond the previous one.
    """

    def __init__(self) -> None:
        self._begin(frozenset())

    def _begin(self, retired: frozenset[str]) -> None:
        self._retired = retired
        self._runs: list[Run] = []
        self._sums = [(hashlib.sha256(b"["), 0)]
        self._items: dict[int, str] = {}
        self._overlap = False

    def of(self, state: LoopState, learned: Learned, counted: LabelList | None = None) -> tuple[str, int]:
        """The digest and the number of labels. `learned` may be in compact form."""
        counted = counted or label_list(state)
        if counted.retired != self._retired:
            self._begin(counted.retired)
        learned_runs = runs(learned)
        same = in_common(self._runs, learned_runs)
        del self._sums[same + 1 :]
        for name, revision in batches(learned_runs, same):
            self._extend(state, name, revision, counted)
        self._runs = learned_runs
        if self._overlap:
            # A text that two batches asked for has its label from either.
            learned = expanded(learned)
            return learned_digest(state, learned, counted), len(at_revisions(state, learned, counted))
        content, labels = self._sums[-1]
        content = content.copy()
        content.update(b"]")
        return content.hexdigest(), labels

    def _extend(self, state: LoopState, name: str, revision: int, counted: LabelList) -> None:
        batch, labels = state.batches[name], at_revisions(state, {name: revision}, counted)
        for item in batch.items:
            self._overlap |= self._items.setdefault(item, name) != name
        content, count = self._sums[-1]
        content = content.copy()
        content.update(b", " if len(self._sums) > 1 else b"")
        content.update(_json(_learned(batch, labels)))
        self._sums.append((content, count + len(labels)))


def _picked(batch: Batch, labels: Labels) -> list[object]:
    picks = [[pick.item, pick.rank, pick.reason, labels.get(pick.item)] for pick in batch.queried.items]
    return [batch.name, batch.queried.model, batch.done, picks]


def _learned(batch: Batch, labels: Labels) -> list[object]:
    return [batch.name, [[pick.item, labels.get(pick.item)] for pick in batch.queried.items]]


def _order(name: str) -> tuple[int, int, str]:
    number = number_of(name)
    return (1, 0, name) if number is None else (0, number, "")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _array(parts: Iterable[bytes]) -> bytes:
    """The JSON of a list from that of its parts."""
    return b"[%b]" % b", ".join(parts)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()

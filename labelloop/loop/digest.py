"""Digests of what was decided: equal when two runs picked, labelled and learned the same."""

import hashlib
import json

from labelloop.loop.labels import Learned, at_revisions, current
from labelloop.loop.state import LoopState


def loop_digest(state: LoopState) -> str:
    """The sha256 over picks, current labels and the schedule; never times, devices, URIs or revisions."""
    labels = current(state)
    batches = [
        [
            name,
            batch.queried.model,
            batch.done,
            [[pick.item, pick.rank, pick.reason, labels.get(pick.item)] for pick in batch.queried.items],
        ]
        for name, batch in sorted(state.batches.items(), key=lambda named: _order(named[0]))
    ]
    models = [
        [name, sorted(trained.first.learned)]
        for name, trained in sorted(state.models.items(), key=lambda named: _order(named[0]))
        if name.isdigit()
    ]
    return _sha256([batches, models, sorted(state.skipped)])


def learned_digest(state: LoopState, learned: Learned) -> str:
    """The sha256 over the picks and labels of batches at revisions."""
    labels = at_revisions(state, learned)
    return _sha256(
        [
            [name, [[pick.item, labels.get(pick.item)] for pick in state.batches[name].queried.items]]
            for name in sorted(learned, key=_order)
        ]
    )


def _order(name: str) -> tuple[int, int, str]:
    return (0, int(name), "") if name.isdigit() else (1, 0, name)


def _sha256(content: object) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()

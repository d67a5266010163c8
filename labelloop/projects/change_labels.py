"""Change the labels of a project while people label: add, rename and retire them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.label_lists import LabelList, label_list, label_lists
from labelloop.loop.labels import current
from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import LoopState
from labelloop.pool.label_cells import Gold, label_name, quoted
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.catalog import sound
from labelloop.projects.checks import check_label_list, check_stopping
from labelloop.projects.labelled_texts import check_counting
from labelloop.projects.operator_requests import ask, check_not_ended, new_request, who
from labelloop.projects.relabel import under_way
from labelloop.projects.replay import read_again
from labelloop.store import Store
from schemas.events import LabelsChanged, OperatorEvent, RelabelRequested
from schemas.model import replaced
from schemas.parts import Snapshot


@dataclass(frozen=True)
class ChangedLabels:
    """The labels after a change, how many texts have no label any more, and how many are asked again."""

    labels: LabelList
    unlabelled: int = 0
    asked_again: int = 0


async def add(log: Log, history: History, names: Sequence[str], why: str = "") -> ChangedLabels:
    """Add labels behind the others. Raises UserError."""
    state = _going_on(history)
    before, new = label_list(state), _label_names(names)
    _check_unused(state, new)
    return _changed(await _change(log, history, (*before.shown, *new), before.retired, why))


async def rename(log: Log, history: History, old: str, new: str, why: str = "") -> ChangedLabels:
    """Call a label otherwise; its texts keep it. Raises UserError."""
    state = _going_on(history)
    before = label_list(state)
    (place,), (name,) = _places(before, [old]), _label_names([new])
    if name == before.shown[place]:
        raise UserError(f"the label is called {name!r} already: give another name")
    _check_unused(state, [name], but=place)
    shown = tuple(name if number == place else each for number, each in enumerate(before.shown))
    return _changed(await _change(log, history, shown, before.retired, why))


async def retire(
    log: Log,
    history: History,
    names: Sequence[str],
    asks_again: bool = False,
    why: str = "",
    store: Store | None = None,
) -> ChangedLabels:
    """Take labels out: texts that have only those count as unlabelled. Raises UserError.

    `asks_again`: people are asked for these texts once more. `store`: where the test set is, some text of
    which has to count afterwards.
    """
    state = _going_on(history)
    before = label_list(state)
    retired = before.retired | {before.names[place] for place in _places(before, names)}
    if len(before.names) - len(retired) < 2:
        raise UserError(
            f"{quoted(names)} cannot be retired: a classifier needs two labels or more, so add others first"
        )
    test = for_next(state).test
    if store is not None and test is not None:
        tested = await asyncio.to_thread(_gold, store, test)
        check_counting(tested, replace(before, retired=retired))
    labels = current(state)
    items = [
        item for item, names_of_text in labels.items() if names_of_text and retired.issuperset(names_of_text)
    ]
    asked_now = under_way(state)
    again = tuple(item for item in items if item not in asked_now) if asks_again else ()
    # In one append: a kill between two would take the label from its texts, and ask for none of them.
    requests = [RelabelRequested(request=new_request(), who=who(), why=why, items=again)] if again else []
    after = await _change(log, history, before.shown, retired, why, *requests)
    return _changed(after, len(items), len(items) if asks_again else 0)


async def _change(
    log: Log,
    history: History,
    shown: tuple[str, ...],
    retired: frozenset[str],
    why: str,
    *requests: OperatorEvent,
) -> History:
    """The project after the change, and after requests that come with it or not at all."""
    state = sound(history)
    before = label_list(state)
    names = (*before.names, *shown[len(before.names) :])
    choices = tuple(label for name, label in zip(names, shown, strict=True) if name not in retired)
    check_label_list(choices, state.project.task)
    check_stopping(replaced(for_next(state), labels=names))
    data = LabelsChanged(
        request=new_request(),
        who=who(),
        why=why,
        number=before.number + 1,
        names=shown,
        retired=tuple(place for place, name in enumerate(names) if name in retired),
    )
    await ask(log, history, data, *requests)
    after = await read_again(log, history)
    if sound(after).label_changes[before.number].request != data.request:
        raise UserError(
            f"somebody else changed the labels of {history.project} just now: look with `labelloop labels "
            "list`, and try again"
        )
    return after


def _gold(store: Store, snapshot: Snapshot) -> Sequence[Gold | None]:
    texts = OpenSnapshot.open(store.snapshot(snapshot))
    return texts.gold(range(len(texts))) or ()


def _changed(history: History, unlabelled: int = 0, asked_again: int = 0) -> ChangedLabels:
    return ChangedLabels(label_list(sound(history)), unlabelled, asked_again)


def _going_on(history: History) -> LoopState:
    check_not_ended(history, "change")
    return sound(history)


def _label_names(names: Sequence[str]) -> list[str]:
    stripped = [label_name(name) for name in names]
    if not all(stripped):
        raise UserError("a label is empty: give each a name")
    if len(set(stripped)) < len(stripped):
        raise UserError(f"a label is named twice: {quoted(stripped)}")
    return stripped


def _places(labels: LabelList, names: Sequence[str]) -> list[int]:
    """Where these labels stand, as they are called now."""
    place_of = {shown: place for place, shown in enumerate(labels.shown)}
    places = []
    for name in _label_names(names):
        if name not in place_of or labels.names[place_of[name]] in labels.retired:
            raise UserError(f"there is no label {name!r}: choose from {quoted(labels.choices.values())}")
        places.append(place_of[name])
    return places


def _check_unused(state: LoopState, names: Sequence[str], but: int | None = None) -> None:
    """Raises UserError if another label has the name, or had it: answers would be taken for one another."""
    for labels in label_lists(state):
        for place, name in enumerate(labels.shown):
            if name in names and place != but:
                now = label_list(state)
                verb = "has" if name in now.choices.values() else "had"
                raise UserError(f"a label {verb} the name {name!r}: choose another name")

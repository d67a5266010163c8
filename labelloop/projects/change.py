"""Change a project's settings from a batch on, or fork a project with other settings."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace as replace_state
from pathlib import Path
from typing import Any, NamedTuple

from labelloop.errors import UserError, counted
from labelloop.log.base import Log
from labelloop.loop.gold_texts import gold_at, gold_snapshots
from labelloop.loop.history import History
from labelloop.loop.pools import pool_of
from labelloop.loop.schedule import MOST_AHEAD, expected_model, newest_model, open_batches
from labelloop.loop.settings_in_force import (
    AT_ONCE,
    NOTHING,
    OF_PEOPLE,
    at_batch,
    lookahead_at,
    min_submitted_at,
    overlap_at,
)
from labelloop.loop.state import Change, LoopState
from labelloop.projects.catalog import SOURCE, named, sound
from labelloop.projects.checks import check_choices, check_model, check_stopping, check_task, try_change
from labelloop.projects.create import new_id
from labelloop.projects.given_batches import changed_as_written, copied, opening
from labelloop.projects.gold import check_gold_share, gold_note, gold_share
from labelloop.projects.labelled_texts import new_texts
from labelloop.projects.machines import at_change, at_fork
from labelloop.projects.operator_requests import ask, new_request, who
from labelloop.projects.options import ProjectOptions, flag
from labelloop.projects.options_as_fields import given_fields
from labelloop.projects.own_annotators import (
    check_annotators,
    check_may_answer,
    check_overlap,
    other_annotators,
    other_overlap,
    overlap_note,
    people_after,
)
from labelloop.store import Store
from schemas.events import ProjectChanged, ProjectCreated
from schemas.model import replaced
from schemas.parts import BaseModelChoice, Choice, SettingsV4

LOOKAHEAD = {"lookahead", "lookahead_grows"}
OTHER = "give another setting, for example --strategy prediction-entropy"


class Changed(NamedTuple):
    """A change: the first batch for which it holds, except for the settings that hold now; and notes."""

    first: int
    now: tuple[str, ...]
    later: bool
    notes: tuple[str, ...]

    def lines(self, project: str) -> Iterator[str]:
        """From when on it holds."""
        if self.later:
            yield f"{project} changes from batch {self.first} on"
        if self.now:
            options = " and ".join(map(flag, self.now))
            yield f"{options} of {project} hold{'s' * (len(self.now) == 1)} from now on"


async def change(
    log: Log,
    history: History,
    from_batch: int | None,
    options: ProjectOptions,
    why: str = "",
    store: Store | None = None,
) -> Changed:
    """Apply the given options from a batch on, by default the next one.

    With a `store`, another classifier or model is tried first; a test set needs it. Raises UserError if the
    batch was already picked, for invalid settings, and if no model can be trained.
    """
    state = sound(history)
    if state.ended:
        raise UserError(f"{history.project} has ended: continue from its labels with `labelloop fork`")
    first = state.numbered if from_batch is None else from_batch
    if first < state.numbered:
        raise UserError(
            f"batch {first} of {history.project} was already picked: give {state.numbered} or a later one"
        )
    before = at_batch(state, first)
    asked_fields = _asked_fields(before, options, pool_of(state).size)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        further = await new_texts(options, state, before, history.project, store, Path(folder))
        least = asked_fields.get("min_submitted", before.min_submitted)
        size = asked_fields.get("batch_size", before.batch_size)
        asked_fields |= other_annotators(state, options, least)
        asked_fields |= further.fields | other_overlap(state, options, first)
        share = asked_fields.get("overlap", overlap_at(state, first))
        check_overlap(share, least, size, people_after(state, options))
        asked_fields |= _other_gold_share(state, options, first, size)
        suggester = at_change(options, state, first, new_request(), who(), why)
        if not asked_fields and not suggester:
            raise UserError(f"nothing changes: {OTHER}")
        if asked_fields.keys() - AT_ONCE:
            change = Change(first, _settings(asked_fields))
            _check_change(replace_state(state, changes=(*state.changes, change)), first)
        of_learner = {name: each for name, each in asked_fields.items() if name not in OF_PEOPLE}
        notes = await try_change(store, before, replaced(before, **of_learner)) if store else ()
        await further.keep(store)
    await ask(log, history, *suggester, *([_event(first, asked_fields, why)] if asked_fields else ()))
    notes += overlap_note(asked_fields.get("overlap"), size)
    if share := asked_fields.get("gold_share"):
        notes += (gold_note(share, size),)
    now = tuple(sorted(asked_fields.keys() & AT_ONCE)) if first == state.numbered else ()
    later = bool(suggester or asked_fields.keys() - {*now})
    return Changed(first, now, later, (*further.notes, *notes, *_kept_notes(state, asked_fields)))


def _other_gold_share(state: LoopState, options: ProjectOptions, first: int, size: int) -> dict[str, float]:
    """How many gold texts there are of a batch of this size, if that changes. Raises UserError."""
    gold, now = gold_at(state, first)
    share = gold_share(options, now)
    check_gold_share(share, size, gold is not None or options.gold is not None)
    return {} if share == now else {"gold_share": share}


def _kept_notes(state: LoopState, asked_fields: Mapping[str, Any]) -> Iterator[str]:
    """What stays for batches that were picked, which people may take otherwise."""
    stays = {batch.name: min_submitted_at(state, batch.number) for batch in open_batches(state)}
    if "min_submitted" in asked_fields and any(
        number != asked_fields["min_submitted"] for number in stays.values()
    ):
        numbers_kept = ", ".join(f"{name} ({number})" for name, number in stays.items())
        yield f"open batches keep their number of annotators for each text: {numbers_kept}"


def _event(first: int, asked_fields: Mapping[str, Any], why: str) -> ProjectChanged:
    by: dict[str, Any] = {"request": new_request(), "who": who(), "why": why, "from_batch": first}
    return changed_as_written(_settings(asked_fields), **by)


def _settings(asked_fields: Mapping[str, Any]) -> SettingsV4:
    without = {"stopping": Choice(name=NOTHING)} if asked_fields.get("stopping", NOTHING) is None else {}
    return SettingsV4(**{**asked_fields, **without})


async def fork(
    log: Log,
    histories: dict[str, History],
    history: History,
    name: str,
    last_batch: int | None,
    options: ProjectOptions,
    store: Store | None = None,
) -> tuple[str, int, tuple[str, ...]]:
    """Create a project from the labels of another one, up to a batch, by default the newest finished one.

    Settings that are not given are taken from the other project. Returns the new project's id, the number
    of batches it starts with, and notes. With a `store`, another classifier or model is tried first. Raises
    UserError.
    """
    state = sound(history)
    if named(histories, name) is not None:
        raise UserError(f"there is already a project {name!r}: give another name with --as")
    batches = _batches(state, last_batch)
    project = replaced(at_batch(state, batches), name=name, forked_from=history.project)
    pool = pool_of(state)
    created, new_project = with_options(project, options, pool.size), new_id(name)
    created = replaced(created, labels=state.project.labels)
    if created.max_batches is not None and created.max_batches <= batches:
        raise UserError(
            f"{name} would start with {counted(batches, 'batch')} and end there: "
            f"give --batches {batches + 1} or more"
        )
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        further = await new_texts(options, state, project, new_project, store, Path(folder))
        gold = further.fields.get("gold", gold_at(state, batches).snapshot)
        created = replaced(created, **{name: each for name, each in further.fields.items() if name == "test"})
        notes = await try_change(store, project, created) if store else ()
        await further.keep(store)
    people = people_after(state, options)
    overlap = overlap_at(state, batches) if options.overlap is None else options.overlap
    words = {name: standing.word for name, standing in state.standings.items() if standing.is_barred}
    if people is not None:
        check_annotators(people, created.min_submitted)
    check_may_answer(options.annotators or (), state.standings)
    check_overlap(overlap, created.min_submitted, created.batch_size, people)
    share = gold_share(options, gold_at(state, batches).share)
    check_gold_share(share, created.batch_size, gold is not None)
    copied_batches = copied(state, batches)
    first = opening(
        new_project,
        created,
        copied_batches,
        SOURCE,
        settings=SettingsV4(
            annotators=people, overlap=overlap or None, gold=gold, gold_share=share if gold else None
        ),
        grown=pool.snapshots[1:],
        label_changes=state.label_changes,
        suggester=at_fork(options, state, batches, SOURCE),
        standings=words,
        gold_before=[each for each in dict.fromkeys(gold_snapshots(state)) if each != gold],
    )
    await log.append(*first)
    return new_project, batches, (*further.notes, *notes)


def _batches(state: LoopState, last: int | None) -> int:
    """How many batches are taken over. Raises UserError unless all of them are done."""
    if not state.annotated:
        raise UserError(
            f"no batch of {state.project_id} is done yet, so there are no labels to start from: "
            "create a project with `labelloop init`"
        )
    if last is None:
        return state.annotated
    if last >= state.annotated:
        raise UserError(
            f"batch {last} of {state.project_id} is not done: give --batch {state.annotated - 1} or less"
        )
    return last + 1


def _check_change(after: LoopState, first: int) -> None:
    """Raises UserError if a later batch could not be picked, or would never come."""
    project = at_batch(after, first)
    if project.max_batches is not None and first >= project.max_batches:
        raise UserError(
            f"there is no batch {first}: {after.project_id} has {counted(project.max_batches, 'batch')} "
            "in all: give a larger --batches"
        )
    ahead = 1 + (MOST_AHEAD if project.lookahead_grows else project.lookahead)
    places = {change.from_batch + more for change in after.changes for more in range(ahead + 1)}
    for batch in sorted(place for place in places if place >= first):
        for model in _may_pick(after, batch):
            _check_pick(after, batch, model, first + ahead)


def _may_pick(state: LoopState, batch: int) -> range:
    """The models one of which picks a batch; where the lookahead grows, all from the newest there is."""
    expected = expected_model(state, batch)
    if expected < 0:
        return range(0)
    if not lookahead_at(state, batch).grows:
        return range(expected, expected + 1)
    return range(max(0, newest_model(state), batch - 1 - MOST_AHEAD), batch)


def _check_pick(after: LoopState, batch: int, model: int, later: int) -> None:
    classifier, strategy = at_batch(after, model).classifier, at_batch(after, batch).strategy
    try:
        check_choices(classifier, strategy, after.project.task)
    except UserError as error:
        raise UserError(
            f"batch {batch} is picked by model {model}, whose classifier is {classifier.name}: {error}; "
            f"change the --strategy for the new classifier separately, with --from-batch {later} or later"
        ) from error


def with_options(project: ProjectCreated, options: ProjectOptions, texts: int) -> ProjectCreated:
    """The project, whose pool has so many texts, with the given options applied.

    Raises UserError for invalid settings.
    """
    return replaced(project, **_asked_fields(project, options, texts))


def _asked_fields(project: ProjectCreated, options: ProjectOptions, texts: int) -> dict[str, Any]:
    """The fields that the given options change. Raises UserError for invalid settings."""
    asked_fields = given_fields(project, options)
    if model := asked_fields.get("model"):
        asked_fields["model"] = BaseModelChoice(
            name=check_model(model.name, model.revision), revision=model.revision
        )
    after = replaced(project, **asked_fields)
    if "classifier" in asked_fields or "strategy" in asked_fields:
        check_choices(after.classifier, after.strategy, after.task)
    check_task(after)
    if after.stopping is None and "stopping" in asked_fields:
        asked_fields["stop_when_advised"] = False
    elif after.stopping is None and asked_fields.get("stop_when_advised"):
        raise UserError(f"{project.name} has no stopping criterion: name one with --stopping")
    elif "stopping" in asked_fields:
        check_stopping(after)
    if "batch_size" in asked_fields and after.batch_size > texts:
        raise UserError(
            f"a batch of {after.batch_size} is larger than the pool of {counted(texts, 'text')}: give less"
        )
    ahead = (after.lookahead + 1) * after.batch_size
    if "lookahead" in asked_fields and after.lookahead and ahead > texts:
        raise UserError(
            f"a lookahead of {after.lookahead} asks for {ahead:,} texts, "
            f"and the pool has {texts:,}: give less"
        )
    differing = {name: value for name, value in asked_fields.items() if value != getattr(project, name)}
    if differing.keys() & LOOKAHEAD:
        differing |= {name: asked_fields[name] for name in LOOKAHEAD}
    return differing

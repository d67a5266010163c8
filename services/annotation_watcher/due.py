"""Which events the answers to a batch make due. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from labelloop.loop import agreement
from labelloop.loop.gold_texts import apart, is_gold
from labelloop.loop.label_lists import LabelList, label_list
from labelloop.loop.pace import RECORD_EVERY
from labelloop.loop.settings_in_force import answers_wanted, at_batch, deciding
from labelloop.loop.state import Batch, LoopState
from labelloop.loop.suggestions import by_people, machine_votes
from labelloop.loop.verdict import verdict, withdrawn
from labelloop.oracle.lost_votes import Accounts, SeenRecord, merged
from labelloop.runtime.controller import Outcome
from schemas.events import BatchAnnotated, ProjectCreated, ResponsesRecorded
from schemas.fields import UNSAID
from schemas.model import replaced
from schemas.parts import AnnotatedItem, ItemVotes, Vote

Labels = tuple[str, ...]


def due(
    state: LoopState,
    batch: Batch,
    seen_records: Mapping[int, SeenRecord],
    accounts: Accounts,
    now: datetime,
) -> Sequence[Outcome]:
    """The events that are due after a poll of the batch, as people have it before them."""
    votes, project = _votes_now(batch, seen_records, accounts), at_batch(state, batch.number)
    if batch.done:
        return _revision(state, batch, votes, seen_records, project)
    return _progress(state, project, batch, votes, seen_records, now)


def undecided(state: LoopState, batch: Batch, seen_records: Mapping[int, SeenRecord]) -> int:
    """How many texts of an open batch wait for answers: no fewer answers complete it."""
    wanted = answers_wanted(state, batch)
    answered = {
        item
        for item, record in seen_records.items()
        if deciding((*record.votes, *record.earlier)) >= wanted[item]
    }
    return len(batch.kept_items - answered)


def recorded_votes(batch: Batch) -> dict[int, ItemVotes]:
    """The recorded votes of people by pool item, for every text whose votes count."""
    recorded = {answer.item: by_people(answer) for answer in batch.answers}
    kept_items = batch.kept_items
    items = [picked.item for picked in batch.queried.items if picked.item in kept_items]
    return {item: recorded.get(item, ItemVotes(item=item)) for item in items}


def _votes_now(batch: Batch, seen_records: Mapping[int, SeenRecord], accounts: Accounts) -> list[ItemVotes]:
    recorded = recorded_votes(batch)
    return [merged(votes, seen_records.get(item), accounts) for item, votes in recorded.items()]


def _progress(
    state: LoopState,
    project: ProjectCreated,
    batch: Batch,
    votes: list[ItemVotes],
    seen_records: Mapping[int, SeenRecord],
    now: datetime,
) -> list[Outcome]:
    labels, machines = label_list(state), machine_votes(state, batch)
    wanted = batch.answers_wanted
    verdicts = [
        verdict(_counting(_with_machine(item, machines), labels), project, wanted.get(item.item, 0))
        for item in votes
    ]
    decided = [item for item in verdicts if item is not None and not is_gold(item.item)]
    closed_by, is_complete = batch.closed or state.ended, None not in verdicts
    is_done = bool(closed_by) or is_complete
    changed = _signature(votes) != _signature(recorded_votes(batch).values())
    outcomes: list[Outcome] = []
    rested = batch.responses_at is None or abs(now - batch.responses_at) >= RECORD_EVERY
    if changed and ((not is_done and rested) or (is_done and not is_complete)):
        number = batch.responses.number + 1 if batch.responses else 0
        answered, of_gold = apart([item for item in votes if item.votes])
        recorded = ResponsesRecorded(batch=batch.name, number=number, items=answered, gold=of_gold or UNSAID)
        outcomes.append(Outcome(recorded, batch.queried_id))
    if is_done:
        opened = min((record.inserted_at for record in seen_records.values()), default=None)
        _, gold = apart([item for item in votes if deciding(item.votes)])
        annotated = _annotated(batch, decided, gold, opened)
        outcomes.append(Outcome(annotated, closed_by or batch.queried_id))
    return outcomes


def _revision(
    state: LoopState,
    batch: Batch,
    votes: list[ItemVotes],
    seen_records: Mapping[int, SeenRecord],
    project: ProjectCreated,
) -> list[Outcome]:
    recorded = recorded_votes(batch)
    if all(_is_known(recorded[item.item], item, seen_records.get(item.item)) for item in votes):
        return []
    decided = {answer.item: answer for answer in batch.revisions[-1].items}
    first = {answer.item: answer for answer in batch.revisions[0].items}
    labels, machines = label_list(state), machine_votes(state, batch)
    wanted, (of_pool, gold) = batch.answers_wanted, apart(votes)
    items = [
        replaced(decided[item.item], record=item.record, votes=_with_machine(item, machines).votes)
        if _answers(item) == _answers(by_people(decided[item.item]))
        else _decided_again(
            _counting(_with_machine(item, machines), labels),
            first[item.item],
            project,
            wanted.get(item.item, 0),
        )
        for item in of_pool
    ]
    annotated = _annotated(batch, items, gold, batch.revisions[0].opened)
    return [Outcome(annotated, batch.revision_ids[-1])]


def _decided_again(now: ItemVotes, first: ItemVotes, project: ProjectCreated, wanted: int) -> AnnotatedItem:
    """The verdict on an imported text, which fewer annotators may have decided than the project requires."""
    enough = min(max(wanted, project.min_submitted), max(1, deciding(by_people(first).votes)))
    return verdict(now, replaced(project, min_submitted=enough)) or withdrawn(now)


def _annotated(
    batch: Batch, items: Sequence[AnnotatedItem], gold: tuple[ItemVotes, ...], opened: datetime | None
) -> BatchAnnotated:
    return BatchAnnotated(
        batch=batch.name,
        revision=len(batch.revisions),
        items=tuple(items),
        opened=opened,
        agreement=agreement.mean(items),
        gold=gold or UNSAID,
    )


def _is_known(recorded: ItemVotes, now: ItemVotes, seen_record: SeenRecord | None) -> bool:
    """Whether these answers are recorded, and would be missed if somebody took one back.

    Other ids alone need no recording where the record itself says whose votes were put back on it.
    """
    restored = (seen_record.restored if seen_record else None) or ()
    users = {vote.username: vote.user for vote in recorded.votes}
    return _answers(recorded) == _answers(now) and all(
        (now.record == recorded.record and vote.user == users[vote.username]) or vote.user in restored
        for vote in now.votes
    )


def _counting(votes: ItemVotes, labels: LabelList) -> ItemVotes:
    """The votes that are for no retired label."""
    return replaced(votes, votes=labels.counting_votes(votes.votes)) if labels.retired else votes


def _with_machine(votes: ItemVotes, machines: Mapping[int, Vote]) -> ItemVotes:
    """The votes of people, and that of a machine, if it has one."""
    vote = machines.get(votes.item)
    return votes if vote is None else replaced(votes, votes=(*votes.votes, vote))


def _answers(votes: ItemVotes) -> set[tuple[object, ...]]:
    """Who gave which answer."""
    return {(vote.username, vote.status, vote.labels) for vote in votes.votes}


def _signature(votes: Collection[ItemVotes]) -> set[tuple[object, ...]]:
    """What counts as a change: who gave which answer on which record, not when."""
    return {
        (item.item, item.record, vote.username, vote.user, vote.status, vote.labels)
        for item in votes
        for vote in item.votes
    }

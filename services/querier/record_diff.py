"""Compare a batch's records on the server with the log. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelloop.loop.label_lists import LabelList
from labelloop.loop.labels import of_answer
from labelloop.loop.state import Batch
from labelloop.loop.suggestions import by_people, shown_by_machines
from labelloop.oracle.base import AskedText, Prediction
from labelloop.oracle.lost_votes import SeenRecord, is_newer, lost_votes
from labelloop.pool.context import PoolText
from schemas.model import replaced
from schemas.parts import AnnotatedItem, ItemVotes, QueriedItem, Vote


@dataclass(frozen=True)
class MissingRecord:
    """A text whose record is missing, lacks recorded votes, or is outdated.

    `restored`: the accounts whose votes were put back on its record before.
    """

    item: int
    votes: tuple[Vote, ...]
    restored: tuple[str, ...] = ()


def lacks(
    batch: Batch, seen_records: Mapping[int, SeenRecord], accounts: Mapping[str, str], labels: LabelList
) -> list[MissingRecord]:
    """The texts to write, in the order of the batch. `accounts` are usernames by the accounts' ids.

    A text of a batch that is done, to which people gave only labels that are retired, is not asked again.
    """
    recorded = {answer.item: by_people(answer) for answer in batch.answers}
    kept_items, suggested = batch.kept_items, {} if batch.done else shown_by_machines(batch, labels)
    missing = []
    for picked in batch.queried.items:
        if picked.item not in kept_items:
            continue
        votes = recorded.get(picked.item, ItemVotes(item=picked.item))
        if _came_with_its_label(votes):
            continue
        counting = labels.counting_votes(votes.votes)
        if picked.item not in seen_records:
            if counting or not votes.votes or not batch.done:
                missing.append(MissingRecord(picked.item, counting))
            continue
        record, votes = seen_records[picked.item], replaced(votes, votes=counting)
        lost = (*lost_votes(votes, record, accounts), *_given_elsewhere(votes, record))
        if lost or record.outdated or _shows_another(record, suggested.get(picked.item)):
            missing.append(MissingRecord(picked.item, lost, tuple(record.restored or ())))
    return missing


def _shows_another(seen_record: SeenRecord, suggested: tuple[str, tuple[str, ...]] | None) -> bool:
    """Whether the record of an open batch does not show what a machine suggests by now."""
    return suggested is not None and seen_record.suggested_by not in (None, suggested[0])


def _given_elsewhere(recorded: ItemVotes, seen_record: SeenRecord) -> list[Vote]:
    """The recorded votes that are newer than those of the same people on the record."""
    there = {vote.username: vote for vote in seen_record.votes}
    return [
        vote
        for vote in recorded.votes
        if (other := there.get(vote.username)) is not None
        and (vote.status, vote.labels) != (other.status, other.labels)
        and is_newer(vote, other)
    ]


def _came_with_its_label(votes: ItemVotes) -> bool:
    """Whether the text was imported with its label, so that nobody needs to answer in Argilla."""
    return isinstance(votes, AnnotatedItem) and of_answer(votes) is not None and not votes.votes


def missing_accounts(lacking: Sequence[MissingRecord], accounts: Mapping[str, str]) -> list[str]:
    """The usernames of votes that have no account on the server."""
    return sorted({vote.username for lack in lacking for vote in lack.votes} - set(accounts.values()))


def leftovers(batch: Batch, seen_records: Mapping[int, SeenRecord]) -> list[str]:
    """The ids of records whose texts went back to the pool when the batch was closed."""
    kept_items = batch.kept_items
    return [record.record for item, record in seen_records.items() if item not in kept_items]


def asked_texts(
    batch: Batch,
    lacking: Sequence[MissingRecord],
    texts: Sequence[PoolText],
    accounts: Mapping[str, str],
    labels: LabelList,
) -> list[AskedText]:
    """The records to write, with the votes of those who have an account. No retired label is suggested."""
    ids = {username: user_id for user_id, username in accounts.items()}
    picked, suggested = {item.item: item for item in batch.queried.items}, shown_by_machines(batch, labels)
    return [
        _asked_text(
            batch,
            picked[lack.item],
            text,
            _votes(lack.votes, ids),
            lack.restored,
            _suggestion(batch, picked[lack.item], labels, suggested.get(lack.item)),
        )
        for lack, text in zip(lacking, texts, strict=True)
    ]


def _asked_text(
    batch: Batch,
    picked: QueriedItem,
    text: PoolText,
    votes: tuple[Vote, ...],
    restored: tuple[str, ...],
    suggestion: Prediction | None,
) -> AskedText:
    is_audit = picked.reason == "audit"
    return AskedText(
        batch=batch.name,
        number=batch.number,
        item=picked.item,
        rank=picked.rank,
        text=text.text,
        reason=None if is_audit else picked.reason,
        model=None if is_audit else batch.queried.model,
        suggestion=suggestion,
        votes=votes,
        restored=restored,
        columns=text.columns,
        metadata=text.metadata,
    )


def _suggestion(
    batch: Batch, picked: QueriedItem, labels: LabelList, suggested: tuple[str, tuple[str, ...]] | None
) -> Prediction | None:
    """What people are shown: what a machine suggests, else what the model does."""
    if suggested is not None:
        return Prediction(suggested[1], None, batch.queried.model or "", by=suggested[0])
    if not picked.suggested or batch.queried.model is None or labels.retired.intersection(picked.predicted):
        return None
    return Prediction(picked.predicted, picked.probability, batch.queried.model, picked.probabilities or ())


def _votes(votes: Sequence[Vote], ids: Mapping[str, str]) -> tuple[Vote, ...]:
    """The votes with the ids of the current accounts."""
    return tuple(
        Vote(
            username=vote.username,
            user=ids[vote.username],
            status=vote.status,
            labels=vote.labels,
            time=vote.time,
        )
        for vote in votes
        if vote.username in ids
    )

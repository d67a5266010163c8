"""Compare a batch's records on the server with the log. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from labelloop.loop.gold_texts import REASON as GOLD
from labelloop.loop.label_lists import LabelList
from labelloop.loop.labels import of_answer
from labelloop.loop.state import Batch
from labelloop.loop.suggestions import by_people, shown_by_machines
from labelloop.oracle.base import AskedText, Prediction
from labelloop.oracle.lost_votes import SeenRecord, is_newer, lost_votes
from labelloop.pool.context import PoolText
from schemas.model import replaced
from schemas.parts import AnnotatedItem, ItemVotes, QueriedItem, Vote

DRAFT = "draft"
ALL_OWN: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True)
class MissingRecord:
    """A text whose record is missing, lacks recorded votes, or is outdated.

    `restored`: the accounts whose votes were put back on its record before. `wanted`: as in `AskedText`.
    """

    item: int
    votes: tuple[Vote, ...]
    restored: tuple[str, ...] = ()
    wanted: int | None = None


@dataclass(frozen=True)
class WantedAnswers:
    """How many people answer each text of a batch.

    `gone`: people who may not answer, and have no account, which is not made again: nothing holds their
    recorded votes, but they count. `by_text`: whether the oracle knows of each text how many it wants.
    """

    min_submitted: int
    gone: Collection[str] = ()
    by_text: bool = False

    def of(self, picked: QueriedItem, votes: Collection[Vote]) -> int:
        """How many are to answer a text with these recorded votes where people answer."""
        answers = sum(vote.username in self.gone and vote.status != DRAFT for vote in votes)
        return max(0, max(self.min_submitted, picked.answers or 0) - answers)

    def if_unlike_batch(self, picked: QueriedItem, votes: Collection[Vote]) -> int | None:
        """The same, if it is not what holds for the batch."""
        number = self.of(picked, votes)
        return None if number == self.min_submitted or not self.by_text else number


def lacks(
    batch: Batch,
    seen_records: Mapping[int, SeenRecord],
    accounts: Mapping[str, str],
    labels: LabelList,
    wanted: WantedAnswers,
) -> list[MissingRecord]:
    """The texts to write, in the order of the batch. `accounts` are usernames by the accounts' ids.

    A text of a batch that is done, to which people gave only labels that are retired, is not asked again. Nor
    is one that enough people who are gone have decided.
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
        if_unlike_batch, is_asked = wanted.if_unlike_batch(picked, counting), wanted.of(picked, counting) > 0
        counting = tuple(vote for vote in counting if vote.username not in wanted.gone)
        if picked.item not in seen_records:
            if is_asked and (counting or not votes.votes or not batch.done):
                missing.append(MissingRecord(picked.item, counting, wanted=if_unlike_batch))
            continue
        record, votes = seen_records[picked.item], replaced(votes, votes=counting)
        lost = (*lost_votes(votes, record, accounts), *_given_elsewhere(votes, record))
        shows_other = _shows_another(record, suggested.get(picked.item))
        if lost or record.outdated or shows_other or (wanted.by_text and if_unlike_batch != record.wanted):
            missing.append(MissingRecord(picked.item, lost, tuple(record.restored or ()), if_unlike_batch))
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
    other_numbers: Mapping[int, int] = ALL_OWN,
) -> list[AskedText]:
    """The records to write, with the votes of those who have an account. No retired label is suggested.

    `other_numbers`: those that people may read beside a text, if it is not its own.
    """
    ids = {username: user_id for user_id, username in accounts.items()}
    picked, suggested = {item.item: item for item in batch.queried.items}, shown_by_machines(batch, labels)
    return [
        _asked_text(
            batch,
            picked[lack.item],
            text,
            _votes(lack.votes, ids),
            lack,
            _suggestion(batch, picked[lack.item], labels, suggested.get(lack.item)),
            other_numbers.get(lack.item),
        )
        for lack, text in zip(lacking, texts, strict=True)
    ]


def _asked_text(
    batch: Batch,
    picked: QueriedItem,
    text: PoolText,
    votes: tuple[Vote, ...],
    lack: MissingRecord,
    suggestion: Prediction | None,
    other_number: int | None,
) -> AskedText:
    is_audit = picked.reason == "audit"
    return AskedText(
        batch=batch.name,
        number=batch.number,
        item=picked.item,
        rank=picked.rank,
        text=text.text,
        reason=None if is_audit else _reason(batch, picked),
        model=None if is_audit else batch.queried.model,
        suggestion=suggestion,
        votes=votes,
        restored=lack.restored,
        wanted=lack.wanted,
        columns=text.columns,
        metadata=text.metadata,
        other_number=other_number,
    )


def _reason(batch: Batch, picked: QueriedItem) -> str:
    """Why people are told that a text was picked: of a gold text what holds for its batch."""
    if picked.reason != GOLD:
        return picked.reason
    return "cold-start" if batch.queried.model is None else "uncertain"


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

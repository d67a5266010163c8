"""What a batch's records on the server lack, by the log. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelloop.loop.state import Batch, LoopState
from labelloop.oracle.argilla import NewRecord, NewResponse, Suggestion
from labelloop.oracle.argilla.project import record_id
from labelloop.oracle.votes import SeenRecord, lost_votes
from schemas.parts import AnnotatedItem, ItemVotes, QueriedItem, Vote


@dataclass(frozen=True)
class MissingRecord:
    """A text whose record is absent, or lacks recorded votes."""

    item: int
    votes: tuple[Vote, ...]


def lacks(batch: Batch, seen: Mapping[int, SeenRecord], accounts: Mapping[str, str]) -> list[MissingRecord]:
    """The texts to write, in the order of the batch. `accounts` are usernames by the accounts' ids."""
    recorded = {answer.item: answer for answer in batch.answers}
    kept = batch.kept
    found = []
    for picked in batch.queried.items:
        if picked.item not in kept:
            continue
        votes = recorded.get(picked.item, ItemVotes(item=picked.item))
        if _came_with_its_label(votes):
            continue
        if picked.item not in seen:
            found.append(MissingRecord(picked.item, votes.votes))
        elif lost := lost_votes(votes, seen[picked.item], accounts):
            found.append(MissingRecord(picked.item, lost))
    return found


def _came_with_its_label(votes: ItemVotes) -> bool:
    """Whether nobody is to be asked in Argilla: the text was labelled before the project began, elsewhere."""
    return isinstance(votes, AnnotatedItem) and bool(votes.labels) and not votes.votes


def missing_accounts(lacking: Sequence[MissingRecord], accounts: Mapping[str, str]) -> list[str]:
    """The usernames that votes need and the server does not have."""
    return sorted({vote.username for lack in lacking for vote in lack.votes} - set(accounts.values()))


def leftovers(batch: Batch, seen: Mapping[int, SeenRecord]) -> list[str]:
    """The server's records of texts that went back to the pool when the batch was closed."""
    kept = batch.kept
    return [record.record for item, record in seen.items() if item not in kept]


def new_records(
    state: LoopState,
    batch: Batch,
    lacking: Sequence[MissingRecord],
    texts: Sequence[str],
    accounts: Mapping[str, str],
) -> list[NewRecord]:
    """The records to write, with the votes of those who have an account."""
    ids = {username: user_id for user_id, username in accounts.items()}
    picked = {item.item: item for item in batch.queried.items}
    return [
        NewRecord(
            external_id=record_id(batch.name, lack.item),
            text=text,
            metadata=_metadata(batch, picked[lack.item]),
            suggestion=_suggestion(batch, picked[lack.item]),
            responses=tuple(
                NewResponse(ids[vote.username], vote.status, vote.labels)
                for vote in lack.votes
                if vote.username in ids
            ),
        )
        for lack, text in zip(lacking, texts, strict=True)
    ]


def _metadata(batch: Batch, picked: QueriedItem) -> dict[str, str | int | float]:
    metadata: dict[str, str | int | float] = {
        "batch": batch.number,
        "rank": picked.rank,
        "item": picked.item,
    }
    if picked.reason != "audit":
        metadata["reason"] = picked.reason
        if batch.queried.model is not None:
            metadata["model"] = _agent(batch.queried.model)
    return metadata


def _suggestion(batch: Batch, picked: QueriedItem) -> Suggestion | None:
    if not picked.suggested or batch.queried.model is None:
        return None
    return Suggestion(picked.predicted, picked.probability, _agent(batch.queried.model))


def _agent(model: str) -> str:
    return f"model-{model}"

"""Keep the oracle's records in line with the log: restore missing ones, delete those no longer wanted."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labelloop.errors import Unavailable, UserError
from labelloop.loop.gold_texts import FIRST as GOLD
from labelloop.loop.gold_texts import as_asked, gold_snapshots, other_numbers
from labelloop.loop.label_lists import label_list
from labelloop.loop.pools import Pool, pool_of
from labelloop.loop.schedule import open_batches
from labelloop.loop.settings_in_force import (
    annotators,
    barred,
    min_submitted_at,
    min_submitted_by_batch,
    shows_otherwise,
)
from labelloop.loop.state import Batch, LoopState
from labelloop.loop.suggestions import by_people
from labelloop.oracle.base import (
    BarsPeople,
    FollowsChanges,
    Missing,
    Oracle,
    ProjectRecords,
    Refused,
    Rejected,
    ShowsToSome,
    asks_by_text,
    at_rest,
    use_labels,
)
from labelloop.oracle.lost_votes import SeenRecord, is_any_absent
from labelloop.pool.context import PoolText, pool_texts
from labelloop.runtime.controller import RoundRobin
from labelloop.store import Pools
from schemas.events import ProjectCreated
from schemas.model import replaced
from services.querier.record_diff import (
    MissingRecord,
    WantedAnswers,
    asked_texts,
    lacks,
    leftovers,
    missing_accounts,
)

logger = logging.getLogger(__name__)
COMPARE_EVERY = 3.0
COMPARE_AT_REST = 15.0
ROUND = 60.0
AT_ONCE = 10
ELSEWHERE = (
    "which only the Argilla that comes with labelloop knows: "
    "use that one, or run `labelloop close` and `labelloop change --overlap 0`"
)


@dataclass
class SyncedProject:
    """A project's records, the round robin of finished batches, and those compared since they were done."""

    records: ProjectRecords
    round_robin: RoundRobin = field(default_factory=lambda: RoundRobin(ROUND))
    compared: set[str] = field(default_factory=set)


class RecordSync:
    """Compares open batches every time; finished ones once immediately, then in turn, within a minute."""

    def __init__(self, oracle: Oracle, pools: Pools) -> None:
        self._oracle = oracle
        self._pools = pools
        self._served: dict[str, SyncedProject] = {}
        self._refused: set[str] = set()

    async def compare(self, state: LoopState, project: ProjectCreated) -> float:
        """Compare the oracle's records with the log and repair them. The seconds until it is due again."""
        served = self._served.setdefault(
            state.project_id, SyncedProject(self._oracle.project(state.project_id))
        )
        if state.standings and isinstance(served.records, BarsPeople):
            await served.records.bar(state.standings)
        await self._show_only_to(state, served.records)
        await use_labels(state, served.records)
        if await served.records.set_up(project):
            served.compared.clear()
        if isinstance(served.records, FollowsChanges) and shows_otherwise(state):
            await self._follow(state, project, served.records)
        done_batches = [batch for batch in state.batches.values() if batch.done]
        newly_done = [batch for batch in done_batches if batch.name not in served.compared][:AT_ONCE]
        rests = await at_rest(served.records)
        again_in = COMPARE_AT_REST if rests and not newly_done else COMPARE_EVERY
        for batch in (
            *open_batches(state),
            *newly_done,
            *served.round_robin.take(done_batches, again_in, rests),
        ):
            await self._restore(state, project, batch, served.records)
            if batch.done:
                served.compared.add(batch.name)
        return again_in

    async def _show_only_to(self, state: LoopState, records: ProjectRecords) -> None:
        people = annotators(state)
        if people is None:
            return
        if not isinstance(records, ShowsToSome):
            raise UserError(
                f"{state.project_id} is for {', '.join(people)} alone, but here everybody sees everything: "
                "use Argilla, or make a project without --annotators"
            )
        closed = barred(state)
        for name in await records.show_only_to([name for name in people if name not in closed]):
            logger.warning("%s has an account now: run `labelloop annotators password %s`", name, name)

    async def _follow(self, state: LoopState, project: ProjectCreated, records: FollowsChanges) -> None:
        open_ones = (min_submitted_at(state, batch.number) for batch in open_batches(state))
        most = max(project.min_submitted, *open_ones)
        try:
            await records.follow(replaced(project, min_submitted=most), min_submitted_by_batch(state))
        except Missing as error:
            records.forget()
            raise Unavailable(f"what people see of {state.project_id} cannot be changed: {error}") from error

    async def _restore(
        self, state: LoopState, project: ProjectCreated, batch: Batch, records: ProjectRecords
    ) -> None:
        """Restore records that the oracle lacks; delete those of texts that went back to the pool."""
        batch = as_asked(batch)
        seen_records = await records.seen(batch)
        if seen_records is None:
            raise Unavailable(f"the records of {state.project_id} are gone where people answer")
        try:
            await records.remove(leftovers(batch, seen_records))
            labels = label_list(state)
            by_text = await asks_by_text(records)
            if batch.answers_wanted and not (batch.done or by_text):
                raise UserError(
                    f"two people are to answer {len(batch.answers_wanted)} texts of batch {batch.name} of "
                    f"{state.project_id}, {ELSEWHERE}"
                )
            closed = barred(state)
            accounts = await self._accounts_for(batch, seen_records, records, closed)
            wanted = WantedAnswers(
                min_submitted_at(state, batch.number),
                closed.difference(accounts.values()),
                by_text,
            )
            lacking = lacks(batch, seen_records, accounts, labels, wanted)
            if lacking:
                accounts = await self._with_missing(lacking, records)
                texts = await self._texts(state, project, batch, [lack.item for lack in lacking])
                numbers = other_numbers(state, batch)
                await records.put(asked_texts(batch, lacking, texts, accounts, labels, numbers))
        except (Missing, Rejected) as error:
            records.forget()
            message = f"batch {batch.name} of {state.project_id} changed while it was compared: {error}"
            raise Unavailable(message) from error

    async def _texts(
        self, state: LoopState, project: ProjectCreated, batch: Batch, items: Sequence[int]
    ) -> list[PoolText]:
        """The texts of the pool, and gold texts, in the order of these numbers."""
        texts: dict[int, PoolText] = {}
        for pool, first in _sources(state, batch):
            own = [item for item in items if (item >= GOLD) == (first == GOLD)]
            if own:
                opened = await self._pools.open(pool)
                rows = [item - first for item in own]
                texts |= zip(own, pool_texts(project, opened, rows), strict=True)
        return [texts[item] for item in items]

    async def _accounts_for(
        self,
        batch: Batch,
        seen_records: Mapping[int, SeenRecord],
        records: ProjectRecords,
        closed: Collection[str],
    ) -> Mapping[str, str]:
        recorded = {answer.item: by_people(answer) for answer in batch.answers}
        voters = {vote.username for answer in recorded.values() for vote in answer.votes}
        is_needed = not voters.isdisjoint(closed) or is_any_absent(recorded, seen_records)
        return await records.accounts() if is_needed else {}

    async def _with_missing(
        self, lacking: Sequence[MissingRecord], records: ProjectRecords
    ) -> Mapping[str, str]:
        accounts = dict(await records.accounts())
        for username in missing_accounts(lacking, accounts):
            try:
                accounts[await records.make_account(username)] = username
            except Refused as error:
                if username not in self._refused:
                    self._refused.add(username)
                    logger.warning("the account %s is gone and cannot be created again: %s", username, error)
            else:
                logger.warning(
                    "the account %s was gone and was created again: run `labelloop annotators password %s`",
                    username,
                    username,
                )
        return accounts


def _sources(state: LoopState, batch: Batch) -> Iterator[tuple[Pool, int]]:
    """The pool, and the gold texts of a batch, with the number of the first text of each."""
    yield pool_of(state), 0
    for snapshot in gold_snapshots(state):
        if snapshot.digest == batch.queried.gold_version:
            yield Pool((snapshot,)), GOLD
            break

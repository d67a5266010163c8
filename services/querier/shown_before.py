"""Batches that people are shown already, though the log does not have them: an older log was restored."""

import logging
from collections.abc import Sequence

from labelloop.loop.schedule import NextBatch
from labelloop.loop.state import LoopState
from labelloop.oracle.base import KnowsBatches, Oracle, ShownText
from services.querier.due import is_due_by_labels, shown_again

logger = logging.getLogger(__name__)


class ShownBefore:
    """Asks the oracle for the next batch, until it once does not know it: from then on the log is ahead."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._behind: set[str] = set()

    async def texts(self, state: LoopState, work: NextBatch) -> Sequence[ShownText]:
        """The texts of the batch that is due, if people are shown it already. Raises Unavailable."""
        project = state.project_id
        if project in self._behind or not is_due_by_labels(state):
            return ()
        records = self._oracle.project(project)
        shown = await records.shown(work.batch, state.numbered) if isinstance(records, KnowsBatches) else ()
        texts = shown_again(state, work.size, shown)
        if texts:
            logger.warning(
                "people are shown batch %s of %s already, which the log does not have: its texts stay",
                work.batch,
                project,
            )
        else:
            self._behind.add(project)
        return texts

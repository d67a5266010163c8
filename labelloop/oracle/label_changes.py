"""Let people answer by the labels that the log has now."""

from labelloop.errors import UserError
from labelloop.loop.label_lists import places
from labelloop.loop.state import LoopState
from labelloop.oracle.base import ChangesLabels, ProjectRecords


async def use_labels(state: LoopState, records: ProjectRecords) -> None:
    """Tell the records which labels there are, if they changed. Raises UserError if they cannot change."""
    if not state.label_changes:
        return
    if not isinstance(records, ChangesLabels):
        raise UserError(
            f"the labels of {state.project_id} changed, which people here cannot be shown: use Argilla"
        )
    await records.use_labels(places(state))

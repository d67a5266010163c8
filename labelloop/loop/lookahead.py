"""Which model picks a batch."""

from schemas.events import ProjectCreated


def picking_model(project: ProjectCreated, batch: int) -> int:
    """The number of the model that picks a numbered batch; below 0 when none does: a cold start, or given.

    It is older than the batch before by the lookahead: people label while the machine works. The first
    batches after those that were given are all picked by the first model, which has learned what was given.
    """
    return -1 if batch < project.given else max(batch - 1 - project.lookahead, project.given - 1)

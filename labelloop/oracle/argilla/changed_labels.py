"""A project whose labels changed: how people read them, and which data set stands in for another."""

from labelloop.config.deployment import LONGEST_GUIDELINES
from labelloop.oracle.argilla.datasets import Datasets, choices
from labelloop.oracle.argilla.values import Dataset, DatasetSpec
from labelloop.oracle.escaping import FOLLOWED_BY

MOVED, END = "**The labels changed: go on in the data set ", ".**\n\n"


class SuccessorDatasets(Datasets):
    """The part of the API for labels that change."""

    async def point_to(self, name: str, workspace: str, newer: Dataset) -> None:
        """Tell people in a data set, if it is there, that another one stands in for it."""
        answer = await self._find_in(name, workspace)
        metadata = (answer["metadata"] or {}) if answer is not None else {}
        if answer is None or metadata.get(FOLLOWED_BY) == newer.id:
            return
        guidelines = answer["guidelines"] or ""
        if guidelines.startswith(MOVED):
            _, _, guidelines = guidelines.partition(END)
        text = f"{MOVED}{newer.name}{END}{guidelines}"
        body = {"metadata": {**metadata, FOLLOWED_BY: newer.id}, "guidelines": text[:LONGEST_GUIDELINES]}
        await self._request("PATCH", f"datasets/{answer['id']}", body=body)

    async def follower(self, dataset: Dataset) -> Dataset | None:
        """The data set that stands in for this one, if there is one. Raises Missing if it is gone."""
        answer = await self._request("GET", f"datasets/{dataset.id}")
        newer = (answer["metadata"] or {}).get(FOLLOWED_BY)
        if newer is None:
            return None
        return await self._described(await self._request("GET", f"datasets/{newer}"), dataset.workspace)

    async def call_labels(self, dataset: Dataset, spec: DatasetSpec) -> None:
        """Let people read the labels as they are called now."""
        path = f"datasets/{dataset.id}/questions"
        question = next(each for each in await self._listed(path) if each["id"] == dataset.question_id)
        present = [(option["value"], option["text"]) for option in question["settings"]["options"]]
        if present != [(option["value"], option["text"]) for option in choices(spec)]:
            settings = {"type": question["settings"]["type"], "options": choices(spec)}
            await self._request("PATCH", f"questions/{dataset.question_id}", body={"settings": settings})

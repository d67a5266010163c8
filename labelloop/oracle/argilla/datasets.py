"""A project's data set: find it or set it up. An interrupted set-up is completed."""

import re
from contextlib import suppress
from typing import Any

from labelloop.errors import UserError
from labelloop.loop.labels import NONE
from labelloop.oracle.argilla.accounts import Accounts
from labelloop.oracle.argilla.new_record import METADATA
from labelloop.oracle.argilla.transport import Conflict
from labelloop.oracle.argilla.values import (
    DEFAULT_WORKSPACE,
    QUESTION,
    QUESTION_TYPES,
    TASKS,
    TITLES,
    Dataset,
    DatasetParts,
    DatasetSpec,
    labels_of,
    options,
)
from labelloop.oracle.base import Missing, Rejected
from labelloop.oracle.escaping import without_html
from schemas.parts import MULTI_LABEL

_AFTERWARDS = (
    "- **Changed your mind?** Choose *Submitted* at the top in place of *Pending*, and answer again.\n"
    "- **All answered?** Whatever the page says then, the next batch comes as soon as it is picked. "
    "Should it not appear by itself in a minute, go to *Home* and open the data set again.\n"
    "- **Why this text?** Choose ⋮ and *View metadata*: its batch, its rank there, the reason, "
    "and the model that picked it.\n"
)
GUIDELINES = (
    "Choose the label that fits each text best.\n\n"
    "- **A number** answers with that label, and the next text comes. No reaction? Click beside the labels.\n"
    "- **Enter** agrees with the suggestion, if one is marked: beside it stands how sure the model is, "
    "from 0 to 1. Its own number takes it back.\n"
    "- **Backspace** discards a text that no label fits: the model does not learn from it.\n"
    f"{_AFTERWARDS}"
)
"""The default guidelines, which annotators see next to the texts."""
GUIDELINES_OF_SEVERAL = (
    "Choose every label that fits the text.\n\n"
    f"- **No label fits?** Choose *{NONE}*: the model learns that too. Beside a label it says nothing.\n"
    "- **A number** chooses that label, and once more takes it back. **Enter** submits, and the next text "
    "comes. No reaction? Click beside the labels.\n"
    "- **Suggestions** are chosen already: beside each stands how sure the model is, from 0 to 1. Take back "
    "what is wrong, and add what is missing.\n"
    "- **Backspace** discards a text that cannot be judged: the model does not learn from it.\n"
    f"{_AFTERWARDS}"
)
"""Those where a text may have several labels."""


class Datasets(Accounts):
    """The part of the API for data sets."""

    async def find_dataset(self, name: str, workspace: str) -> Dataset | None:
        """The published data set, or None if the user can see none."""
        answer = await self._find_in(name, workspace)
        if answer is None or answer["status"] != "ready":
            return None
        return await self._described(answer, workspace)

    async def find_project(self, project: str, name: str | None = None) -> Dataset | None:
        """The data set of a project: in the workspace of its own annotators, or in that of all.

        `name`: that of the data set, if it is not that of the project.
        """
        own = await self.find_dataset(name or project, project)
        return own or await self.find_dataset(name or project, DEFAULT_WORKSPACE)

    async def parts(self, name: str, workspace: str) -> DatasetParts | None:
        """A data set of any kind, or None if the user can see none of this name there."""
        answer = await self._find_in(name, workspace)
        if answer is None:
            return None
        return DatasetParts(
            answer,
            await self._listed(f"datasets/{answer['id']}/fields"),
            await self._listed(f"datasets/{answer['id']}/questions"),
        )

    async def delete_project(self, project: str) -> None:
        """Delete a project's data set, and the workspace of its own annotators."""
        for workspace in (project, DEFAULT_WORKSPACE):
            for name in await self._names(project, workspace):
                await self.delete_dataset(name, workspace)
        await self.delete_workspace(project)

    async def last_activity(self, dataset: Dataset) -> str | None:
        """When somebody last answered, as the server writes it. It does not tell of records and accounts.

        Raises Missing if the data set is gone.
        """
        answer = (await self._request("GET", f"datasets/{dataset.id}"))["last_activity_at"]
        return None if answer is None else str(answer)

    async def delete_dataset(self, name: str, workspace: str) -> bool:
        """Delete the data set with its records and answers. False if there is none."""
        answer = await self._find_in(name, workspace)
        if answer is None:
            return False
        with suppress(Missing):
            await self._request("DELETE", f"datasets/{answer['id']}")
        return True

    async def ensure_dataset(self, spec: DatasetSpec) -> Dataset:
        """Find the published data set, or create or complete it, with its workspace.

        Raises UserError if a data set of that name has other labels, or if Argilla refuses the spec.
        """
        if spec.task not in QUESTION_TYPES:
            raise UserError(
                f"the task {spec.task!r} is not supported; choose one of {', '.join(QUESTION_TYPES)}"
            )
        try:
            answer = await self._ensure(spec)
        except Rejected as error:
            raise UserError(
                f"Argilla refuses the data set {spec.name!r}: {error}; change its name, labels or guidelines"
            ) from error
        dataset = await self._described(answer, spec.workspace)
        if dataset is None or (dataset.task, set(dataset.labels)) != (spec.task, set(spec.labels)):
            raise UserError(
                f"Argilla has a data set {spec.name!r} with another question or other labels; "
                "choose another name, or delete it in Argilla"
            )
        return dataset

    async def update_dataset(self, dataset: Dataset, spec: DatasetSpec) -> None:
        """Give an existing data set the guidelines and the wanted answers. Raises Missing and UserError."""
        path = f"datasets/{dataset.id}"
        present = await self._request("GET", path)
        settings = _changeable(spec, present)
        if {name: present[name] for name in settings} == settings:
            return
        try:
            await self._request("PATCH", path, body=settings)
        except Rejected as error:
            raise UserError(f"Argilla refuses to change the data set {spec.name!r}: {error}") from error

    async def _names(self, project: str, workspace: str) -> list[str]:
        """The names of all data sets that a project has had there."""
        workspace_id = await self._find_workspace(workspace)
        if workspace_id is None:
            return []
        params = {"workspace_id": workspace_id}
        items = (await self._request("GET", "me/datasets", params=params))["items"]
        is_of = re.compile(f"{re.escape(project)}(-v[0-9]+)?").fullmatch
        return [item["name"] for item in items if is_of(item["name"])]

    async def _find_in(self, name: str, workspace: str) -> Any | None:
        workspace_id = await self._find_workspace(workspace)
        return await self._find(name, workspace_id) if workspace_id else None

    async def _find(self, name: str, workspace_id: str) -> Any | None:
        params = {"name": name, "workspace_id": workspace_id}
        items = (await self._request("GET", "me/datasets", params=params))["items"]
        return next((item for item in items if item["name"] == name), None)

    async def _described(self, answer: Any, workspace: str) -> Dataset | None:
        questions = (await self._request("GET", f"datasets/{answer['id']}/questions"))["items"]
        for question in questions:
            task = TASKS.get(question["settings"]["type"])
            if question["name"] == QUESTION and task is not None:
                return Dataset(
                    answer["id"],
                    answer["name"],
                    workspace,
                    labels_of(question, task),
                    question["id"],
                    answer["distribution"]["min_submitted"],
                    task=task,
                )
        return None

    async def _ensure(self, spec: DatasetSpec) -> Any:
        workspace_id = await self._ensure_workspace(spec.workspace)
        answer = await self._find(spec.name, workspace_id)
        if answer is None:
            await self._post("datasets", _dataset(spec, workspace_id))
            answer = await self._find(spec.name, workspace_id)
        if answer is None:
            raise Rejected("it was deleted right after it was created")
        if answer["status"] != "ready":
            await self._complete(answer["id"], spec)
            answer = await self._find(spec.name, workspace_id)
        elif spec.guidelines and answer["guidelines"] == spec.guidelines != _guidelines(spec)["guidelines"]:
            # An older labelloop wrote them as they were given.
            await self._request("PATCH", f"datasets/{answer['id']}", body=_guidelines(spec))
        return answer

    async def _complete(self, dataset_id: str, spec: DatasetSpec) -> None:
        path = f"datasets/{dataset_id}"
        await self._add_missing(f"{path}/fields", f"{path}/fields", _fields(spec))
        await self._add_missing(f"{path}/questions", f"{path}/questions", [_question(spec)])
        await self._add_missing(
            f"me/{path}/metadata-properties",
            f"{path}/metadata-properties",
            _metadata_properties(spec),
        )
        try:
            await self._request("PUT", f"{path}/publish")
        except Rejected:
            if (await self._request("GET", path))["status"] != "ready":
                raise

    async def _add_missing(self, listing: str, creation: str, bodies: list[dict[str, Any]]) -> None:
        present = {item["name"] for item in (await self._request("GET", listing))["items"]}
        for body in bodies:
            if body["name"] not in present:
                await self._post(creation, body)

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        """Create it. It is not an error if another process already did."""
        with suppress(Conflict):
            await self._request("POST", path, body=body)


def _dataset(spec: DatasetSpec, workspace_id: str) -> dict[str, Any]:
    return {
        "name": spec.name,
        "workspace_id": workspace_id,
        **_guidelines(spec),
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": spec.min_submitted},
    }


def _changeable(spec: DatasetSpec, present: Any) -> dict[str, Any]:
    """What of a data set can change. Its other metadata stay."""
    metadata = {**(present["metadata"] or {}), "min_submitted": [list(step) for step in spec.by_batch]}
    return {
        **_guidelines(spec),
        "distribution": {"strategy": "overlap", "min_submitted": spec.min_submitted},
        "metadata": metadata if len(spec.by_batch) > 1 else present["metadata"],
    }


def _guidelines(spec: DatasetSpec) -> dict[str, str]:
    usual = GUIDELINES_OF_SEVERAL if spec.task == MULTI_LABEL else GUIDELINES
    return {"guidelines": without_html(spec.guidelines or usual)}


def _fields(spec: DatasetSpec) -> list[dict[str, Any]]:
    """The fields. Of several, none is required: a text may lack it."""
    settings = {"type": "text", "use_markdown": False}
    is_only = len(spec.fields) == 1
    return [
        {"name": name, "title": title, "required": is_only, "settings": settings}
        for name, title in spec.fields.items()
    ]


def _question(spec: DatasetSpec) -> dict[str, Any]:
    return {
        "name": QUESTION,
        "title": TITLES[spec.task],
        "required": True,
        "settings": {"type": QUESTION_TYPES[spec.task], "options": choices(spec)},
    }


def choices(spec: DatasetSpec) -> list[dict[str, Any]]:
    """The options of the question, as people read them."""
    chosen_from = options(spec.labels, spec.task)
    return [{"value": label, "text": spec.called.get(label, label)} for label in chosen_from]


def _metadata_properties(spec: DatasetSpec) -> list[dict[str, Any]]:
    return [
        {"name": name, "title": title, "settings": {"type": kind}, "visible_for_annotators": True}
        for name, (title, kind) in {**METADATA, **spec.metadata}.items()
    ]

"""Read a data set that people made in Argilla: its texts, labels and votes. It is not changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from labelloop.errors import UserError
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.argilla.values import (
    QUESTION_TYPES,
    TASKS,
    Dataset,
    DatasetParts,
    StoredRecord,
    labels_of,
)
from labelloop.pool.columns import Columns
from labelloop.pool.label_cells import label_name, quoted
from labelloop.projects.answered import AnsweredTexts
from schemas.parts import Vote

ID = "id"
TEXT = "text"
COUNT = ("submitted", "discarded")
"""The statuses of answers that count. A draft is none yet."""


async def read_foreign(argilla: Argilla, address: str) -> AnsweredTexts:
    """The texts of the data set `WORKSPACE/NAME` with everyone's votes.

    Its columns are the fields, the metadata, and the records' ids as `id`. Raises UserError if there is no
    such data set, and if it does not ask for one label of a text.
    """
    workspace, _, name = address.partition("/")
    if not (workspace and name):
        raise UserError(f"{address!r} names no data set of Argilla: give it as WORKSPACE/NAME")
    parts = await argilla.parts(name, workspace)
    if parts is None:
        raise UserError(
            f"Argilla at {argilla.url} shows its key no data set {name!r} in a workspace {workspace!r}: "
            "check both names"
        )
    dataset, fields = _dataset(parts, address, workspace), _text_fields(parts, address)
    people = {user.id: user.username for user in await argilla.users()}
    records = await argilla.records(dataset, suggestions=False)
    if not records:
        raise UserError(f"the data set {address} has no records: add some, or choose another")
    return AnsweredTexts(
        source=f"the data set {address}",
        columns=_columns(fields, records),
        labels=tuple(map(label_name, dataset.labels)),
        votes=[_votes(record, people) for record in records],
        guidelines=(parts.answer["guidelines"] or "").strip() or None,
        task=dataset.task,
    )


def _dataset(parts: DatasetParts, address: str, workspace: str) -> Dataset:
    """The data set, with its only question. Raises UserError."""
    answer = parts.answer
    if answer["status"] != "ready":
        raise UserError(f"the data set {address} is not published: publish it in Argilla first")
    if len(parts.questions) != 1:
        names = quoted(str(question["name"]) for question in parts.questions)
        raise UserError(
            f"the data set {address} has {len(parts.questions)} questions ({names}), and a project asks one: "
            "make a data set of one of them"
        )
    (question,) = parts.questions
    kind = question["settings"]["type"]
    task = TASKS.get(kind)
    if task is None:
        raise UserError(
            f"the data set {address} asks for {_of_kind(kind)} ({question['name']!r}), and a project for "
            f"{' or '.join(map(_of_kind, QUESTION_TYPES.values()))}: choose another data set"
        )
    return Dataset(
        id=answer["id"],
        name=answer["name"],
        workspace=workspace,
        labels=labels_of(question, task),
        question_id=question["id"],
        min_submitted=answer["distribution"]["min_submitted"],
        question=question["name"],
        task=task,
    )


def _of_kind(kind: str) -> str:
    return {"label_selection": "a label", "multi_label_selection": "several labels"}.get(kind, f"a {kind}")


def _text_fields(parts: DatasetParts, address: str) -> list[str]:
    for field in parts.fields:
        if (kind := field["settings"]["type"]) != TEXT:
            raise UserError(
                f"the data set {address} shows people a field that is no text ({field['name']!r}, {kind}): "
                "choose another data set"
            )
    return [str(field["name"]) for field in parts.fields]


def _columns(fields: Sequence[str], records: Sequence[StoredRecord]) -> Columns:
    """The fields, then the metadata and the id where no field has that name."""
    metadata = dict.fromkeys(name for record in records for name in record.metadata)

    def value(record: StoredRecord, name: str) -> Any:
        if name in fields:
            return record.fields.get(name)
        return record.metadata.get(name, record.external_id if name == ID else None)

    def values(name: str) -> list[Any]:
        return [value(record, name) for record in records]

    return Columns(tuple(dict.fromkeys((*fields, *metadata, ID))), fields, values)


def _votes(record: StoredRecord, people: Mapping[str, str]) -> tuple[Vote, ...]:
    """The votes of people who have an account. None of them is on a record of the new project."""
    return tuple(
        Vote(
            username=people[response.user_id],
            status=response.status,
            labels=response.labels,
            time=response.updated_at,
        )
        for response in record.responses
        if response.status in COUNT and response.user_id in people
    )

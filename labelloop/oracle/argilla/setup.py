"""Set a data set up; a set-up that was cut short is completed."""

from contextlib import suppress
from typing import Any

from labelloop.errors import UserError
from labelloop.oracle.argilla import layout
from labelloop.oracle.argilla.accounts import ensure_workspace
from labelloop.oracle.argilla.datasets import described, find
from labelloop.oracle.argilla.errors import Conflict, Rejected
from labelloop.oracle.argilla.models import Dataset, DatasetSpec
from labelloop.oracle.argilla.transport import Transport
from labelloop.oracle.argilla.values import QUESTION_TYPES


async def ensure_dataset(transport: Transport, spec: DatasetSpec) -> Dataset:
    if spec.task not in QUESTION_TYPES:
        raise UserError(f"the task {spec.task!r} is not supported; choose one of {', '.join(QUESTION_TYPES)}")
    try:
        found = await _ensure(transport, spec)
    except Rejected as error:
        raise UserError(
            f"Argilla refuses the data set {spec.name!r}: {error}; change its name, labels or guidelines"
        ) from error
    dataset = await described(transport, found, spec.workspace)
    if dataset is None or set(dataset.labels) != set(spec.labels):
        raise UserError(
            f"Argilla has a data set {spec.name!r} with another question or other labels; "
            "choose another name, or delete it in Argilla"
        )
    return dataset


async def _ensure(transport: Transport, spec: DatasetSpec) -> Any:
    workspace_id = await ensure_workspace(transport, spec.workspace)
    found = await find(transport, spec.name, workspace_id)
    if found is None:
        await _post(transport, "datasets", layout.dataset(spec, workspace_id))
        found = await find(transport, spec.name, workspace_id)
    if found is None:
        raise Rejected("it is gone as soon as it is made")
    if found["status"] != "ready":
        await _complete(transport, found["id"], spec)
        found = await find(transport, spec.name, workspace_id)
    return found


async def _complete(transport: Transport, dataset_id: str, spec: DatasetSpec) -> None:
    path = f"datasets/{dataset_id}"
    await _add_missing(transport, f"{path}/fields", f"{path}/fields", [layout.field()])
    await _add_missing(transport, f"{path}/questions", f"{path}/questions", [layout.question(spec)])
    await _add_missing(
        transport,
        f"me/{path}/metadata-properties",
        f"{path}/metadata-properties",
        layout.metadata_properties(),
    )
    try:
        await transport.request("PUT", f"{path}/publish")
    except Rejected:
        if (await transport.request("GET", path))["status"] != "ready":
            raise


async def _add_missing(
    transport: Transport, listing: str, creation: str, wanted: list[dict[str, Any]]
) -> None:
    present = {item["name"] for item in (await transport.request("GET", listing))["items"]}
    for body in wanted:
        if body["name"] not in present:
            await _post(transport, creation, body)


async def _post(transport: Transport, path: str, body: dict[str, Any]) -> None:
    """Create it; that another process was quicker is no error."""
    with suppress(Conflict):
        await transport.request("POST", path, body=body)

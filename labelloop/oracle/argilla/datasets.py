"""Find a data set."""

from typing import Any

from labelloop.oracle.argilla.accounts import find_workspace
from labelloop.oracle.argilla.models import Dataset
from labelloop.oracle.argilla.transport import Transport
from labelloop.oracle.argilla.values import QUESTION, QUESTION_TYPES


async def find_dataset(transport: Transport, name: str, workspace: str) -> Dataset | None:
    workspace_id = await find_workspace(transport, workspace)
    found = await find(transport, name, workspace_id) if workspace_id else None
    if found is None or found["status"] != "ready":
        return None
    return await described(transport, found, workspace)


async def find(transport: Transport, name: str, workspace_id: str) -> Any | None:
    params = {"name": name, "workspace_id": workspace_id}
    items = (await transport.request("GET", "me/datasets", params=params))["items"]
    return next((item for item in items if item["name"] == name), None)


async def described(transport: Transport, found: Any, workspace: str) -> Dataset | None:
    questions = (await transport.request("GET", f"datasets/{found['id']}/questions"))["items"]
    for question in questions:
        if question["name"] == QUESTION and question["settings"]["type"] in QUESTION_TYPES.values():
            labels = tuple(option["value"] for option in question["settings"]["options"])
            submitted = found["distribution"]["min_submitted"]
            return Dataset(found["id"], found["name"], workspace, labels, question["id"], submitted)
    return None

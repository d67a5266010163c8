"""People in Argilla: annotators who answer, and an owner who deletes."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx

from labelloop.oracle.argilla import Argilla
from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE
from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer

Found = dict[int, dict[str, Any]]
Label = str | list[str] | None


class Person:
    """An annotator with an account; records are told by their server's ids."""

    def __init__(self, server: ArgillaServer, name: str | None = None, password: str | None = None) -> None:
        async def account() -> Any:
            async with Argilla(server.url, server.login.api_key) as argilla:
                return await argilla.create_annotator(
                    name or f"ann-{secrets.token_hex(4)}", DEFAULT_WORKSPACE, password
                )

        created = asyncio.run(account())
        self.name: str = created.username
        self.id: str = created.user_id
        self.key: str = created.api_key
        self._client = server.client(created.api_key)

    def answer(self, record: str, label: Label, status: str | None = None) -> None:
        """Submit a label or several, discard without one, or what `status` says; it replaces the last one."""
        self._respond([_answer(record, label, status)])

    def answer_all(self, labels: Mapping[str, Label]) -> None:
        """Submit the labels of several records in one request, or discard them without one."""
        self._respond([_answer(record, label) for record, label in labels.items()])

    def _respond(self, items: Sequence[dict[str, Any]]) -> None:
        for answer in ok(self._client.post("/me/responses/bulk", json={"items": items}))["items"]:
            assert answer["error"] is None, answer

    def withdraw(self, response: str) -> None:
        ok(self._client.delete(f"/responses/{response}"))


def _answer(record: str, label: Label, status: str | None = None) -> dict[str, Any]:
    values = {"label": {"value": label}} if label else None
    return {
        "record_id": record,
        "status": status or ("submitted" if label else "discarded"),
        "values": values,
    }


class Owner:
    """The owner's look at a project's data set, and the owner's hand on it."""

    def __init__(self, server: ArgillaServer, project: str) -> None:
        self._server = server
        self._project = project
        self._present_dataset: str | None = None

    @property
    def _client(self) -> httpx.Client:
        return self._server.client()

    def dataset(self) -> str | None:
        """The id of the data set."""
        items = ok(self._client.get("/me/datasets", params={"name": self._project}))["items"]
        return next((item["id"] for item in items if item["name"] == self._project), None)

    def records(self, batch: int | str) -> Found:
        """The batch's records by pool item, with responses and suggestions; empty without a data set."""
        # Whoever waits for records asks often: the data set is looked up again only when it is gone.
        items = self._items(self._present_dataset)
        if items is None:
            self._present_dataset = self.dataset()
            items = self._items(self._present_dataset) or []
        return {
            item["metadata"]["item"]: item for item in items if item["external_id"].startswith(f"{batch}:")
        }

    def _items(self, dataset: str | None) -> list[dict[str, Any]] | None:
        """All records of a data set; None if it is not there."""
        if dataset is None:
            return None
        params: dict[str, str | int] = {"include": "responses,suggestions", "limit": 1000}
        answer = self._client.get(f"/datasets/{dataset}/records", params=params)
        return None if answer.status_code == 404 else list(ok(answer)["items"])

    def answers(self, batch: int) -> dict[tuple[int, str], tuple[str, str | None]]:
        """Status and label by item and the annotator's name."""
        names = {user["id"]: user["username"] for user in ok(self._client.get("/users"))["items"]}
        return {
            (item, names[response["user_id"]]): (
                response["status"],
                (response["values"] or {}).get("label", {}).get("value"),
            )
            for item, record in self.records(batch).items()
            for response in record["responses"]
        }

    def delete_records(self, ids: Iterable[str]) -> None:
        ok(self._client.delete(f"/datasets/{self.dataset()}/records", params={"ids": ",".join(ids)}))

    def write_anew(self, records: Iterable[dict[str, Any]]) -> None:
        """Write deleted records again without their responses, as from an older copy."""
        copied = ("external_id", "fields", "metadata")
        items = [{key: record[key] for key in copied} for record in records]
        ok(self._client.put(f"/datasets/{self.dataset()}/records/bulk", json={"items": items}))

    def delete_dataset(self) -> None:
        ok(self._client.delete(f"/datasets/{self.dataset()}"))

    def delete_account(self, person: Person) -> None:
        ok(self._client.delete(f"/users/{person.id}"))

    def account(self, name: str) -> str | None:
        """The id of the account of that name."""
        users = ok(self._client.get("/users"))["items"]
        return next((user["id"] for user in users if user["username"] == name), None)


def label_all(person: Person, records: Found, label: Callable[[int], str | None]) -> None:
    """Answer every record, in the order of the queue."""
    in_order = sorted(records.items(), key=lambda entry: entry[1]["metadata"]["rank"])
    person.answer_all({record["id"]: label(item) for item, record in in_order})

"""Argilla's raw API in the words of a test."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.plain_http import NO_TLS

LABELS = ("human", "location", "number")
METADATA = {"batch": "integer", "rank": "integer", "reason": "terms", "margin": "float"}


@dataclass(frozen=True)
class ApiDataset:
    """A published data set with a text, one label question and metadata, in a workspace of its own."""

    client: httpx.Client
    id: str
    workspace: str
    question: str
    name: str
    """Also that of the workspace."""

    def put(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Upsert records; their server ids."""
        answer = self.client.put(f"/datasets/{self.id}/records/bulk", json={"items": list(records)})
        return [item["id"] for item in ok(answer)["items"]]

    def suggestion(self, label: str, score: float, agent: str = "model-0") -> dict[str, Any]:
        return {"question_id": self.question, "value": label, "score": score, "agent": agent}

    def search(
        self,
        *filters: Mapping[str, Any],
        text: Mapping[str, Any] | str | None = None,
        sort: Sequence[Mapping[str, Any]] = (),
        client: httpx.Client | None = None,
        **params: Any,
    ) -> tuple[list[str], int]:
        """The external ids of a page, and the total, as the web page asks them for the client's user."""
        body: dict[str, Any] = {}
        if filters:
            body["filters"] = {"and": list(filters)}
        if text is not None:
            body["query"] = {"text": {"q": text} if isinstance(text, str) else text}
        if sort:
            body["sort"] = list(sort)
        path = f"/me/datasets/{self.id}/records/search"
        answer = ok((client or self.client).post(path, json=body, params=params))
        return [item["record"]["external_id"] for item in answer["items"]], answer["total"]

    def ids(self, *filters: Mapping[str, Any], **options: Any) -> list[str]:
        """The external ids that a search finds."""
        return self.search(*filters, **options)[0]

    def annotator(self, name: str | None = None) -> httpx.Client:
        """The client of a new annotator in the data set's workspace."""
        name = name or f"annotator-{secrets.token_hex(4)}"
        person = {"username": name, "first_name": name, "role": "annotator", "password": secrets.token_hex(8)}
        user = ok(self.client.post("/users", json=person))
        ok(self.client.post(f"/workspaces/{self.workspace}/users", json={"user_id": user["id"]}))
        headers = {"X-Argilla-Api-Key": user["api_key"]}
        return httpx.Client(base_url=self.client.base_url, headers=headers, timeout=30, verify=NO_TLS)


def ok(answer: httpx.Response) -> Any:
    """The body of an answer that must be a success."""
    assert answer.is_success, f"{answer.status_code}: {answer.text}"
    return answer.json() if answer.content else None


def respond(client: httpx.Client, record: str, label: str | None, status: str = "submitted") -> str:
    """Answer a record as the client's user; the response's id."""
    values = {} if label is None else {"values": {"label": {"value": label}}}
    return str(ok(client.post(f"/records/{record}/responses", json={"status": status, **values}))["id"])


def make_dataset(
    client: httpx.Client,
    min_submitted: int = 1,
    labels: Sequence[str] = LABELS,
    fields: Sequence[str] = ("text",),
    field: str = "text",
    questions: Sequence[tuple[str, str]] = (("label", "label_selection"),),
    is_published: bool = True,
) -> ApiDataset:
    """A new data set: fields of a kind, and questions by name and kind."""
    name = f"data-{secrets.token_hex(4)}"
    workspace = ok(client.post("/workspaces", json={"name": name}))["id"]
    spread = {"strategy": "overlap", "min_submitted": min_submitted}
    dataset = {"name": name, "workspace_id": workspace, "distribution": spread}
    path = f"/datasets/{ok(client.post('/datasets', json=dataset))['id']}"
    for each in fields:
        about = {"name": each, "title": each, "required": each == fields[0], "settings": {"type": field}}
        ok(client.post(f"{path}/fields", json=about))
    question = ""
    for each, kind in questions:
        choices: Sequence[Any] = range(1, 6) if kind == "rating" else labels
        options = [{"value": choice, **({} if kind == "rating" else {"text": choice})} for choice in choices]
        about = {
            "name": each,
            "title": each,
            "required": True,
            "settings": {"type": kind, "options": options},
        }
        question = ok(client.post(f"{path}/questions", json=about))["id"]
    for property, type in METADATA.items():
        about = {"name": property, "title": property, "settings": {"type": type}}
        ok(client.post(f"{path}/metadata-properties", json={**about, "visible_for_annotators": True}))
    if is_published:
        ok(client.put(f"{path}/publish"))
    return ApiDataset(client, path.removeprefix("/datasets/"), workspace, question, name)


def record(batch: int, rank: int, text: str = "text", **more: Any) -> dict[str, Any]:
    """A record of a batch, named `<batch>:<rank>`; `metadata` among `more` is added to its metadata."""
    metadata = {"batch": batch, "rank": rank, **more.pop("metadata", {})}
    return {"external_id": f"{batch}:{rank}", "fields": {"text": text}, "metadata": metadata, **more}


def terms(entity: str, values: Sequence[Any], **scope: Any) -> dict[str, Any]:
    return {"type": "terms", "scope": {"entity": entity, **scope}, "values": list(values)}


def range_of(entity: str, ge: Any = None, le: Any = None, **scope: Any) -> dict[str, Any]:
    return {"type": "range", "scope": {"entity": entity, **scope}, "ge": ge, "le": le}


def by(entity: str, order: str = "asc", **scope: Any) -> dict[str, Any]:
    return {"scope": {"entity": entity, **scope}, "order": order}

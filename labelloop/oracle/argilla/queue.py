"""The annotator's side: the caller's own queue, and the caller's own answers."""

from typing import Any

from labelloop.oracle.argilla.errors import Missing, Rejected
from labelloop.oracle.argilla.models import Dataset, Record
from labelloop.oracle.argilla.records import to_record
from labelloop.oracle.argilla.transport import Transport
from labelloop.oracle.argilla.values import to_values


async def next_records(transport: Transport, dataset: Dataset, count: int) -> list[Record]:
    found = await transport.request(
        "POST",
        f"me/datasets/{dataset.id}/records/search",
        params={"include": "responses,suggestions", "offset": 0, "limit": count},
        body={
            "query": {},
            "filters": {"and": [_pending("response"), _pending("record")]},
            "sort": [{"scope": {"entity": "metadata", "metadata_property": "batch"}, "order": "asc"}],
        },
    )
    return [to_record(item["record"]) for item in found["items"]]


async def respond(transport: Transport, record_id: str, labels: tuple[str, ...], status: str) -> None:
    answer = {"record_id": record_id, "status": status, "values": to_values(labels)}
    outcome = (await transport.request("POST", "me/responses/bulk", body={"items": [answer]}))["items"][0]
    if outcome["error"] is not None:
        detail = " ".join(outcome["error"]["detail"].split())
        raise Missing(detail) if "not found" in detail else Rejected(detail)


def _pending(entity: str) -> dict[str, Any]:
    return {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": ["pending"]}

"""Records with everyone's responses: read them all, write them under their external ids."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from labelloop.oracle.argilla.layout import TEXT_FIELD
from labelloop.oracle.argilla.models import Dataset, NewRecord, NewResponse, Record, Response, Suggestion
from labelloop.oracle.argilla.paging import read_all
from labelloop.oracle.argilla.times import utc
from labelloop.oracle.argilla.transport import Transport
from labelloop.oracle.argilla.values import from_value, from_values, to_value, to_values

# Argilla takes 500, which a slow server cannot write within a request's time-out.
LONGEST_UPSERT = 100
LONGEST_DELETION = 100

T = TypeVar("T")


async def records(
    transport: Transport, dataset: Dataset, batch: int | None, suggestions: bool
) -> list[Record]:
    include = "responses,suggestions" if suggestions else "responses"

    async def listed(offset: int, limit: int) -> list[Any]:
        params: dict[str, str | int] = {"include": include, "offset": offset, "limit": limit}
        items: list[Any] = (await transport.request("GET", f"datasets/{dataset.id}/records", params=params))[
            "items"
        ]
        return items

    async def searched(offset: int, limit: int) -> list[Any]:
        params: dict[str, str | int] = {"include": include, "offset": offset, "limit": limit}
        path = f"datasets/{dataset.id}/records/search"
        found = await transport.request("POST", path, params=params, body=query)
        return [item["record"] for item in found["items"]]

    query = {
        "filters": {
            "and": [
                {
                    "type": "terms",
                    "scope": {"entity": "metadata", "metadata_property": "batch"},
                    "values": [str(batch)],
                }
            ]
        },
        "sort": [{"scope": {"entity": "record", "property": "external_id"}, "order": "asc"}],
    }
    return [to_record(item) for item in await read_all(listed if batch is None else searched)]


async def put_records(transport: Transport, dataset: Dataset, new: Sequence[NewRecord]) -> None:
    for chunk in _chunks(new, LONGEST_UPSERT):
        items = [_upsert(record, dataset) for record in chunk]
        await transport.request("PUT", f"datasets/{dataset.id}/records/bulk", body={"items": items})


async def delete_records(transport: Transport, dataset: Dataset, ids: Sequence[str]) -> None:
    for chunk in _chunks(ids, LONGEST_DELETION):
        params = {"ids": ",".join(chunk)}
        await transport.request("DELETE", f"datasets/{dataset.id}/records", params=params)


def to_record(item: Any) -> Record:
    suggestions = item.get("suggestions") or ()
    return Record(
        id=item["id"],
        external_id=item["external_id"],
        text=item["fields"].get(TEXT_FIELD, ""),
        metadata=item["metadata"] or {},
        status=item["status"],
        suggestion=_suggestion(suggestions[0]) if suggestions else None,
        responses=tuple(_response(response) for response in item.get("responses") or ()),
        inserted_at=utc(item["inserted_at"]),
    )


def _response(item: Any) -> Response:
    return Response(item["user_id"], item["status"], from_values(item["values"]), utc(item["updated_at"]))


def _suggestion(item: Any) -> Suggestion:
    return Suggestion(from_value(item["value"]), item["score"], item["agent"])


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _upsert(record: NewRecord, dataset: Dataset) -> dict[str, Any]:
    item: dict[str, Any] = {
        "external_id": record.external_id,
        # PostgreSQL, which may be behind Argilla, takes no NUL in a text.
        "fields": {TEXT_FIELD: record.text.replace("\0", "\N{REPLACEMENT CHARACTER}")},
        "metadata": dict(record.metadata),
    }
    if record.suggestion is not None:
        item["suggestions"] = [_upsert_suggestion(record.suggestion, dataset)]
    if record.responses:
        item["responses"] = [_upsert_response(response) for response in record.responses]
    return item


def _upsert_suggestion(suggestion: Suggestion, dataset: Dataset) -> dict[str, Any]:
    return {
        "question_id": dataset.question_id,
        "value": to_value(suggestion.labels),
        "score": suggestion.score,
        "agent": suggestion.agent,
        "type": "model",
    }


def _upsert_response(response: NewResponse) -> dict[str, Any]:
    return {"user_id": response.user_id, "status": response.status, "values": to_values(response.labels)}

"""Read and write records with everyone's responses, and the caller's own queue and answers."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from labelloop.errors import Unavailable
from labelloop.oracle.argilla.transport import Transport, utc
from labelloop.oracle.argilla.values import (
    Dataset,
    NewRecord,
    NewResponse,
    Response,
    StoredRecord,
    Suggestion,
    from_value,
    from_values,
    to_value,
    to_values,
)
from labelloop.oracle.base import Missing, Rejected
from labelloop.oracle.escaping import MARK, escaped, is_escaped, unescaped

PAGE = 500
ATTEMPTS = 5
# Argilla takes 500, but a slow server cannot write so many within a request's time-out.
LONGEST_UPSERT = 100
LONGEST_DELETION = 100

T = TypeVar("T")
Fetch = Callable[[int, int], Awaitable[list[Any]]]


class Records(Transport):
    """The part of the API for records."""

    async def records(
        self, dataset: Dataset, batch: int | None = None, *, suggestions: bool = True
    ) -> list[StoredRecord]:
        """All records, or those of a batch, with everyone's responses. Needs an owner's or admin's key.

        Without `suggestions`, the server needs a third less time.
        """
        include = "responses,suggestions" if suggestions else "responses"

        async def listed(offset: int, limit: int) -> list[Any]:
            params: dict[str, str | int] = {"include": include, "offset": offset, "limit": limit}
            answer = await self._request("GET", f"datasets/{dataset.id}/records", params=params)
            return list(answer["items"])

        async def searched(offset: int, limit: int) -> list[Any]:
            params: dict[str, str | int] = {"include": include, "offset": offset, "limit": limit}
            path = f"datasets/{dataset.id}/records/search"
            answer = await self._request("POST", path, params=params, body=query)
            return [item["record"] for item in answer["items"]]

        of_batch = {
            "type": "terms",
            "scope": {"entity": "metadata", "metadata_property": "batch"},
            "values": [str(batch)],
        }
        query = {
            "filters": {"and": [of_batch]},
            "sort": [{"scope": {"entity": "record", "property": "external_id"}, "order": "asc"}],
        }
        items = await read_all(listed if batch is None else searched)
        return [_to_record(item, dataset.question) for item in items]

    async def put_records(self, dataset: Dataset, records: Sequence[NewRecord]) -> None:
        """Write records by their external ids, so that people see their texts literally.

        Existing records get the new text and metadata.

        Responses of the named users are set, others are kept; a suggestion of None is not changed. Records
        are written in chunks of LONGEST_UPSERT, each completely or not at all. Raises Rejected if a
        response's user does not exist.
        """
        for chunk in _chunks(records, LONGEST_UPSERT):
            items = [_upsert(record, dataset) for record in chunk]
            await self._request("PUT", f"datasets/{dataset.id}/records/bulk", body={"items": items})

    async def delete_records(self, dataset: Dataset, record_ids: Sequence[str]) -> None:
        """Delete records by the server's ids, with their responses. Missing records are not an error."""
        for chunk in _chunks(record_ids, LONGEST_DELETION):
            params = {"ids": ",".join(chunk)}
            await self._request("DELETE", f"datasets/{dataset.id}/records", params=params)

    async def next_records(self, dataset: Dataset, count: int) -> list[StoredRecord]:
        """The first records that wait for the caller's answer, in the order of the web page."""
        answer = await self._request(
            "POST",
            f"me/datasets/{dataset.id}/records/search",
            params={"include": "responses,suggestions", "offset": 0, "limit": count},
            body={
                "query": {},
                "filters": {"and": [_pending("response"), _pending("record")]},
                "sort": [{"scope": {"entity": "metadata", "metadata_property": "batch"}, "order": "asc"}],
            },
        )
        return [_to_record(item["record"], dataset.question) for item in answer["items"]]

    async def respond(
        self,
        record_id: str,
        labels: tuple[str, ...],
        status: str = "submitted",
        task: str = "single-label",
    ) -> None:
        """Set the caller's own answer to a record. It replaces an earlier one."""
        answer = {"record_id": record_id, "status": status, "values": to_values(labels, status, task)}
        outcome = (await self._request("POST", "me/responses/bulk", body={"items": [answer]}))["items"][0]
        if outcome["error"] is not None:
            detail = " ".join(outcome["error"]["detail"].split())
            raise Missing(detail) if "not found" in detail else Rejected(detail)


async def read_all(fetch: Fetch, size: int = PAGE) -> list[Any]:
    """Every item of `fetch(offset, limit)` once, in order. Items are identified by their `id`.

    Each page starts with the last item of the page before. If it does not, an earlier item was deleted, and
    reading starts over. Raises Unavailable if the listing keeps changing.
    """
    for _ in range(ATTEMPTS):
        items = await _read(fetch, size)
        if items is not None:
            return items
    raise Unavailable("Argilla's records change faster than they can be read")


async def _read(fetch: Fetch, size: int) -> list[Any] | None:
    items = page = await fetch(0, size)
    while len(page) == size:
        page = await fetch(len(items) - 1, size)
        if not page or page[0]["id"] != items[-1]["id"]:
            return None
        items = items + page[1:]
    return items if len({item["id"] for item in items}) == len(items) else None


def _to_record(item: Any, question: str) -> StoredRecord:
    suggestions = item.get("suggestions") or ()
    metadata = item["metadata"] or {}
    texts = {name: str(text) for name, text in item["fields"].items() if text is not None}
    # Another client may have written another text, and left the mark.
    is_literal = is_escaped(metadata) and all(escaped(unescaped(text)) == text for text in texts.values())
    return StoredRecord(
        id=item["id"],
        external_id=item["external_id"],
        fields={name: unescaped(text) if is_literal else text for name, text in texts.items()},
        metadata={name: value for name, value in metadata.items() if name not in MARK},
        is_literal=is_literal,
        status=item["status"],
        suggestion=_suggestion(suggestions[0]) if suggestions else None,
        responses=tuple(_response(response, question) for response in item.get("responses") or ()),
        inserted_at=utc(item["inserted_at"]),
    )


def _response(item: Any, question: str) -> Response:
    labels = from_values(item["values"], question)
    return Response(item["user_id"], item["status"], labels, utc(item["updated_at"]))


def _suggestion(item: Any) -> Suggestion:
    labels, score, agent = from_value(item["value"]), item["score"], item["agent"]
    if isinstance(score, list):
        return Suggestion(labels, None, agent, tuple(score))
    return Suggestion(labels, score, agent)


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _upsert(record: NewRecord, dataset: Dataset) -> dict[str, Any]:
    item: dict[str, Any] = {
        "external_id": record.external_id,
        "fields": {name: escaped(text) for name, text in record.fields.items()},
        "metadata": {**record.metadata, **MARK},
    }
    if record.suggestion is not None:
        item["suggestions"] = [_upsert_suggestion(record.suggestion, dataset)]
    if record.responses:
        item["responses"] = [_upsert_response(response, dataset) for response in record.responses]
    return item


def _upsert_suggestion(suggestion: Suggestion, dataset: Dataset) -> dict[str, Any]:
    return {
        "question_id": dataset.question_id,
        "value": to_value(suggestion.labels, dataset.task),
        "score": (list(suggestion.scores) or None) if dataset.is_multi_label else suggestion.score,
        "agent": suggestion.agent,
        "type": "model",
    }


def _upsert_response(response: NewResponse, dataset: Dataset) -> dict[str, Any]:
    values = to_values(response.labels, response.status, dataset.task)
    return {"user_id": response.user_id, "status": response.status, "values": values}


def _pending(entity: str) -> dict[str, Any]:
    return {"type": "terms", "scope": {"entity": entity, "property": "status"}, "values": ["pending"]}

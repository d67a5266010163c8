"""Answers that the database does not store now, as on a full disk: they are not refused, but sent again."""

from argilla_server.api.schemas.v1.responses import ResponseBulk, ResponseUpsert
from argilla_server.models import User
from argilla_server.use_cases.responses.upsert_responses_in_bulk import UpsertResponsesInBulkUseCase
from fastapi import HTTPException, status

OF_THE_DATABASE = "(sqlite3."
"""How SQLAlchemy's words for an error of the database begin."""


def fail_with_the_database() -> None:
    """Let a request with several answers fail if the database does: each may be sent again.

    Argilla says in a success which answers it did not take, whatever the reason.
    """
    execute = UpsertResponsesInBulkUseCase.execute

    async def execute_or_fail(
        self: UpsertResponsesInBulkUseCase, responses: list[ResponseUpsert], user: User
    ) -> list[ResponseBulk]:
        items: list[ResponseBulk] = await execute(self, responses, user)
        if any(item.error is not None and item.error.detail.startswith(OF_THE_DATABASE) for item in items):
            raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, "the database does not store answers")
        return items

    UpsertResponsesInBulkUseCase.execute = execute_or_fail

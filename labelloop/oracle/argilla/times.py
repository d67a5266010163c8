"""Argilla's times: ISO 8601 in UTC, written without saying so."""

from datetime import UTC, datetime


def utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

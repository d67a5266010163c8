"""A client for Argilla's HTTP API: data sets, records with responses, accounts, an annotator's queue."""

from labelloop.oracle.argilla.client import Argilla
from labelloop.oracle.argilla.models import (
    About,
    Account,
    Dataset,
    DatasetSpec,
    NewRecord,
    NewResponse,
    Response,
    StoredRecord,
    Suggestion,
    User,
)
from labelloop.oracle.argilla.transport import Conflict
from labelloop.oracle.base import Missing, Refused, Rejected

__all__ = [
    "About",
    "Account",
    "Argilla",
    "Conflict",
    "Dataset",
    "DatasetSpec",
    "Missing",
    "NewRecord",
    "NewResponse",
    "Refused",
    "Rejected",
    "Response",
    "StoredRecord",
    "Suggestion",
    "User",
]

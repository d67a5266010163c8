"""A client for Argilla's HTTP API: data sets, records with responses, accounts, queues, webhooks."""

from labelloop.oracle.argilla.changed_labels import SuccessorDatasets
from labelloop.oracle.argilla.records import Records
from labelloop.oracle.argilla.transport import Conflict
from labelloop.oracle.argilla.values import (
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
from labelloop.oracle.argilla.webhooks import Webhooks
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


class Argilla(SuccessorDatasets, Records, Webhooks):
    """A client for the Argilla at `url`, with the rights of `api_key`. An async context manager.

    `headers` go with every request (a private Space needs `Authorization: Bearer …`). `timeout` is in
    seconds, for each connection, read and write. Any call raises `labelloop.errors.Unavailable` if Argilla
    does not answer, `Refused` (a `UserError`) if it refuses the key, `Missing` if something does not exist,
    and `Rejected` for an invalid request. Raises UserError for an invalid URL.
    """

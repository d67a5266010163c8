"""The Argilla client."""

from labelloop.oracle.argilla.datasets import Datasets
from labelloop.oracle.argilla.records import Records


class Argilla(Datasets, Records):
    """A client for the Argilla at `url`, with the rights of `api_key`. An async context manager.

    `headers` go with every request (a private Space needs `Authorization: Bearer …`). `timeout` is in
    seconds, for each connection, read and write. Any call raises `labelloop.errors.Unavailable` if Argilla
    does not answer, `Refused` (a `UserError`) if it refuses the key, `Missing` if something does not exist,
    and `Rejected` for an invalid request. Raises UserError for an invalid URL.
    """

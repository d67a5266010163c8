"""Argilla as labelloop uses it."""

from labelloop.oracle.argilla.datasets import Datasets
from labelloop.oracle.argilla.records import Records


class Argilla(Datasets, Records):
    """The Argilla at `url` as the user of `api_key` sees it; an async context manager.

    `headers` go with every request (a private Space wants `Authorization: Bearer …`); `timeout` is in
    seconds, for each connection, read and write. Any call raises `labelloop.errors.Unavailable` if Argilla
    does not answer for now, `Refused` (a `UserError`) if it does not take the key, `Missing` if what is named
    is not there, and `Rejected` for what it holds for wrong. Raises UserError for a URL that is none.
    """

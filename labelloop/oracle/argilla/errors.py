"""How a call to Argilla fails, apart from `labelloop.errors.Unavailable`."""

from labelloop.errors import Unavailable, UserError


class Refused(UserError):
    """Argilla does not accept the key (401), or the key may not do this (403)."""


class Missing(Exception):
    """The data set, record or account is not in Argilla (any more)."""


class Rejected(Exception):
    """Argilla holds the request for wrong (400, 422), or in conflict with what it has (409)."""


class Conflict(Rejected):
    """What the request would create is there already (409)."""


class NotArgilla(Unavailable):
    """Something answers at the URL, but not as Argilla does: a wrong address, or a proxy's own page."""

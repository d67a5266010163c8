"""Errors that users meet, each one line that names the cause and the remedy."""


class UserError(Exception):
    """Bad input or a bad environment; `str(error)` is one line that says what to do."""


class Unavailable(Exception):
    """Something outside the process does not answer for now; trying again later may help."""

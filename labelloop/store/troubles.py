"""What goes wrong with a store elsewhere, as the errors that the loop knows."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from labelloop.errors import TaskError, Unavailable, UserError

FULL = (errno.ENOSPC, errno.EDQUOT)
UNANSWERABLE = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "DefaultCredentialsError",
    "RefreshError",
    "ClientAuthenticationError",
    "NoRegionError",
    "ParamValidationError",
)
"""Errors of the stores' libraries, by name, that trying again does not mend."""


@contextmanager
def told(store: str) -> Iterator[None]:
    """Turn what a library raises into Unavailable or UserError; `store` names it, without credentials.

    What is not found there (FileNotFoundError), and what is wrong with files of this machine, stays as it is.
    """
    try:
        yield
    except (TaskError, Unavailable, UserError, FileNotFoundError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise TaskError("disk-full", f"no space left for copies of {store}: free some space") from error
        if isinstance(error, OSError) and error.filename is not None:
            raise
        if _is_refused(error):
            raise UserError(
                f"the store {store} refuses ({line(error)}): check its credentials and what they allow"
            ) from error
        if isinstance(error, TypeError | ValueError | NotImplementedError | ImportError):
            raise UserError(
                f"the store {store} cannot be used ({line(error)}): "
                "check LABELLOOP_STORE and LABELLOOP_STORE_OPTIONS"
            ) from error
        raise away(store, line(error)) from error


def _is_refused(error: Exception) -> bool:
    if isinstance(error, PermissionError) or type(error).__name__ in UNANSWERABLE:
        return True
    # Google's store says so by a code, or by a word.
    return str(getattr(error, "code", "")) in ("401", "403") or str(error).startswith("Forbidden")


def away(store: str, why: str) -> Unavailable:
    return Unavailable(f"the store {store} is away ({why})", f"store {store}")


def line(error: BaseException) -> str:
    """An error in one line, at most 200 characters."""
    text = " ".join(str(error.args[-1] if error.args else error).split())
    return (text or type(error).__name__)[:200]

"""Failures of tasks, with one-line messages."""

import errno

from labelloop.errors import TaskError, UserError, one_line
from labelloop.store.artifacts import ModelDamaged, ModelMissing

LONGEST = 500


class WorkerCrashed(TaskError):
    """The child ended without an answer. The message says how."""

    def __init__(self, message: str) -> None:
        super().__init__("crashed", message)

    def __reduce__(self) -> tuple[type["WorkerCrashed"], tuple[str]]:
        return WorkerCrashed, (self.message,)


class TaskFailed(TaskError):
    """The task ended with an error. The message is one line.

    `kind` is out-of-memory, disk-full, model-missing, model-damaged, bad-input or error.
    """

    @classmethod
    def of(cls, error: BaseException) -> "TaskFailed":
        """Classify an error that a task raised."""
        return cls(_kind(error), _line(error))


def _kind(error: BaseException) -> str:
    match error:
        case UserError():
            return "bad-input"
        case ModelMissing():
            return "model-missing"
        case ModelDamaged():
            return "model-damaged"
    if _is_out_of_memory(error):
        return "out-of-memory"
    return "disk-full" if _is_disk_full(error) else "error"


def _is_out_of_memory(error: BaseException) -> bool:
    text = str(error)
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in text
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    )


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "No space left on device" in str(error) or "Disk quota exceeded" in str(error)


def _line(error: BaseException) -> str:
    text = one_line(str(error)) or "no further reason given"
    is_plain = isinstance(error, UserError | ModelMissing | ModelDamaged)
    return (text if is_plain else f"{type(error).__name__}: {text}")[:LONGEST]


def is_model_lost(kind: str) -> bool:
    """Whether a task failed because its model's folder is missing or damaged."""
    return kind in {"model-missing", "model-damaged"}

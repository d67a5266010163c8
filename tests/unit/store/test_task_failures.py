"""Errors of a task, by kind and in one line."""

import errno
import pickle

import pytest

from labelloop.errors import UserError
from labelloop.store.artifacts import ModelDamaged, ModelMissing
from labelloop.store.task_failures import LONGEST, TaskFailed, WorkerCrashed


class OutOfMemoryError(RuntimeError):
    """Named as torch names its own."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "out-of-memory"),
        (OutOfMemoryError("CUDA out of memory"), "out-of-memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out-of-memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out-of-memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk-full"),
        (RuntimeError("Error while serializing: I/O error: No space left on device"), "disk-full"),
        (ModelMissing("gone"), "model-missing"),
        (ModelDamaged("torn"), "model-damaged"),
        (UserError("label more"), "bad-input"),
        (ValueError("odd"), "error"),
    ],
)
def test_an_error_has_a_kind(error: Exception, kind: str) -> None:
    assert TaskFailed.of(error).kind == kind


def test_a_message_is_one_line_of_bounded_length() -> None:
    failed = TaskFailed.of(ValueError("first\n  second " + "x" * 2 * LONGEST))

    assert failed.message.startswith("ValueError: first second x")
    assert len(failed.message) == LONGEST


@pytest.mark.parametrize("error", [TaskFailed("error", "odd"), WorkerCrashed("killed by signal 9")])
def test_a_failure_survives_the_way_between_processes(error: TaskFailed | WorkerCrashed) -> None:
    returned = pickle.loads(pickle.dumps(error))

    assert (type(returned), returned.kind, returned.message) == (type(error), error.kind, error.message)

"""Arrays in files that are there as a whole or not at all."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from labelloop import atomic
from labelloop.learner.classifiers.base import Features


def write(file: Path, array: Features) -> None:
    """Write an array, readable by this user alone."""
    with atomic.beside(file) as draft:
        with atomic.create(draft, atomic.THIS_USER) as writing:
            np.save(writing, array, allow_pickle=False)
        atomic.place(draft, file)


def read_or_computed(file: Path, texts: int, compute: Callable[[], Features]) -> Features:
    """What is in the file, if that has so many rows. Else it is computed, and written there if possible."""
    with suppress(OSError, EOFError, ValueError):
        features: Features = np.load(file, mmap_mode="r", allow_pickle=False)
        if features.ndim == 2 and len(features) == texts:
            return features
    features = compute()
    with suppress(OSError):
        write(file, features)
    return features

"""The garbage collector while a long log is read."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (50_000, 20, 100)

_readers = 0
_usual = gc.get_threshold()


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Let the collector look seldom: a fold keeps nearly all that it makes, so looking again is in vain.

    Several reads may overlap; the last one that ends puts the usual thresholds back.
    """
    global _readers, _usual
    if _readers == 0:
        _usual = gc.get_threshold()
        gc.set_threshold(*SELDOM)
    _readers += 1
    try:
        yield
    finally:
        _readers -= 1
        if _readers == 0:
            gc.set_threshold(*_usual)

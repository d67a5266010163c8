"""The place in a batch where a person starts, so that people do not label the same texts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Seat:
    """Where a walk through a batch starts, as a share of its size, and its direction."""

    start: float
    forward: bool


def seat(number: int) -> Seat:
    """The seat of the `number`-th person (from 0).

    Seats 2k and 2k + 1 start at the same point and walk in opposite directions, so that they meet only when
    the batch is done. The starting points are spread evenly (van der Corput's sequence).
    """
    return Seat(start=_van_der_corput(number // 2), forward=number % 2 == 0)


def _van_der_corput(number: int) -> float:
    share, weight = 0.0, 0.5
    while number:
        number, bit = divmod(number, 2)
        share += bit * weight
        weight /= 2
    return share

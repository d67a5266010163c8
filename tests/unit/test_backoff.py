"""How long to wait."""

from labelloop.backoff import Backoff


def test_waits_double_up_to_the_limit_with_jitter() -> None:
    backoff = Backoff(first=1.0, limit=10.0)

    waits = [backoff.next() for _ in range(6)]

    for wait, full in zip(waits, [1, 2, 4, 8, 10, 10], strict=True):
        assert full / 2 <= wait <= full
    assert waits[-1] != waits[-2]


def test_a_success_begins_anew() -> None:
    backoff = Backoff(first=1.0)
    for _ in range(5):
        backoff.next()

    backoff.reset()

    assert backoff.next() <= 1.0


def test_it_never_overflows() -> None:
    backoff = Backoff(limit=30.0)

    assert max(backoff.next() for _ in range(2000)) <= 30.0

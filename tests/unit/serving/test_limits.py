"""Limits on the rate of requests."""

import pytest

from labelloop.serving.limits import Bucket, Refusal


def test_a_bucket_lets_through_what_a_second_holds_and_then_as_many_as_come_in() -> None:
    bucket = Bucket(2)
    for _ in range(2):
        bucket.take(10.0)

    with pytest.raises(Refusal) as raised:
        bucket.take(10.4)
    assert (raised.value.status, raised.value.retry_after) == (429, 1)
    bucket.take(10.5)
    with pytest.raises(Refusal):
        bucket.take(10.6)
    for _ in range(2):
        bucket.take(99.0)
    with pytest.raises(Refusal):
        bucket.take(98.0)


def test_a_slow_bucket_tells_how_long_to_wait_and_one_without_a_rate_lets_all_through() -> None:
    slow = Bucket(0.1)
    slow.take(0.0)
    with pytest.raises(Refusal) as raised:
        slow.take(1.0)
    assert raised.value.retry_after == 9

    for _ in range(1000):
        Bucket(0).take(0.0)

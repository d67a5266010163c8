"""Where each person starts, and which texts are on whose screen, by a clock that the test moves."""

from uuid import UUID

import pytest

from labelloop.oracle.server.reservations import (
    BESIDES_THE_ASKED,
    HELD_SECONDS,
    MOST_ASKED,
    MOST_GIVEN,
    Reservations,
    Seat,
    seat,
)
from tests.support.clock import Clock

ADA, BEN, EVE = UUID(int=1), UUID(int=2), UUID(int=3)
RECORDS = [UUID(int=number) for number in range(10, 20)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reservations(clock: Clock) -> Reservations:
    return Reservations(clock)


def test_what_is_on_a_screen_is_kept_from_others_and_given_to_its_person_in_the_same_order(
    reservations: Reservations,
) -> None:
    reservations.hold(ADA, [RECORDS[3], RECORDS[1]], count=2)
    reservations.hold(ADA, [RECORDS[1], RECORDS[2]], count=2)
    reservations.hold(EVE, [RECORDS[1]], count=1)

    assert reservations.of(ADA) == [RECORDS[3], RECORDS[1], RECORDS[2]]
    assert reservations.of(BEN) == []
    assert reservations.of_others(BEN) == {RECORDS[3]: 1, RECORDS[1]: 2, RECORDS[2]: 1}
    assert reservations.of_others(EVE) == {RECORDS[3]: 1, RECORDS[1]: 1, RECORDS[2]: 1}


def test_it_is_free_again_when_it_is_answered_or_left_or_nothing_is_asked_for_a_while(
    reservations: Reservations, clock: Clock
) -> None:
    reservations.hold(ADA, RECORDS[:2], count=2)
    reservations.answered(ADA, RECORDS[0])
    reservations.answered(BEN, RECORDS[1])
    assert reservations.of_others(BEN) == {RECORDS[1]: 1}

    clock.now = HELD_SECONDS - 1
    reservations.hold(ADA, [RECORDS[1]], count=1)
    clock.now = 2 * HELD_SECONDS - 2
    assert reservations.of_others(BEN) == {RECORDS[1]: 1}
    clock.now = 2 * HELD_SECONDS
    assert reservations.of_others(BEN) == {}

    reservations.hold(ADA, RECORDS[:2], count=2)
    reservations.leave(ADA)
    reservations.leave(BEN)
    assert reservations.of_others(BEN) == {}


def test_who_looks_at_many_texts_keeps_only_the_newest_from_others(reservations: Reservations) -> None:
    for record in RECORDS:
        reservations.hold(ADA, [record], count=1)

    assert list(reservations.of_others(BEN)) == RECORDS[-1 - BESIDES_THE_ASKED :]
    assert reservations.of(ADA) == RECORDS


def test_nobody_keeps_more_texts_from_others_than_a_page_shows(reservations: Reservations) -> None:
    records = [UUID(int=number) for number in range(5 * MOST_GIVEN)]
    for start in range(0, len(records), MOST_GIVEN):
        reservations.hold(ADA, records[start : start + MOST_GIVEN], count=MOST_GIVEN)

    assert list(reservations.of_others(BEN)) == records[-MOST_ASKED - BESIDES_THE_ASKED :]
    assert reservations.of(ADA) == records[-MOST_GIVEN:]


def test_the_first_two_start_at_the_same_cut_and_walk_apart() -> None:
    assert (seat(0), seat(1)) == (Seat(0.0, True), Seat(0.0, False))


def test_no_two_of_many_people_walk_the_same_way_from_the_same_place() -> None:
    seats = [seat(number) for number in range(64)]
    assert len(set(seats)) == len(seats)


def test_the_cuts_of_eight_people_lie_evenly() -> None:
    assert sorted({seat(number).start for number in range(8)}) == [0.0, 0.25, 0.5, 0.75]

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
MAIL, NEWS = UUID(int=4), UUID(int=5)
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
    reservations.hold(ADA, MAIL, [RECORDS[3], RECORDS[1]], asked=2)
    reservations.hold(ADA, MAIL, [RECORDS[1], RECORDS[2]], asked=2)
    reservations.hold(EVE, MAIL, [RECORDS[1]], asked=1)

    assert reservations.of(ADA, MAIL) == [RECORDS[3], RECORDS[1], RECORDS[2]]
    assert reservations.of(BEN, MAIL) == []
    assert reservations.before(BEN, MAIL) == {RECORDS[3]: {ADA}, RECORDS[1]: {ADA, EVE}, RECORDS[2]: {ADA}}
    assert reservations.before(EVE, MAIL) == {RECORDS[3]: {ADA}, RECORDS[1]: {ADA}, RECORDS[2]: {ADA}}


def test_it_is_free_again_when_it_is_answered_or_left_or_nothing_is_asked_for_a_while(
    reservations: Reservations, clock: Clock
) -> None:
    reservations.hold(ADA, MAIL, RECORDS[:2], asked=2)
    reservations.answered(ADA, RECORDS[0])
    reservations.answered(BEN, RECORDS[1])
    assert reservations.before(BEN, MAIL) == {RECORDS[1]: {ADA}}

    clock.now = HELD_SECONDS - 1
    reservations.hold(ADA, MAIL, [RECORDS[1]], asked=1)
    clock.now = 2 * HELD_SECONDS - 2
    assert reservations.before(BEN, MAIL) == {RECORDS[1]: {ADA}}
    clock.now = 2 * HELD_SECONDS
    assert reservations.before(BEN, MAIL) == {}

    reservations.hold(ADA, MAIL, RECORDS[:2], asked=2)
    reservations.leave(ADA, MAIL)
    reservations.leave(BEN, MAIL)
    assert reservations.before(BEN, MAIL) == {}


def test_of_several_who_have_the_same_text_nobody_waits_for_who_had_it_later(
    reservations: Reservations,
) -> None:
    for person in (ADA, BEN, EVE, ADA):
        reservations.hold(person, MAIL, RECORDS[:1], asked=1)

    assert reservations.before(ADA, MAIL) == {}
    assert reservations.before(BEN, MAIL) == {RECORDS[0]: {ADA}}
    assert reservations.before(EVE, MAIL) == {RECORDS[0]: {ADA, BEN}}
    reservations.leave(ADA, MAIL)
    assert reservations.before(BEN, MAIL) == {}


def test_each_data_set_has_a_screen_of_its_own(reservations: Reservations, clock: Clock) -> None:
    reservations.hold(ADA, MAIL, RECORDS[:1], asked=1)
    reservations.hold(ADA, NEWS, RECORDS[1:5], asked=1)
    assert reservations.before(BEN, MAIL) == {RECORDS[0]: {ADA}}
    assert reservations.of(ADA, MAIL) == RECORDS[:1]

    clock.now = HELD_SECONDS - 1
    reservations.hold(ADA, NEWS, [], asked=1)
    clock.now = HELD_SECONDS
    assert reservations.before(BEN, MAIL) == {}
    assert set(reservations.before(BEN, NEWS)) == set(RECORDS[2:5])

    reservations.hold(ADA, MAIL, RECORDS[:1], asked=1)
    reservations.leave(ADA, NEWS)
    assert (reservations.before(BEN, NEWS), reservations.of(ADA, MAIL)) == ({}, RECORDS[:1])
    reservations.leave(ADA)
    assert reservations.before(BEN, MAIL) == {}


def test_who_looks_at_many_texts_keeps_only_the_newest_from_others(reservations: Reservations) -> None:
    for record in RECORDS:
        reservations.hold(ADA, MAIL, [record], asked=1)

    assert list(reservations.before(BEN, MAIL)) == RECORDS[-1 - BESIDES_THE_ASKED :]
    assert reservations.of(ADA, MAIL) == RECORDS


def test_a_text_shown_again_is_kept_again_and_only_then(reservations: Reservations) -> None:
    reservations.hold(ADA, MAIL, RECORDS, asked=len(RECORDS))
    reservations.hold(ADA, MAIL, RECORDS[:1], asked=1)
    kept = set(reservations.before(BEN, MAIL))
    assert kept == {RECORDS[0], *RECORDS[-BESIDES_THE_ASKED:]}

    for record in kept:
        reservations.answered(ADA, record)

    assert reservations.before(BEN, MAIL) == {}
    assert reservations.of(ADA, MAIL) == RECORDS[1:-BESIDES_THE_ASKED]


def test_nobody_keeps_more_texts_from_others_than_a_page_shows(reservations: Reservations) -> None:
    records = [UUID(int=number) for number in range(5 * MOST_GIVEN)]
    for start in range(0, len(records), MOST_GIVEN):
        reservations.hold(ADA, MAIL, records[start : start + MOST_GIVEN], asked=MOST_GIVEN)

    assert list(reservations.before(BEN, MAIL)) == records[-MOST_ASKED - BESIDES_THE_ASKED :]
    assert reservations.of(ADA, MAIL) == records[-MOST_GIVEN:]


def test_the_first_two_start_at_the_same_cut_and_walk_apart() -> None:
    assert (seat(0), seat(1)) == (Seat(0.0, True), Seat(0.0, False))


def test_no_two_of_many_people_walk_the_same_way_from_the_same_place() -> None:
    seats = [seat(number) for number in range(64)]
    assert len(set(seats)) == len(seats)


def test_the_cuts_of_eight_people_lie_evenly() -> None:
    assert sorted({seat(number).start for number in range(8)}) == [0.0, 0.25, 0.5, 0.75]

from labelloop.oracle.server.search.seats import Seat, seat


def test_the_first_two_start_at_the_same_cut_and_walk_apart() -> None:
    assert (seat(0), seat(1)) == (Seat(0.0, True), Seat(0.0, False))


def test_no_two_of_many_people_walk_the_same_way_from_the_same_place() -> None:
    seats = [seat(number) for number in range(64)]
    assert len(set(seats)) == len(seats)


def test_the_cuts_of_eight_people_lie_evenly() -> None:
    assert sorted({seat(number).start for number in range(8)}) == [0.0, 0.25, 0.5, 0.75]

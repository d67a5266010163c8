"""Which texts are alike."""

from services.dashboard.similar_texts import most_alike

OTHERS = [
    (1, "the price of the invoice"),
    (2, "the weather today"),
    (3, "an INVOICE is due"),
    (4, "the long end of it all"),
    (5, ""),
]


def test_rare_words_that_are_shared_count_most() -> None:
    found = most_alike("the invoice", OTHERS, 2)

    assert [item for item, _ in found] == [1, 3]
    assert 0 < found[1][1] < found[0][1] < 1


def test_the_same_words_are_wholly_alike_and_others_not_at_all() -> None:
    ((item, how),) = most_alike("due is an invoice", OTHERS, 1)
    assert (item, round(how, 9)) == (3, 1.0)
    assert most_alike("nothing", OTHERS, 9) == most_alike("", OTHERS, 9) == most_alike("a", [], 9) == []

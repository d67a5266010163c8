"""What is played again, and what comes of several runs."""

import pytest

from labelloop.cli.what_if import what_if_text
from labelloop.errors import UserError
from labelloop.loop.figures import Point
from labelloop.projects.what_if import Comparison, played
from schemas.model import replaced
from schemas.parts import Choice, Snapshot
from tests.support.messages import names, raises_naming
from tests.support.states import project

TEST = Snapshot(uri="t", digest="t", size=10)
LABELS = dict.fromkeys(range(13), ("spam",))


def curve(*accuracies: float) -> list[Point]:
    return [Point(str(n), 3 * n + 3, accuracy, accuracy / 2) for n, accuracy in enumerate(accuracies)]


def test_it_is_played_until_every_labelled_text_is_asked() -> None:
    found = played(project(test=TEST, max_batches=2, given=1, audit_share=0.5), LABELS, seed=4)

    assert (found.max_batches, found.seed, found.given, found.audit_share) == (5, 4, 0, 0.0)


def test_without_a_test_set_or_a_choice_nothing_is_played() -> None:
    with raises_naming(UserError, "mail", "--test"):
        played(project(), LABELS, 0)
    with raises_naming(UserError, "mail", 6):
        played(project(test=TEST), dict(list(LABELS.items())[:6]), 0)


def test_runs_are_told_by_their_mean_lowest_and_highest() -> None:
    real = project(test=TEST)
    other = replaced(real, strategy=Choice(name="random-sampling"))
    compared = Comparison(
        "breaking-ties", real, other, 9, curve(0.3, 0.5, 0.9), [curve(0.2, 0.4, 0.9), curve(0.4, 0.4)]
    )

    spreads = compared.spreads()
    assert list(spreads) == [3, 6, 9]
    assert spreads[3] == pytest.approx((0.2, 0.3, 0.4))
    assert spreads[9] == (0.9, 0.9, 0.9)
    text = what_if_text(compared)
    assert text.splitlines()[1].split() == ["3", "0.300", "0.300", "(0.200", "…", "0.400)"]
    assert names(text, 9)
    assert compared.told()["played"]["strategy"] == "random-sampling"

"""Who has labelled, with or without accounts."""

from labelloop.cli.annotators import Annotator, who_labelled
from labelloop.loop.history import History
from schemas.envelope import new_event
from schemas.events import EventData
from tests.support.states import PROJECT, annotated, answered, project, queried, recorded, vote, votes

DONE = annotated(
    answered(0, vote("ann", "spam"), vote("bob", "ham")),
    answered(1, vote("cy"), discarded=True),
    answered(2, vote("ann", "ham")),
)


def histories(*facts: EventData) -> list[History]:
    history = History(PROJECT)
    for data in facts:
        assert history.add(new_event(PROJECT, data, source="tests")), history.halt
    return [history]


def test_the_log_alone_tells_who_labelled() -> None:
    open_batch = (queried("1", (3, 4)), recorded(votes(3, vote("bob", "spam")), batch="1"))

    found = who_labelled(histories(project(), queried(), DONE, *open_batch), roles=None)

    assert found == [
        Annotator("ann", None, 2, "unknown"),
        Annotator("bob", None, 2, "unknown"),
        Annotator("cy", None, 0, "unknown"),
    ]


def test_who_labelled_and_has_no_account_any_more_is_gone() -> None:
    found = who_labelled(histories(project(), queried(), DONE), {"owner": "owner", "ann": "annotator"})

    assert found == [
        Annotator("owner", "owner", 0, "there"),
        Annotator("ann", "annotator", 2, "there"),
        Annotator("bob", None, 1, "gone"),
        Annotator("cy", None, 0, "gone"),
    ]

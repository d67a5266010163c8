"""What a screen that shows a person's queue is given, asked as the page asks."""

import sqlite3
from contextlib import closing
from uuid import UUID

import httpx
import pytest

from labelloop.oracle.server.environment import DATABASE
from tests.support.argilla_api import ApiDataset, make_dataset, ok, record, respond, terms
from tests.support.argilla_server import ArgillaServer

PENDING = (terms("response", ["pending"], property="status"), terms("record", ["pending"], property="status"))


@pytest.fixture
def dataset(argilla_server: ArgillaServer) -> ApiDataset:
    return filled(make_dataset(argilla_server.client()))


def filled(dataset: ApiDataset) -> ApiDataset:
    dataset.put([record(0, rank) for rank in range(6)])
    return dataset


def on_screen(dataset: ApiDataset) -> httpx.Client:
    """The page of a new annotator."""
    person = dataset.annotator()
    person.headers["X-Labelloop-Screen"] = "queue"
    return person


def shown(dataset: ApiDataset, page: httpx.Client, **asked: int) -> list[str]:
    return dataset.ids(*PENDING, client=page, **{"limit": 1, **asked})


def server_id(dataset: ApiDataset, name: str) -> str:
    items = ok(dataset.client.get(f"/datasets/{dataset.id}/records", params={"limit": 100}))["items"]
    return str(next(item["id"] for item in items if item["external_id"] == name))


def test_a_screen_gets_what_it_had_and_then_what_nobody_has(dataset: ApiDataset) -> None:
    ada, ben, eve = (on_screen(dataset) for _ in range(3))

    first, second = shown(dataset, ada), shown(dataset, ada, offset=1)
    others = shown(dataset, ben, limit=3)

    assert len({*first, *second, *others}) == 5
    assert (shown(dataset, ada), shown(dataset, ada, limit=2)) == (first, first + second)
    assert shown(dataset, ben, limit=3) == others
    left, total = dataset.search(*PENDING, client=eve, limit=10)
    assert ({*left, *first, *second, *others}, total) == ({f"0:{rank}" for rank in range(6)}, 1)


def test_a_text_is_free_when_its_screen_is_left(dataset: ApiDataset) -> None:
    ada, ben = on_screen(dataset), on_screen(dataset)
    everything = shown(dataset, ada, limit=10)
    assert shown(dataset, ben) == []

    ada.headers["X-Labelloop-Screen"] = "left"
    shown(dataset, ada)

    assert set(shown(dataset, ben, limit=10)) == set(everything)


def test_a_text_is_on_as_many_screens_as_it_needs_answers(argilla_server: ArgillaServer) -> None:
    dataset = filled(make_dataset(argilla_server.client(), min_submitted=2))
    ada, ben, eve = (on_screen(dataset) for _ in range(3))

    assert len(shown(dataset, ada, limit=10)) == len(shown(dataset, ben, limit=10)) == 6
    assert shown(dataset, eve) == []
    answered, *_ = shown(dataset, ada, limit=10)
    respond(ada, server_id(dataset, answered), "human")
    assert shown(dataset, eve) == []


def test_a_third_who_answers_leaves_the_text_to_one_of_two_who_have_it(
    argilla_server: ArgillaServer,
) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=2)
    (text,) = dataset.put([record(0, 0)])
    ada, ben = on_screen(dataset), on_screen(dataset)
    assert shown(dataset, ada) == shown(dataset, ben) == ["0:0"]

    # From a screen of before the server's restart, for instance.
    respond(dataset.annotator(), text, "human")

    assert (shown(dataset, ben), shown(dataset, ada)) == ([], ["0:0"])
    ada.headers["X-Labelloop-Screen"] = "left"
    shown(dataset, ada)
    assert shown(dataset, ben) == ["0:0"]


def test_texts_that_were_passed_by_are_not_held_by_two_who_wait_for_each_other(dataset: ApiDataset) -> None:
    ada, ben = on_screen(dataset), on_screen(dataset)
    passed = [*(shown(dataset, ada, offset=place)[0] for place in range(6))]
    taken = shown(dataset, ben, limit=10)
    assert set(taken) < set(passed)

    for text in set(passed) - set(taken):
        respond(ada, server_id(dataset, text), "human")

    assert shown(dataset, ada) == []
    assert shown(dataset, ben, limit=10) == taken


def test_what_is_on_screen_after_a_list_was_is_kept_from_others(dataset: ApiDataset) -> None:
    ada, ben = on_screen(dataset), on_screen(dataset)
    shown(dataset, ada, limit=6)

    (text,) = shown(dataset, ada)

    assert text not in shown(dataset, ben, limit=10)


def test_who_has_answered_holds_the_text_no_more(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=2)
    dataset.put([record(0, 0)])
    ada, ben, eve = (on_screen(dataset) for _ in range(3))
    shown(dataset, ada)

    vote = {
        "user_id": ok(ada.get("/me"))["id"],
        "status": "submitted",
        "values": {"label": {"value": "human"}},
    }
    dataset.put([record(0, 0, responses=[vote])])

    assert (shown(dataset, ada), shown(dataset, ben), shown(dataset, eve)) == ([], ["0:0"], [])


def test_a_text_whose_answer_was_withdrawn_when_the_server_was_killed_is_offered_again(
    own_argilla_server: ArgillaServer,
) -> None:
    dataset = filled(make_dataset(own_argilla_server.client()))
    ada = on_screen(dataset)
    (text,) = shown(dataset, ada)
    response = respond(ada, server_id(dataset, text), "human")
    assert text not in shown(dataset, ada, limit=10)

    own_argilla_server.kill()
    # The answer is gone, and the record's status is not yet counted again.
    with closing(sqlite3.connect(own_argilla_server.home / DATABASE)) as database, database:
        database.execute("DELETE FROM responses WHERE id = ?", [UUID(response).hex])
    own_argilla_server.start()

    assert text in shown(dataset, ada, limit=10)


@pytest.mark.parametrize("decision", ["submitted", "discarded"])
def test_a_decided_text_is_offered_to_nobody_and_counts_as_done(dataset: ApiDataset, decision: str) -> None:
    ada, ben = on_screen(dataset), on_screen(dataset)
    (text,) = shown(dataset, ada)

    respond(ada, server_id(dataset, text), "human", status=decision)

    assert text not in shown(dataset, ben, limit=10)
    assert text not in shown(dataset, ada, limit=10)
    progress = ok(dataset.client.get(f"/datasets/{dataset.id}/progress"))
    assert (progress["completed"], progress["pending"], progress["total"]) == (1, 5, 6)


def test_other_programs_are_given_everything_that_is_pending(dataset: ApiDataset) -> None:
    shown(dataset, on_screen(dataset), limit=10)

    assert len(dataset.ids(*PENDING, client=dataset.annotator(), limit=10)) == 6

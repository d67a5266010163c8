"""Several people at the same time."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.support.argilla_api import make_dataset, ok, record, respond, terms
from tests.support.argilla_server import ArgillaServer

PEOPLE = 4
RECORDS = 10


def test_everybody_answers_everything_at_once_and_nothing_is_lost(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=PEOPLE)
    ids = dataset.put([record(0, rank) for rank in range(RECORDS)])
    people = [dataset.annotator() for _ in range(PEOPLE)]

    def answer_all(person: httpx.Client) -> None:
        for record_id in ids:
            dataset.search(terms("response", ["pending"], property="status"), client=person)
            respond(person, record_id, "human")

    with ThreadPoolExecutor(PEOPLE) as pool:
        list(pool.map(answer_all, people))
    progress = ok(dataset.client.get(f"/datasets/{dataset.id}/progress"))
    assert (progress["completed"], len(progress["users"])) == (RECORDS, PEOPLE)


def test_an_annotator_reads_no_other_answers(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=2)
    (record_id,) = dataset.put([record(0, 0)])
    ada, ben = dataset.annotator(), dataset.annotator()
    respond(ada, record_id, "human")

    def answers(reader: httpx.Client) -> list[str]:
        found = ok(reader.get(f"/records/{record_id}"))["responses"]
        return [response["values"]["label"]["value"] for response in found]

    assert answers(ben) == []
    respond(ben, record_id, "number")
    assert answers(ben) == ["number"]
    assert sorted(answers(dataset.client)) == ["human", "number"]

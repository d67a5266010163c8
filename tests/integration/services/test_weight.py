"""What the annotation watcher weighs while it watches."""

import psutil

from tests.support.loop import Loop, texts
from tests.support.people import Owner, Person

MEBIBYTE = 1024 * 1024


def test_the_watcher_stays_small_while_it_watches(loop: Loop) -> None:
    project = loop.create(texts(100), batch_size=100, max_batches=1)
    loop.start("querier", "annotation_watcher")
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    loop.until(lambda: len(owner.records(0)) == 100)
    ann.answer_all({record["id"]: "spam" for record in owner.records(0).values()})
    loop.wait(project, lambda state: state.batches["0"].done)

    weight = psutil.Process(loop.processes["annotation_watcher"].pid).memory_info().rss

    assert weight < 120 * MEBIBYTE

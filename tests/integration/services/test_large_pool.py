"""The texts of a large pool are embedded ahead, by a querier that may be killed."""

from pathlib import Path

from labelloop.learner.large_pools import EmbeddedTexts
from labelloop.store import open_store
from schemas.parts import Choice
from tests.support.loop import Loop, texts

SIZE = 3000
SHORTLISTED = Choice(name="breaking-ties", parameters={"shortlist": 10})


def cache_of(loop: Loop, project: str) -> Path:
    return open_store(loop.settings.store).cache(project)


def is_whole(cache: Path) -> bool:
    embedded = EmbeddedTexts.read(cache)
    return embedded is not None and embedded.is_whole


def test_a_killed_querier_goes_on_to_embed_what_picks_will_look_at(loop: Loop) -> None:
    project = loop.create(texts(SIZE), batch_size=3, strategy=SHORTLISTED)
    cache = cache_of(loop, project)
    loop.start("querier")
    loop.until(lambda: list(cache.glob("embeddings-*/*.npy")))
    loop.kill("querier")
    before = {file: file.stat().st_mtime_ns for file in cache.glob("embeddings-*/*.npy")}

    loop.start("querier")

    loop.until(lambda: is_whole(cache))
    assert EmbeddedTexts.read(cache) == EmbeddedTexts(SIZE, SIZE)
    after = {file: file.stat().st_mtime_ns for file in cache.glob("embeddings-*/*.npy")}
    assert len(after) == 3
    assert {file: after[file] for file in before} == before
    assert len(loop.payloads(project, "BatchQueried")) == 2


def test_where_the_last_batch_looks_at_few_texts_only_those_are_embedded(loop: Loop) -> None:
    project = loop.create(texts(SIZE), batch_size=3, max_batches=4, strategy=SHORTLISTED)
    loop.start("querier")

    loop.until(lambda: is_whole(cache_of(loop, project)))

    assert EmbeddedTexts.read(cache_of(loop, project)) == EmbeddedTexts(60, 60)

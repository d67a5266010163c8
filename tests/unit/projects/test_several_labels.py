"""Projects whose texts may have several labels, from their files to exports."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from labelloop.config.home import Home, open_home
from labelloop.errors import UserError
from labelloop.log import Log, open_log
from labelloop.loop.labels import current
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.notebook import adopt
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.catalog import choose, created, read_histories
from labelloop.projects.change import change, fork
from labelloop.projects.create import EnsuredProject, ensure_project
from labelloop.projects.export import rows
from labelloop.projects.formats import read_rows, write_rows
from labelloop.projects.grow import grow
from labelloop.projects.options import ProjectOptions
from labelloop.projects.relabel import find_noise
from labelloop.projects.summary import summarized
from labelloop.store import FolderStore
from schemas.envelope import new_event
from schemas.parts import AnnotatedItem
from tests.support.logs import ready
from tests.support.messages import raises_naming
from tests.support.states import annotated, of_several, queried

TOPICS: Sequence[tuple[str, list[str] | None]] = [
    ("cheap flights", ["travel", "money"]),
    ("the euro falls", ["money"]),
    ("good morning", []),
    ("a walk in Rome", ["travel"]),
]
CELLS = {
    "cheap flights": "travel; money",
    "the euro falls": "money",
    "good morning": ";",
    "a walk in Rome": "travel",
}


def jsonl(folder: Path, rows: Sequence[tuple[str, Any]] = TOPICS, column: str = "labels") -> str:
    path = folder / "topics.jsonl"
    path.write_text("".join(json.dumps({"text": text, column: labels}) + "\n" for text, labels in rows))
    return str(path)


def csv(folder: Path) -> str:
    (folder / "topics.csv").write_text(
        "text,topic\n" + "".join(f"{text},{cell}\n" for text, cell in CELLS.items())
    )
    return str(folder / "topics.csv")


async def made(log: Log, home: Home, **given: Any) -> EnsuredProject:
    store, histories = FolderStore(home.path / "store"), await read_histories(log)
    return await ensure_project(store, ready(log), histories, ProjectOptions.of({"batch_size": 2, **given}))


async def state(log: Log) -> LoopState:
    return created(choose(await read_histories(log), None))


def gold(home: Home, now: LoopState) -> list[Any] | None:
    pool = OpenSnapshot.open(FolderStore(home.path / "store").pool(pool_of(now)))
    return pool.gold(range(len(pool)))


async def test_lists_make_a_project_of_several_labels(tmp_path: Path, home: Home, log: Log) -> None:
    await made(log, home, dataset=jsonl(tmp_path))

    now = await state(log)

    assert now.project.task == "multi-label"
    assert now.project.labels == ("money", "travel")
    assert (now.project.strategy.name, now.project.stopping and now.project.stopping.name) == (
        "distinct-labels",
        "classification-change",
    )
    assert gold(home, now) == [("money", "travel"), ("money",), (), ("travel",)]
    (first,) = [record.event async for record in log.read(now.project_id) if record.event]
    assert first.type == "labelloop.ProjectCreated.v5"


async def test_a_separator_makes_one_of_a_table(tmp_path: Path, home: Home, log: Log) -> None:
    await made(log, home, dataset=csv(tmp_path), label_column="topic", label_separator=";")

    assert gold(home, await state(log)) == [("money", "travel"), ("money",), (), ("travel",)]


async def test_without_known_labels_it_is_said_by_the_task(tmp_path: Path, home: Home, log: Log) -> None:
    path = tmp_path / "mail.txt"
    path.write_text("one\ntwo\n")

    await made(log, home, dataset=str(path), task="multi-label", labels=("a", "b"))

    assert (await state(log)).project.is_multi_label


async def test_the_order_of_the_labels_is_that_of_the_project(tmp_path: Path, home: Home, log: Log) -> None:
    await made(log, home, labelled=jsonl(tmp_path), labels=("travel", "money"))

    assert current(await state(log))[0] == ("travel", "money")


async def test_known_labels_begin_it_also_that_none_fits(tmp_path: Path, home: Home, log: Log) -> None:
    ensured = await made(log, home, labelled=jsonl(tmp_path, [*TOPICS, ("not yet", None)]))

    now = await state(log)

    assert current(now) == {0: ("money", "travel"), 1: ("money",), 2: (), 3: ("travel",)}
    assert any("4 texts with labels, 1 left" in note for note in ensured.notes)
    assert summarized(choose(await read_histories(log), None)).progress.label_counts == {
        "money": 2,
        "travel": 2,
        "none of them": 1,
    }


async def test_the_same_file_finds_it_again(tmp_path: Path, home: Home, log: Log) -> None:
    await made(log, home, labelled=jsonl(tmp_path))

    assert not (await made(log, home, labelled=jsonl(tmp_path))).is_new
    with raises_naming(UserError, "--task multi-label", "--name"):
        await made(log, home, labelled=jsonl(tmp_path), task="single-label")


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "datasets"])
async def test_an_export_tells_none_from_no_answer_and_begins_another_project(
    kind: str, tmp_path: Path, home: Home, log: Log
) -> None:
    await made(log, home, dataset=jsonl(tmp_path), task="multi-label", batch_size=4)
    project = (await state(log)).project
    answers = annotated(
        of_several(0, "money", "travel"),
        of_several(1),
        AnnotatedItem(item=2, discarded=True),
        AnnotatedItem(item=3),
    )
    picked = queried(items=(0, 1, 2, 3), pool_version=project.pool.digest)
    for data in (picked, answers):
        await log.append(new_event((await state(log)).project_id, data, source="tests"))
    output = tmp_path / f"out.{kind}"

    write_rows(list(rows(await state(log), FolderStore(home.path / "store"))), output, kind)

    assert [(row["label"], row["labels"]) for row in read_rows(output, kind)] == [
        (None, ["money", "travel"]),
        (None, []),
        (None, None),
        (None, None),
    ]
    await made(log, home, labelled=str(output), task="multi-label", name="again")
    again = created((await read_histories(log))[choose(await read_histories(log), "again").project])
    assert current(again) == {0: ("money", "travel"), 1: ()}


async def test_a_fork_and_a_change_stay_of_several_labels(tmp_path: Path, home: Home, log: Log) -> None:
    await made(log, home, labelled=jsonl(tmp_path, [*TOPICS, *((f"text {n}", None) for n in range(9))]))
    history = choose(await read_histories(log), None)

    name, _, _ = await fork(log, await read_histories(log), history, "second", None, ProjectOptions(seed=3))

    forked = created((await read_histories(log))[name])
    assert forked.project.is_multi_label
    assert current(forked)[2] == ()
    for given, told in (
        ({"strategy": "breaking-ties"}, "multi-label"),
        ({"audit_share": 0.2}, "--audit-share"),
        ({"ties": "discard"}, "--ties"),
        ({"stopping": "kappa-average"}, "multi-label"),
    ):
        with raises_naming(UserError, told):
            await change(log, history, None, ProjectOptions.of(given))


@pytest.mark.parametrize(
    ("given", "facts"),
    [
        ({"audit_share": 0.1}, ("--audit-share", "--test")),
        ({"ties": "discard"}, ("--ties",)),
        ({"cold_start": "balanced"}, ("--cold-start typical",)),
        ({"strategy": "breaking-ties"}, ("BreakingTies", "multi-label")),
        ({"stopping": "kappa-average"}, ("KappaAverage", "classification-change")),
        ({"labels": ("money", "travel", "None  of Them")}, ("'None  of Them'", "empty list")),
        ({"labels": ("money", "travel", "none of\u200b them")}, ("none of\\u200b them", "empty list")),
        ({"labels": ("money", "food")}, ("'travel'", "--labels")),
        ({"label_separator": "m", "labels": ("money", "travel")}, ("'money'", "'m'", "--label-separator")),
        ({"label_separator": ""}, ("--label-separator",)),
        ({"label_separator": ";", "task": "single-label"}, ("--label-separator",)),
        ({"task": "single-label"}, ("row 1", "list", "--task multi-label")),
    ],
)
async def test_what_is_for_one_label_is_refused_in_one_line(
    given: dict[str, Any], facts: tuple[str, ...], tmp_path: Path, home: Home, log: Log
) -> None:
    column = {"label_column": "labels"} if given.get("task") else {}

    with raises_naming(UserError, *facts):
        await made(log, home, dataset=jsonl(tmp_path), **given, **column)

    assert not await read_histories(log)


async def test_one_text_with_two_sets_of_labels_is_told(tmp_path: Path, home: Home, log: Log) -> None:
    twice = [*TOPICS, ("good morning", ["money"])]

    with raises_naming(UserError, "rows 3, 5", "none of the labels", "'money'"):
        await made(log, home, dataset=jsonl(tmp_path, twice))


async def test_a_test_set_may_have_texts_that_no_label_fits(tmp_path: Path, home: Home, log: Log) -> None:
    (tmp_path / "test.csv").write_text('text,labels\none,[]\ntwo,"[""money""]"\nthree,\n')

    ensured = await made(log, home, dataset=jsonl(tmp_path), test=str(tmp_path / "test.csv"))

    project = (await state(log)).project
    assert project.test is not None
    tested = OpenSnapshot.open(FolderStore(home.path / "store").snapshot(project.test))
    assert tested.gold(range(len(tested))) == [(), ("money",)]
    assert any("1 unlabelled left out" in note for note in ensured.notes)


async def test_suspects_are_not_defined(tmp_path: Path, home: Home, log: Log) -> None:
    await made(log, home, labelled=jsonl(tmp_path))

    with raises_naming(UserError, "several labels", "labelloop relabel"):
        await find_noise(FolderStore(home.path / "store"), await state(log))


async def test_a_learner_of_a_notebook_may_have_several_labels(tmp_path: Path) -> None:
    texts = ["cheap flights", "the euro falls", "good morning", "a walk in Rome", "not yet"]
    learner: Any = SimpleNamespace(
        dataset=texts,
        multi_label=True,
        indices_labeled=[0, 2, 3],
        y=csr_matrix([[1, 1], [0, 0], [0, 1]]),
        indices_ignored=[1],
        query_strategy=object(),
    )

    adopt(learner, texts, ["money", "travel"], name="topics", home=tmp_path / "home", batch_size=1)

    opened = open_log(open_home(tmp_path / "home").log_url)
    now = created(choose(await read_histories(opened), None))
    await opened.close()
    assert now.project.is_multi_label
    assert current(now) == {0: ("money", "travel"), 1: (), 2: ("travel",)}


async def test_texts_with_several_labels_are_added(tmp_path: Path, home: Home, log: Log) -> None:
    await made(log, home, dataset=jsonl(tmp_path))
    (tmp_path / "more.csv").write_text(
        "text,labels\nseats to Oslo,travel; money\nnothing,;\ngood morning,money\n"
    )
    history, store = choose(await read_histories(log), None), FolderStore(home.path / "store")

    added = await grow(log, history, store, [str(tmp_path / "more.csv")], ProjectOptions(label_separator=";"))

    assert added.texts == 2
    pool = store.open_pool(pool_of(added.state))
    assert pool.gold(range(len(pool))) == [
        ("money", "travel"),
        ("money",),
        (),
        ("travel",),
        ("money", "travel"),
        (),
    ]

"""Texts that are added to a project: what is new in them, what is refused, and what others read meanwhile."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import Home
from labelloop.errors import Unavailable, UserError
from labelloop.log import Log
from labelloop.loop.history import History
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects import change_labels
from labelloop.projects import grow as growing
from labelloop.projects.catalog import choose, created, read_histories
from labelloop.projects.change import fork
from labelloop.projects.create import ensure_project
from labelloop.projects.grow import Grown, grow
from labelloop.projects.operator_requests import end
from labelloop.projects.options import ProjectOptions
from labelloop.projects.summary import summarized
from labelloop.store import FolderStore
from schemas.envelope import new_event
from tests.support.logs import ready
from tests.support.messages import names, raises_naming
from tests.support.states import all_answered, queried

COLUMNS = ("body", "kind", "team", "year")
APRIL = [
    ("win a prize", "spam", "North", "2024"),
    ("lunch at noon?", "ham", "", "2025"),
    ("cheap pills", "spam", "South", ""),
]


def written(folder: Path, *rows: tuple[str, ...], name: str = "may.csv", columns: Any = COLUMNS) -> str:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    return str(path)


async def begin(home: Home, log: Log, folder: Path, **options: Any) -> History:
    asked = {
        "dataset": written(folder, *APRIL, name="april.csv"),
        "text_column": "body",
        "keep_columns": ("team",),
        "metadata_column": ("year",),
        "batch_size": 2,
        "label_column": "kind",
    } | options
    given = ProjectOptions.of(asked)
    await ensure_project(FolderStore(home.store), ready(log), await read_histories(log), given)
    return await only(log)


async def only(log: Log) -> History:
    return choose(await read_histories(log), None)


async def add(home: Home, log: Log, *sources: str, **options: Any) -> Grown:
    return await grow(
        log, await only(log), FolderStore(home.store), sources, ProjectOptions.of(options), "by cron"
    )


async def pool(home: Home, log: Log) -> OpenSnapshot:
    return FolderStore(home.store).open_pool(pool_of(created(await only(log))))


async def test_new_texts_follow_those_that_are_there(home: Home, log: Log, tmp_path: Path) -> None:
    await begin(home, log, tmp_path)
    may = written(
        tmp_path,
        ("cheap pills ", "spam", "South", "2026"),
        ("moved to 3pm", "ham", "East", "2026"),
        ("", "ham", "East", "2026"),
        ("moved to 3pm", "ham", "West", "2026"),
        ("<b>free</b> \x1b[31m", "spam", "West", "2026"),
    )

    grown = await add(home, log, may)

    assert grown.texts == 2
    assert names(grown.notes[-1], may, 2, "1 in the pool already", "1 repeated", "1 empty")
    opened = await pool(home, log)
    assert opened.all_texts() == [*(text for text, *_ in APRIL), "moved to 3pm", "<b>free</b> \x1b[31m"]
    assert opened.source_rows([3, 4]) == [1, 4]
    assert opened.gold([2, 3, 4]) == ["spam", "ham", "spam"]
    assert opened.kept_values([1, 3]) == {"team": [None, "East"], "year": ["2025", "2026"]}
    (growth,) = grown.state.grown
    snapshot = growth.snapshot
    assert snapshot.uri == f"{grown.state.project_id}/pool/{snapshot.digest}.arrow"
    assert (snapshot.size, snapshot.dropped_duplicate, snapshot.dropped_empty) == (2, 2, 1)
    progress = summarized(await only(log)).progress
    assert (progress.pool, progress.left_out["duplicates"], progress.left_out["empty"]) == (5, 2, 1)


async def test_a_label_may_be_called_as_it_is_or_was(home: Home, log: Log, tmp_path: Path) -> None:
    await begin(home, log, tmp_path)
    await change_labels.rename(log, await only(log), "spam", "junk")
    await change_labels.add(log, await only(log), ["bill"])
    may = written(
        tmp_path,
        ("you won", "junk", "b", "1"),
        ("free pills", "spam", "b", "1"),
        ("pay by May", "bill", "b", "1"),
    )

    await add(home, log, may)

    assert (await pool(home, log)).gold([3, 4, 5]) == ["spam", "spam", "bill"]
    with raises_naming(UserError, "eggs"):
        await add(home, log, written(tmp_path, ("hello", "eggs", "b", "1")))


async def test_the_same_files_again_change_nothing(home: Home, log: Log, tmp_path: Path) -> None:
    await begin(home, log, tmp_path)
    may = written(tmp_path, ("moved to 3pm", "ham", "East", "2026"))
    await add(home, log, may)
    before = await only(log)

    for again in ((may,), (may, str(tmp_path / "april.csv"))):
        grown = await add(home, log, *again)
        assert (grown.texts, (await only(log)).state) == (0, before.state)
        assert names(grown.notes[0], may, "no new texts", 1)


async def test_several_files_of_any_kind_are_read_in_one_go(home: Home, log: Log, tmp_path: Path) -> None:
    await begin(home, log, tmp_path)
    may = written(tmp_path, ("moved to 3pm", "ham", "East", "2026"))
    june = tmp_path / "june.jsonl"
    rows = [("moved to 3pm", "ham", "East", 2026), ("see you", "ham", ["a", "b"], None)]
    june.write_text("".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows))

    grown = await add(home, log, may, str(june))

    assert [growth.snapshot.size for growth in grown.state.grown] == [1, 1]
    assert (await pool(home, log)).kept_values([4]) == {"team": ['["a", "b"]'], "year": [None]}


async def test_a_file_that_cannot_be_used_leaves_out_the_others_too(
    home: Home, log: Log, tmp_path: Path
) -> None:
    before = await begin(home, log, tmp_path)
    may = written(tmp_path, ("moved to 3pm", "ham", "East", "2026"))

    with raises_naming(UserError, "june.csv"):
        await add(home, log, may, str(tmp_path / "june.csv"))

    assert (await only(log)).state == before.state
    assert len(list((home.store / before.project / "pool").iterdir())) == 1


@pytest.mark.parametrize(
    ("columns", "row", "told"),
    [
        (("text", "kind", "team", "year"), ("a", "ham", "b", "1"), ("no column 'body'", "project's")),
        (("body", "kind", "year"), ("a", "ham", "1"), ("no column 'team'", "'body', 'kind', 'year'")),
        (COLUMNS, ("a", "junk", "b", "1"), ("'junk'", "kind")),
        (COLUMNS, ("a", "ham", "b", "last"), ("row 1", "'year'", "'last'", "integer")),
    ],
)
async def test_a_file_that_does_not_fit_gets_one_line(
    home: Home, log: Log, tmp_path: Path, columns: Any, row: Any, told: Any
) -> None:
    await begin(home, log, tmp_path)

    with raises_naming(UserError, "may.csv", *told):
        await add(home, log, written(tmp_path, row, columns=columns))


async def test_a_file_without_rows_or_texts_adds_nothing(home: Home, log: Log, tmp_path: Path) -> None:
    await begin(home, log, tmp_path)

    grown = await add(home, log, written(tmp_path), written(tmp_path, (" ", "", "", ""), name="june.csv"))

    assert grown.texts == 0
    assert names(grown.notes[1], "june.csv", "no new texts", "1 empty")


@pytest.mark.parametrize("kinds", [("ham", ""), None], ids=["one has none", "no column"])
async def test_labels_are_known_only_if_all_are(
    home: Home, log: Log, tmp_path: Path, kinds: tuple[str, ...] | None
) -> None:
    await begin(home, log, tmp_path)
    rows = [("see you", "ham", "b", "1"), ("and you", "", "b", "1")]
    if kinds is None:
        may = written(tmp_path, *((text, *rest) for text, _, *rest in rows), columns=("body", "team", "year"))
    else:
        may = written(tmp_path, *rows)

    grown = await add(home, log, may)

    assert names(grown.notes[-1], "label")
    assert not (await pool(home, log)).has_gold


async def test_of_several_labels_a_separator_stands_between_them(
    home: Home, log: Log, tmp_path: Path
) -> None:
    april = written(tmp_path, ("win", "spam;ham", "b", "1"), ("lose", "ham", "b", "1"), name="first.csv")
    more = {"task": "multi-label", "label_separator": ";", "strategy": "random-sampling", "stopping": "none"}
    await begin(home, log, tmp_path, dataset=april, cold_start="random", **more)
    may = written(tmp_path, ("see you", "ham;spam", "b", "1"), ("win ", "spam", "b", "1"))
    with raises_naming(UserError, may, "'ham;spam'", "--label-separator"):
        await add(home, log, may)

    await add(home, log, may, label_separator=";")

    opened = await pool(home, log)
    state = created(await only(log))
    assert opened.gold([0, 1, 2]) == [state.project.labels, ("ham",), state.project.labels]


async def test_labels_in_a_file_are_no_answers(home: Home, log: Log, tmp_path: Path) -> None:
    await begin(home, log, tmp_path, label_column="", labels=("spam", "ham"))

    grown = await add(home, log, written(tmp_path, ("see you", "whatever", "b", "1")))

    assert grown.texts == 1
    assert not (await pool(home, log)).has_gold


async def test_near_copies_of_what_is_there_are_left_out_when_asked(
    home: Home, log: Log, tmp_path: Path
) -> None:
    await begin(home, log, tmp_path, label_column="", labels=("spam", "ham"))
    orders = [(f"order {number} has shipped", "", "", "") for number in range(9)]
    await add(home, log, written(tmp_path, orders[0]))

    grown = await add(home, log, written(tmp_path, *orders, ("see you", "", "", "")), drop_near_copies=True)

    assert grown.texts == 1
    assert names(grown.notes[-1], "8 near-copies")
    assert grown.state.grown[-1].snapshot.dropped_near_copies == 8


async def test_an_ended_project_takes_no_texts(home: Home, log: Log, tmp_path: Path) -> None:
    await end(log, await begin(home, log, tmp_path))

    with raises_naming(UserError, "ended", "labelloop fork"):
        await add(home, log, written(tmp_path, ("see you", "ham", "b", "1")))


async def test_whoever_added_texts_meanwhile_is_taken_into_account(
    home: Home, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once: what both have is added once, and whoever was second looks again."""
    history = await begin(home, log, tmp_path)
    may = written(tmp_path, ("see you", "ham", "b", "1"), ("moved to 3pm", "ham", "b", "1"))
    june = written(tmp_path, ("moved to 3pm", "ham", "b", "1"), ("late", "ham", "b", "1"), name="june.csv")
    first, second = [
        grow(log, history, FolderStore(home.store), (source,), ProjectOptions(), "") for source in (may, june)
    ]
    await first

    grown = await second

    assert grown.texts == 1
    assert (await pool(home, log)).all_texts()[3:] == ["see you", "moved to 3pm", "late"]
    halted = (await only(log)).halt
    assert halted is None


async def test_if_others_add_texts_all_the_time_it_gives_up(
    home: Home, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = await begin(home, log, tmp_path)

    async def as_before(log: Log, history: History) -> History:
        return history

    monkeypatch.setattr(growing, "read_again", as_before)

    with raises_naming(Unavailable, history.project):
        await add(home, log, written(tmp_path, ("see you", "ham", "b", "1")))


async def test_a_fork_has_all_texts(home: Home, log: Log, tmp_path: Path) -> None:
    history = await begin(home, log, tmp_path)
    await log.append(
        new_event(history.project, queried("0", (0, 1), pool_version=_digest(history)), source="tests"),
        new_event(history.project, all_answered("0", (0, 1)), source="tests"),
    )
    await add(home, log, written(tmp_path, ("see you", "ham", "b", "1")))
    state = created(await only(log))

    made, _, _ = await fork(
        log, await read_histories(log), await only(log), "other", None, ProjectOptions(), None
    )

    forked = created((await read_histories(log))[made])
    assert pool_of(forked) == pool_of(state)
    assert forked.batches["0"].queried.pool_version == pool_of(state).version
    assert [growth.from_batch for growth in forked.grown] == [0]


def _digest(history: History) -> str:
    assert isinstance(history.state, LoopState)
    return history.state.project.pool.digest

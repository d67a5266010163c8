"""Projects that begin with labels: which text has which, and what is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import open_home
from labelloop.errors import UserError
from labelloop.log import create_log, open_log
from labelloop.loop.labels import current
from labelloop.loop.proof import Proof
from labelloop.loop.random_draws import as_listed
from labelloop.loop.schedule import next_batch, next_model
from labelloop.loop.state import LoopState
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.catalog import choose, created, read_histories, sound
from labelloop.projects.create import EnsuredProject, ensure_project
from labelloop.projects.data import prepare_data
from labelloop.projects.export import rows
from labelloop.projects.formats import read_rows, write_rows
from labelloop.projects.options import ProjectOptions
from labelloop.store import FolderStore
from schemas.envelope import new_event
from schemas.events import EventData, RelabelRequested
from schemas.model import replaced
from tests.support.logs import ready
from tests.support.messages import names, raises_naming
from tests.support.states import annotated, answered, queried, vote

POOL = """id,body
7,win a prize
8,lunch at noon?
9,
10,lunch at noon?
11,cheap pills
12,moved to 3pm
"""


def given(folder: Path, options: ProjectOptions) -> dict[str, str]:
    """The labels by text that a project of these options begins with."""
    data = prepare_data(options, folder)
    texts = OpenSnapshot.open(folder / data.pool.uri).texts(list(data.known_labels))
    return {text: label for text, (label,) in zip(texts, data.known_labels.values(), strict=True)}


def written(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    for name, content in files.items():
        (folder / name).write_text(content)
    return {name: str(folder / name) for name in files}


def two_files(folder: Path, content: str, **more: object) -> ProjectOptions:
    files = written(folder, {"mail.csv": POOL, "labels.csv": content})
    basis = ProjectOptions(
        dataset=files["mail.csv"], labelled=files["labels.csv"], text_column=("body",), batch_size=2
    )
    return basis.with_other(**more)


@pytest.mark.parametrize(
    ("labels", "more"),
    [
        ("body,label\nlunch at noon? ,ham\ncheap pills, spam\nwin a prize,\n", {}),
        (
            "mail,kind\nlunch at noon?,ham\ncheap pills,spam\n",
            {"labelled_text_column": "mail", "labelled_label_column": "kind"},
        ),
        ("label,id\nham,10\nspam,11\n", {"match": "id"}),
        ("label,source_row\nham,3\nspam,4\n", {"match": "source_row"}),
        ("label,source_row\nham,3\nham,1\nspam,4\n", {"match": "source_row"}),
        ("label,source_row\nham,3.0\nspam,4.0\n,\n", {"match": "source_row"}),
        ("label,id\nham,10.0\nspam,11.0\n,\n", {"match": "id"}),
    ],
    ids=[
        "text",
        "other columns",
        "id",
        "row",
        "row of a repeated text",
        "row as pandas keeps it",
        "id as pandas keeps it",
    ],
)
def test_a_label_is_that_of_the_text_it_matches(tmp_path: Path, labels: str, more: dict[str, object]) -> None:
    found = given(tmp_path, two_files(tmp_path, labels, **more))

    assert found == {"lunch at noon?": "ham", "cheap pills": "spam"}


def test_in_one_file_texts_without_a_label_are_left_to_ask(tmp_path: Path) -> None:
    content = "text,kind\nwin a prize,spam\nlunch?,\nwin a prize,\nhello,ham\n ,ham\n"
    files = written(tmp_path, {"mail.csv": content})
    options = ProjectOptions(labelled=files["mail.csv"], label_column="kind")
    assert given(tmp_path, options.with_other(label_column=None, labelled_label_column="kind")) == given(
        tmp_path, options
    )

    data = prepare_data(options, tmp_path)

    assert (data.labels, data.pool.size, data.pool.label_column) == (("ham", "spam"), 3, None)
    assert given(tmp_path, options) == {"win a prize": "spam", "hello": "ham"}
    of_texts, of_labels = data.notes
    assert names(of_texts, files["mail.csv"], 3, 1)
    assert names(of_labels, files["mail.csv"], 2, 1)


def test_labels_beside_texts_without_header_have_one_unless_a_number_names_their_column(
    tmp_path: Path,
) -> None:
    options = two_files(tmp_path, "source_row,label\n0,spam\n1,ham\n", text_column=None)
    for name in ("mail.csv", "test.csv"):
        (tmp_path / name).write_text(
            "win a prize,spam\nlunch?,ham\n" if name == "mail.csv" else "see you,ham\n"
        )
    numbers: dict[str, object] = {"no_header": True, "text_column": "1"}

    by_row = options.with_other(**numbers, match="source_row")
    assert given(tmp_path, by_row) == {"win a prize": "spam", "lunch?": "ham"}
    (tmp_path / "labels.csv").write_text("ham,lunch?\nspam,win a prize\n")
    columns = {"labelled_text_column": "2", "labelled_label_column": "1"}
    tested = {"test": str(tmp_path / "test.csv"), "test_label_column": "2"}
    assert given(tmp_path, options.with_other(**numbers, **columns, **tested)) == {
        "win a prize": "spam",
        "lunch?": "ham",
    }


@pytest.mark.parametrize(
    ("labels", "more", "facts"),
    [
        (
            "body,label\ncheap pills,eggs\n",
            {"labels": ("spam", "ham")},
            ("row 1", "'eggs'", "'spam', 'ham'", "--labels"),
        ),
        (
            "body,label\nlunch at noon?,ham\nmoved to 3pm,\nlunch at noon?,spam\n",
            {},
            ("rows 1, 3", "'ham'", "'spam'"),
        ),
        ("id,label\n8,ham\n10,spam\n", {"match": "id"}, ("rows 1, 2", "'ham'", "'spam'")),
        ("body,label\nx,ham\ny,spam\n", {}, ("2", "rows 1, 2", "mail.csv")),
        ("id,label\n99,ham\n7,spam\n", {"match": "id"}, ("1", "row 1", "mail.csv")),
        ("source_row,label\n6,ham\n0,spam\n", {"match": "source_row"}, ("1", "row 1", "mail.csv")),
        (
            "body,label\ncheap pills,\nwin a prize,\n",
            {"labels": ("spam", "ham")},
            ("labels.csv", "labelloop init"),
        ),
        ("body\ncheap pills\n", {}, ("labels.csv", "'label'", "--label-column")),
        ("body,label\ncheap pills,ham\n", {"match": "number"}, ("'number'", "--match")),
        ("body,label\ncheap pills,ham\n", {}, ("labels.csv", "ham", "--labels")),
        ("body,label\ncheap pills,\n", {}, ("labels.csv", "labelloop init")),
        ("id,label\n7,spam\n,ham\n", {"match": "id"}, ("labels.csv", "1", "id", "row 2")),
        (
            "source_row,label\n0,spam\n ,ham\n",
            {"match": "source_row"},
            ("labels.csv", "1", "source_row", "row 2"),
        ),
        (
            "source_row,body,label\n0,win a prize,spam\n",
            {"dataset": None, "match": "source_row"},
            ("--match source_row", "--dataset"),
        ),
    ],
)
def test_labels_that_cannot_be_taken_in_are_refused_in_one_line(
    tmp_path: Path, labels: str, more: dict[str, object], facts: tuple[str, ...]
) -> None:
    with raises_naming(UserError, *facts):
        given(tmp_path, two_files(tmp_path, labels, **more))


def test_all_texts_with_several_labels_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    texts = ["win a prize", "lunch at noon?", "cheap pills", "moved to 3pm"]
    rows = [f"{text},{label}" for label in ("ham", "spam", "ham") for text in texts]

    with raises_naming(
        UserError, "labels.csv", 4, "rows 1, 5", "rows 3, 7", "…", "'ham'", "'spam'"
    ) as raised:
        given(tmp_path, two_files(tmp_path, "\n".join(["body,label", *rows]) + "\n"))

    assert not names(raised.value, "rows 4, 8")


def test_a_value_that_several_texts_have_matches_none(tmp_path: Path) -> None:
    options = two_files(tmp_path, "id,label\n7,ham\n", match="id")
    (tmp_path / "mail.csv").write_text(POOL.replace("8,lunch", "7,lunch"))

    with raises_naming(UserError, "mail.csv", "id '7'", "--match"):
        given(tmp_path, options)


def test_texts_without_a_value_are_never_meant(tmp_path: Path) -> None:
    options = two_files(tmp_path, "id,label\n7,spam\n,\n11,ham\n", match="id")
    (tmp_path / "mail.csv").write_text(POOL.replace("8,lunch", ",lunch").replace("12,", ","))

    assert given(tmp_path, options) == {"win a prize": "spam", "cheap pills": "ham"}


async def test_the_loop_begins_with_them_as_batch_0_which_the_first_model_learns(tmp_path: Path) -> None:
    options = two_files(tmp_path, "body,label\nlunch at noon?,ham\ncheap pills,spam\n")

    made, state = await ensured(tmp_path / "home", options)

    assert made.is_new
    assert current(state) == {1: ("ham",), 2: ("spam",)}
    assert [picked.reason for picked in state.batches["0"].queried.items] == ["given", "given"]
    model = next_model(state)
    assert model is not None
    assert (model.model, model.learned) == ("0", {"0": 0})
    assert next_batch(state) is None, "the first batch waits for the model that learned what was given"


async def test_asked_for_again_it_is_found_unless_the_labels_changed(tmp_path: Path) -> None:
    labels = "body,label\nlunch at noon?,ham\ncheap pills,spam\n"
    options = two_files(tmp_path, labels, batches=3)
    made, state = await ensured(tmp_path / "home", options)
    assert state.project.max_batches == 1 + 3, "batch 0 is none of those that people are asked for"

    again, _ = await ensured(tmp_path / "home", options)

    assert (again.project, again.is_new) == (made.project, False)
    (tmp_path / "labels.csv").write_text("body,label\nlunch at noon?,spam\ncheap pills,ham\n")
    with raises_naming(UserError, "'mail'", "labels.csv", "--name"):
        await ensured(tmp_path / "home", options)


async def test_nothing_is_left_of_what_was_refused(tmp_path: Path) -> None:
    options = two_files(tmp_path, "body,label\nx,ham\ny,spam\n")

    with raises_naming(UserError, "mail.csv", "rows 1, 2"):
        await ensured(tmp_path / "home", options)

    home = open_home(tmp_path / "home")
    assert not home.store.exists() or list(home.store.iterdir()) == []
    log = open_log(home.log_url)
    assert await read_histories(log) == {}
    await log.close()


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "datasets"])
async def test_an_export_of_one_project_is_what_another_begins_with(tmp_path: Path, kind: str) -> None:
    """Given two wrong labels, and people who were asked for these once more."""
    options = two_files(tmp_path, "body,label\nwin a prize,ham\nlunch at noon?,spam\nmoved to 3pm,ham\n")
    made, _ = await ensured(tmp_path / "home", options)
    right = annotated(
        answered(0, vote("ann", "spam")), answered(1, vote("ann"), discarded=True), batch="relabel-1"
    )
    home = open_home(tmp_path / "home")
    state = await gone_on(
        home.log_url,
        made.project,
        RelabelRequested(request="1", who="ada", items=(0, 1)),
        replaced(queried("relabel-1"), items=as_listed((0, 1), "relabel")),
        right,
    )
    export = tmp_path / f"export.{kind}"

    write_rows(list(rows(state, FolderStore(home.store))), export, kind)

    shown = ("text", "label", "discarded", "batch", "reason", "annotators")
    assert [tuple(row[name] for name in shown) for row in read_rows(export, kind)] == [
        ("moved to 3pm", "ham", False, "0", "given", []),
        ("win a prize", "spam", False, "relabel-1", "relabel", ["ann"]),
        ("lunch at noon?", None, True, "relabel-1", "relabel", ["ann"]),
    ]

    whole = ProjectOptions(labelled=str(export), batch_size=1)
    beside = options.with_other(labelled=str(export), labelled_text_column="text")
    by_row = beside.with_other(match="source_row")

    for again in (whole, beside, by_row):
        assert given(tmp_path, again) == {"win a prize": "spam", "moved to 3pm": "ham"}


async def gone_on(log_url: str, project: str, *told: EventData) -> LoopState:
    """The state of the project after these events too."""
    log = open_log(log_url)
    try:
        await log.append(*(new_event(project, data, source="tests") for data in told))
        return sound(choose(await read_histories(log), project))
    finally:
        await log.close()


async def ensured(folder: Path, options: ProjectOptions) -> tuple[EnsuredProject, LoopState]:
    """The project in a home of that folder, and its state, which is proven."""
    home = open_home(folder)
    await create_log(home.log_url)
    log = open_log(home.log_url)
    try:
        made = await ensure_project(FolderStore(home.store), ready(log), await read_histories(log), options)
        proof = Proof(made.project, await log.identity())
        async for record in log.read(made.project):
            assert record.event is not None
            assert proof.add(record.event), proof.halt
        return made, created(choose(await read_histories(log), made.project))
    finally:
        await log.close()


JOINED = """text,label
"Win

a prize",spam
lunch?,ham
"""


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        ("subject,body,label\nWin,a prize,spam\n,lunch?,ham\n", {}),
        ("title,mail,label\nWin,a prize,spam\n,lunch?,ham\n", {"labelled_text_column": ("title", "mail")}),
        (JOINED, {"labelled_text_column": "text"}),
    ],
)
def test_a_text_of_several_columns_is_meant_by_all_of_them(
    tmp_path: Path, labels: str, columns: dict[str, Any]
) -> None:
    """Or by what they are joined, as an export has it."""
    files = {"mail.csv": "subject,body\nSee,you\n,lunch?\nWin,a prize\n", "labels.csv": labels}
    paths = written(tmp_path, files)
    options = ProjectOptions.of(
        {
            "dataset": paths["mail.csv"],
            "labelled": paths["labels.csv"],
            "text_column": ("subject", "body"),
            **columns,
        }
    )

    assert prepare_data(options, tmp_path).known_labels == {1: ("ham",), 2: ("spam",)}

"""Projects in a real home: made, found again, told apart, operated, exported."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import Home
from labelloop.errors import UserError
from labelloop.log import Log
from labelloop.loop.history import History
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects import change_labels, operator_requests
from labelloop.projects.catalog import choose, created, read_histories
from labelloop.projects.create import EnsuredProject, ensure_project
from labelloop.projects.export import rows
from labelloop.projects.formats import format_of, read_rows, write_rows
from labelloop.projects.options import ProjectOptions
from labelloop.projects.summary import summarized
from labelloop.store import FolderStore
from schemas.envelope import new_event
from tests.support.logs import ready
from tests.support.messages import names, raises_naming
from tests.support.states import annotated, answered, queried, vote

EARLY, LATE = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2))
BODIES = ["win a prize", "lunch at noon?", "", "cheap pills", "lunch at noon? ", "moved to 3pm"]


@pytest.fixture
def mail(tmp_path: Path) -> ProjectOptions:
    path = tmp_path / "mail.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("id", "body"), *enumerate(BODIES)])
    return options(dataset=str(path), text_column="body", labels=("spam", "ham"), batch_size=2)


def options(**given: Any) -> ProjectOptions:
    return ProjectOptions.of(given)


def file_of(asked: ProjectOptions) -> Path:
    assert asked.dataset is not None
    return Path(asked.dataset)


def append(path: Path, line: str) -> None:
    path.write_text(path.read_text() + line)


async def ensure(home: Home, log: Log, asked: ProjectOptions) -> EnsuredProject:
    return await ensure_project(FolderStore(home.store), ready(log), await read_histories(log), asked)


async def only(log: Log) -> History:
    return choose(await read_histories(log), None)


async def test_a_project_begins_with_clean_texts_under_its_id(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    ensured = await ensure(home, log, mail)

    project = created(await only(log)).project
    assert ensured.is_new
    assert ensured.project.startswith("mail-")
    assert project.pool.uri == f"{ensured.project}/pool/{project.pool.digest}.arrow"
    pool = OpenSnapshot.open(home.store / project.pool.uri, project.pool.digest)
    assert pool.all_texts() == ["win a prize", "lunch at noon?", "cheap pills", "moved to 3pm"]
    assert (project.pool.size, project.pool.dropped_empty, project.pool.dropped_duplicate) == (4, 1, 1)
    note, of_labels = ensured.notes
    assert names(note, mail.dataset, 4, 1)
    assert names(of_labels, "spam", "ham")
    assert (project.labels, project.batch_size, project.max_batches) == (("spam", "ham"), 2, None)


async def test_near_copies_are_told_and_left_out_when_asked(home: Home, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("text\n" + "".join(f"order {number} has shipped\n" for number in range(9)) + "hello\n")
    orders = options(dataset=str(path), labels=("yes", "no"), batch_size=2)

    note, _ = (await ensure(home, log, orders)).notes
    assert names(note, path, 8, 10, "--drop-near-copies")

    asked = orders.with_other(drop_near_copies=True, name="fewer")
    note, _ = (await ensure(home, log, asked)).notes
    assert names(note, path, 8)
    assert not names(note, "--drop-near-copies")
    project = created(choose(await read_histories(log), "fewer")).project
    pool = OpenSnapshot.open(home.store / project.pool.uri, project.pool.digest)
    assert pool.all_texts() == ["order 0 has shipped", "hello"]
    assert not (await ensure(home, log, asked)).is_new


async def test_a_batch_must_fit_what_near_copies_leave(home: Home, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("text\n" + "".join(f"order {number} has shipped\n" for number in range(9)) + "hello\n")

    with raises_naming(UserError, 3, 2):
        await ensure(
            home,
            log,
            options(dataset=str(path), labels=("yes", "no"), batch_size=3, drop_near_copies=True),
        )


async def test_the_same_again_goes_on(home: Home, log: Log, mail: ProjectOptions) -> None:
    first = await ensure(home, log, mail)

    again = await ensure(home, log, mail)

    assert (again.project, again.is_new) == (first.project, False)
    assert len([record async for record in log.read()]) == 1
    assert sorted(path.name for path in home.store.iterdir()) == [first.project]


async def test_no_parameters_are_those_that_a_project_without_them_has(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    of_a_file = mail.with_other(strategy_parameters={}, classifier_parameters={})
    first = await ensure(home, log, of_a_file)

    assert (await ensure(home, log, of_a_file)).project == first.project
    with raises_naming(UserError, "'mail'", "shortlist", "2000"):
        await ensure(home, log, of_a_file.with_other(strategy="diverse-ties"))


async def test_by_its_name_it_goes_on_whatever_became_of_the_file(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    first = await ensure(home, log, mail)
    file_of(mail).unlink()

    assert (await ensure(home, log, options(name="mail"))).project == first.project


@pytest.mark.parametrize(
    ("option", "value", "has", "can_change"),
    [
        ("batch_size", 3, "--batch-size 2", True),
        ("labels", ("ham", "spam"), "--labels spam,ham", False),
        ("lookahead", 0, "--lookahead 1", True),
        ("seed", 1, "--seed 0", False),
        ("strategy", "random-sampling", "--strategy diverse-ties", True),
        ("stopping", "none", "--stopping kappa-average", True),
        ("stopping_parameters", {"kappa": 0.9}, "--stopping-parameter {}", True),
        ("strategy_parameters", {"k": 3}, "--strategy-parameter {'shortlist': 2000}", True),
        ("classifier", "linear", "--classifier transformer", True),
        ("model", "another", "--model all-MiniLM-L6-v2", True),
        ("test", "tests.csv", "--test none", True),
    ],
)
async def test_the_same_name_with_another_setting_is_an_error_that_names_it(
    home: Home,
    log: Log,
    mail: ProjectOptions,
    option: str,
    value: Any,
    has: str,
    can_change: bool,
    tmp_path: Path,
) -> None:
    await ensure(home, log, mail)
    if option == "test":
        (tmp_path / value).write_text("body,label\nfree prize,spam\nsee you,ham\n")
        value = str(tmp_path / value)

    with raises_naming(UserError, "'mail'", has, "--name") as raised:
        await ensure(home, log, mail.with_other(**{option: value}))
    assert names(raised.value, "labelloop change") == can_change
    assert len(await read_histories(log)) == 1


async def test_labels_are_those_of_the_beginning_or_those_of_now(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    first = await ensure(home, log, mail)
    await change_labels.add(log, await only(log), ["bill", "news"])
    await change_labels.rename(log, await only(log), "spam", "junk")
    await change_labels.retire(log, await only(log), ["ham"])

    for labels in (("spam", "ham"), ("junk", "bill", "news")):
        assert (await ensure(home, log, mail.with_other(labels=labels))).project == first.project
    with raises_naming(UserError, "--labels junk,bill,news", "labelloop labels"):
        await ensure(home, log, mail.with_other(labels=("spam", "news")))


async def test_labels_that_differ_are_shown_as_they_are_given(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    await ensure(home, log, mail.with_other(labels=("a, b", "c d")))

    with raises_naming(UserError, """--labels '"a, b",c d'"""):
        await ensure(home, log, mail)


async def test_settings_that_were_not_given_again_are_those_of_the_project(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    await ensure(home, log, mail)

    without = options(dataset=mail.dataset, text_column="body")
    assert not (await ensure(home, log, without)).is_new


async def test_other_texts_under_the_same_name_are_an_error(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    await ensure(home, log, mail)
    append(file_of(mail), "9,one more\n")

    with raises_naming(UserError, "'mail'", mail.dataset, "--name"):
        await ensure(home, log, mail)


async def test_a_project_that_cannot_begin_leaves_nothing(home: Home, log: Log, mail: ProjectOptions) -> None:
    with raises_naming(UserError, 5, "--batch-size 4"):
        await ensure(home, log, mail.with_other(batch_size=5))

    assert await read_histories(log) == {}
    assert list(home.store.iterdir()) == []


async def test_a_project_without_a_log_leaves_nothing(home: Home, mail: ProjectOptions) -> None:
    """Its texts alone would tell of a log that was lost."""

    async def no_log() -> Log:
        raise UserError("the disk is full")

    with raises_naming(UserError, "the disk is full"):
        await ensure_project(FolderStore(home.store), no_log, {}, mail)

    assert list(home.store.iterdir()) == []


async def test_several_projects_must_be_told_apart(home: Home, log: Log, mail: ProjectOptions) -> None:
    await ensure(home, log, mail)
    second = await ensure(home, log, mail.with_other(name="other"))
    histories = await read_histories(log)

    with raises_naming(UserError, "--project", *histories):
        choose(histories, None)
    with raises_naming(UserError, "'third'", *histories):
        choose(histories, "third")
    assert choose(histories, "other").project == choose(histories, second.project).project == second.project


async def test_a_pause_and_its_end_are_told_once(home: Home, log: Log, mail: ProjectOptions) -> None:
    await ensure(home, log, mail)

    await operator_requests.pause(log, await only(log), "new guidelines")
    assert created(await only(log)).paused
    with raises_naming(UserError, "labelloop resume"):
        await operator_requests.pause(log, await only(log))
    await operator_requests.resume(log, await only(log))
    assert not created(await only(log)).paused
    with raises_naming(UserError, (await only(log)).project):
        await operator_requests.resume(log, await only(log))


async def test_a_project_ends_once(home: Home, log: Log, mail: ProjectOptions) -> None:
    await ensure(home, log, mail)

    await operator_requests.end(log, await only(log))

    assert created(await only(log)).ended
    with raises_naming(UserError, "labelloop export"):
        await operator_requests.end(log, await only(log))


async def test_only_an_open_batch_can_be_closed(home: Home, log: Log, mail: ProjectOptions) -> None:
    project = (await ensure(home, log, mail)).project
    await log.append(new_event(project, queried("0", (0, 1)), source="tests"))

    with raises_naming(UserError, project, 7, 0):
        await operator_requests.close(log, await only(log), "7")
    await operator_requests.close(log, await only(log), "0")
    assert created(await only(log)).batches["0"].closed
    with raises_naming(UserError, project, 0):
        await operator_requests.close(log, await only(log), "0")


@pytest.mark.parametrize("output", ["labels.jsonl", "labels.csv", "labels.parquet", "labels/"])
async def test_the_export_has_the_columns_that_are_kept(
    home: Home, log: Log, mail: ProjectOptions, output: str, tmp_path: Path
) -> None:
    kept = mail.with_other(keep_columns=("id", "body", "id"))
    project = (await ensure(home, log, kept)).project
    await log.append(
        new_event(project, queried("0", (3, 2)), source="tests"),
        new_event(project, annotated(answered(3, vote("ann", "ham")), answered(2)), source="tests"),
    )

    table = list(rows((await only(log)).state, FolderStore(home.store)))
    write_rows(table, f"{tmp_path}/{output}", format_of(output))

    read = read_rows(f"{tmp_path}/{output}", format_of(output))
    assert read == table
    assert [(row["id"], row["body"], row["text"]) for row in read] == [
        ("5", "moved to 3pm", "moved to 3pm"),
        ("3", "cheap pills", "cheap pills"),
    ]
    assert list(read[0])[-2:] == ["id", "body"]


async def test_the_columns_that_are_kept_cannot_change(home: Home, log: Log, mail: ProjectOptions) -> None:
    kept = mail.with_other(keep_columns=("id",))
    made = await ensure(home, log, kept)

    for again in (kept, mail):
        assert (await ensure(home, log, again)).project == made.project
    with raises_naming(UserError, "'mail'", "--keep-columns id", "--name"):
        await ensure(home, log, mail.with_other(keep_columns=("body",)))


async def test_a_column_that_cannot_be_kept_is_told(home: Home, log: Log, mail: ProjectOptions) -> None:
    with raises_naming(UserError, "--keep-columns", "mail.csv", "'url'"):
        await ensure(home, log, mail.with_other(keep_columns=("url",)))


TICKETS = "subject,text,from,batch,id\nRefund,Please,ann,B7,1\nHello,,bob,B8,2\nRefund,Pay me,eve,,3\n"


@pytest.fixture
def tickets(tmp_path: Path) -> ProjectOptions:
    """Texts of two columns, with one beside them for people and one to filter by."""
    path = tmp_path / "tickets.csv"
    path.write_text(TICKETS)
    columns = {"text_column": ("subject", "text"), "show_column": "from", "metadata_column": ("batch",)}
    return options(dataset=str(path), labels=("spam", "ham"), batch_size=2, keep_columns=("id",), **columns)


async def test_a_project_says_its_columns(home: Home, log: Log, tickets: ProjectOptions) -> None:
    await ensure(home, log, tickets)

    project = created(await only(log)).project
    assert (project.text_columns, project.shown_columns) == (("subject", "text"), ("from",))
    assert project.metadata_columns == {"batch": "terms"}
    (first,) = [record.event async for record in log.read()]
    assert first is not None
    assert first.type == "labelloop.ProjectCreated.v4"


async def test_a_project_of_texts_alone_is_said_as_ever(home: Home, log: Log, mail: ProjectOptions) -> None:
    await ensure(home, log, mail)

    (first,) = [record.event async for record in log.read()]
    assert first is not None
    assert first.type == "labelloop.ProjectCreated.v2"
    assert b"columns" not in first.data


@pytest.mark.parametrize("output", ["labels.jsonl", "labels.csv", "labels.parquet", "labels/"])
async def test_the_export_has_all_columns_of_a_text(
    home: Home, log: Log, tickets: ProjectOptions, output: str, tmp_path: Path
) -> None:
    """A name that the export uses itself gets `source_` before it."""
    project = (await ensure(home, log, tickets)).project
    await log.append(
        new_event(project, queried("0", (0, 1)), source="tests"),
        new_event(project, annotated(answered(0, vote("ann", "ham")), answered(1)), source="tests"),
    )

    table = list(rows((await only(log)).state, FolderStore(home.store)))
    write_rows(table, f"{tmp_path}/{output}", format_of(output))

    read = read_rows(f"{tmp_path}/{output}", format_of(output))
    own = ("id", "subject", "source_text", "from", "source_batch")
    assert list(read[0])[-5:] == list(own)
    assert [(row["text"], *(row[name] for name in own)) for row in read] == [
        ("Refund\n\nPlease", "1", "Refund", "Please", "ann", "B7"),
        ("Hello", "2", "Hello", None, "bob", "B8"),
    ]


async def test_an_export_begins_another_project_with_its_columns(
    home: Home, log: Log, tickets: ProjectOptions, tmp_path: Path
) -> None:
    project = (await ensure(home, log, tickets)).project
    await log.append(
        new_event(project, queried("0", (0, 1, 2)), source="tests"),
        new_event(
            project, annotated(*(answered(item, vote("ann", "ham")) for item in range(3))), source="tests"
        ),
    )
    export = f"{tmp_path}/labels.csv"
    write_rows(list(rows((await only(log)).state, FolderStore(home.store))), export, "csv")
    columns = {"text_column": ("subject", "source_text"), "show_column": "from"}

    made = await ensure(
        home, log, options(labelled=export, labels=("spam", "ham"), batch_size=1, name="again", **columns)
    )

    again = choose(await read_histories(log), made.project)
    assert created(again).project.given == 1
    pool = OpenSnapshot.open(FolderStore(home.store).snapshot(created(again).project.pool))
    assert pool.all_texts() == ["Refund\n\nPlease", "Hello", "Refund\n\nPay me"]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({}, None),
        ({"text_column": ("text", "subject")}, "--text-column subject --text-column text"),
        ({"show_column": ("from", "id")}, "--show-column from"),
        ({"metadata_column": ("id",)}, "--metadata-column batch"),
        ({"keep_columns": ("from",)}, "--keep-columns"),
    ],
)
async def test_the_columns_of_a_project_cannot_change(
    home: Home, log: Log, tickets: ProjectOptions, columns: dict[str, object], told: str | None
) -> None:
    made = await ensure(home, log, tickets)
    again = tickets.with_other(**columns)

    if told is None:
        assert await ensure(home, log, again) == EnsuredProject(made.project, is_new=False)
    else:
        with raises_naming(UserError, "'tickets'", told, "--name"):
            await ensure(home, log, again)


async def test_a_project_is_found_by_its_texts_without_its_columns(
    home: Home, log: Log, tickets: ProjectOptions
) -> None:
    made = await ensure(home, log, tickets)

    assert (await ensure(home, log, options(dataset=tickets.dataset))).project == made.project


async def test_a_project_of_texts_alone_takes_no_columns_later(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    await ensure(home, log, mail)

    with raises_naming(UserError, "'mail'", "with no --show-column", "--name"):
        await ensure(home, log, mail.with_other(show_column=("id",)))
    with raises_naming(UserError, "'mail'", "with --text-column body,", "--name"):
        await ensure(home, log, mail.with_other(text_column=("id", "body")))


async def test_the_export_has_labels_votes_and_rows_of_the_source(
    home: Home, log: Log, mail: ProjectOptions
) -> None:
    project = (await ensure(home, log, mail)).project
    done = annotated(
        answered(3, vote("ann", "ham", time=EARLY), vote("bob", "spam", time=LATE)),
        answered(2, vote("ann"), discarded=True),
    )
    for data in (queried("0", (3, 2)), done, queried("1", (0, 1))):
        await log.append(new_event(project, data, source="tests"))
    history = await only(log)

    table = list(rows(history.state, FolderStore(home.store)))

    shown = ("text", "label", "discarded", "item", "source_row", "batch", "model", "annotators")
    assert [tuple(row[name] for name in shown) for row in table] == [
        ("moved to 3pm", "ham", False, 3, 5, "0", None, ["ann", "bob"]),
        ("cheap pills", None, True, 2, 3, "0", None, ["ann"]),
    ]
    assert [row["time"] for row in table] == [LATE, created(history).batches["0"].annotated_at]
    status = summarized(history, str(home.store)).status()
    assert (status["labels"], status["discarded"], status["batches"]) == (1, 1, {"done": 1, "open": 1})

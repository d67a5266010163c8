"""Each bad input is one clear line, exit code 2, and nothing lost."""

import json
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import open_home
from labelloop.supervisor.lock import hold
from tests.support.argilla_server import ArgillaServer
from tests.support.command import error_line, labelloop
from tests.support.disks import fill

TEXTS = ["win a prize", "lunch at noon?", "cheap pills", "moved to 3pm"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    path = tmp_path / "mail.csv"
    path.write_text(
        "body,kind\n" + "".join(f"{text},{kind}\n" for text, kind in zip(TEXTS, "abab", strict=True))
    )
    return path


def init(home: Path, dataset: object, *more: object) -> Any:
    return labelloop("init", "--home", home, "--dataset", dataset, "--batch-size", 2, *more)


def made(home: Path, mail: Path) -> str:
    """A home with a project in it."""
    result = init(home, mail, "--text-column", "body", "--labels", "spam,ham", "--json")
    assert result.exit_code == 0, result.output
    project: str = json.loads(result.stdout)["project"]
    return project


def projects(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    return found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--label-column", "topic"], "has no column 'topic'; choose one by --label-column: body, kind"),
        (["--text-column", "subject"], "has no column 'subject'; choose one by --text-column: body, kind"),
        (["--labels", "spam"], "holds one class only (spam)"),
        (["--labels", "spam,ham", "--batch-size", "5"], "a batch of 5 is larger than the pool of 4 texts"),
        (["--labels", "spam,ham", "--model", "./none"], "there is no model folder ./none"),
        (["--labels", "spam,ham", "--classifier", "linaer"], "no classifier 'linaer'; did you mean linear?"),
        (["--labels", "spam,ham", "--strategy", "breaking-tie"], "did you mean breaking-ties"),
        (["--labels", "spam,ham", "--strategy-parameter", "k=3"], "has no parameter 'k'"),
        (["--labels", "spam,ham", "--stopping", "kappa"], "did you mean kappa-average"),
        (["--labels", "spam,ham,other", "--stopping", "delta-f-score"], "is for two labels, and there are 3"),
        (["--labels", "spam,ham", "--stopping", "none", "--stop-when-advised"], "nothing advises to stop"),
        (["--labels", "spam,ham", "--classifier-parameter", "epochs=0"], "give a whole number above 0"),
        (["--labels", "spam,ham", "--guidelines", "none.md"], "the guidelines none.md cannot be read"),
        (["--labels", "spam,ham", "--lookahead", "-1"], "-1 is not in the range x>=0"),
        (["--text-column", "body"], "has no labels to choose from; name them: --labels spam,ham"),
        (["--labels", "spam,ham", "--cold-start", "balanced"], "a balanced cold start needs gold labels"),
    ],
)
def test_a_wrong_option_is_told(home: Path, mail: Path, options: list[str], message: str) -> None:
    text = [] if "--text-column" in options else ["--text-column", "body"]

    assert message in error_line(init(home, mail, *text, *options))
    assert not home.exists() or projects(home) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "does not exist; check the path"),
        ("empty.csv", "", "is empty; give a data set"),
        ("blank.csv", "text\n \n", "has no texts in the column 'text'"),
        ("latin.csv", b"text\ncaf\xe9\n", "is not in UTF-8; convert it first"),
        ("sheet.xlsx", "x", "is of no known kind"),
        ("one.csv", "text,label\na,x\nb,x\n", "holds one class only (x)"),
    ],
)
def test_a_data_set_that_cannot_be_used_is_told(
    home: Path, tmp_path: Path, name: str, content: str | bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    labels = [] if name == "one.csv" else ["--labels", "a,b"]

    assert message in error_line(init(home, tmp_path / name, *labels))


def test_a_column_with_too_many_labels_is_told(home: Path, tmp_path: Path) -> None:
    rows = "".join(f"text {number},label {number}\n" for number in range(501))
    (tmp_path / "mail.csv").write_text("text,label\n" + rows)

    assert "501 labels are more than the 500 that Argilla takes" in error_line(
        init(home, tmp_path / "mail.csv")
    )


@pytest.mark.parametrize(("content", "said"), [("", "0"), ("x" * 10_001, "10,001")])
def test_guidelines_that_argilla_refuses_are_told(home: Path, mail: Path, content: str, said: str) -> None:
    mail.with_name("guide.md").write_text(content)

    options = ["--text-column", "body", "--labels", "a,b", "--guidelines", mail.with_name("guide.md")]
    assert f"the guidelines have {said} characters: give 1 to 10,000" in error_line(
        init(home, mail, *options)
    )


def test_a_label_that_is_a_whole_text_is_told(home: Path, mail: Path) -> None:
    line = error_line(init(home, mail, "--text-column", "body", "--labels", "a," + "b" * 201))

    assert "has more than 200 characters" in line


def test_test_labels_that_the_project_does_not_know_are_told(home: Path, mail: Path, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("body,kind\nfree prize,c\n")

    result = init(
        home, mail, "--text-column", "body", "--label-column", "kind", "--test", tmp_path / "test.csv"
    )

    assert "that the project does not know (c)" in error_line(result)


def test_duplicate_and_empty_texts_are_real_life(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text('text\nwin\n""\nwin \nlunch\n')

    result = init(home, tmp_path / "mail.csv", "--labels", "spam,ham")

    assert result.exit_code == 0
    assert "2 texts (1 duplicates left out, 1 empty left out)" in result.stdout


@pytest.mark.parametrize("command", ["status", "curve", "export", "events", "pause", "end", "down"])
def test_a_home_that_is_not_there_is_told(tmp_path: Path, command: str) -> None:
    assert "there is no home at" in error_line(labelloop(command, "--home", tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_a_home_without_a_project_says_how_to_make_one(home: Path) -> None:
    assert "give --dataset FILE --labels a,b" in error_line(labelloop("up", "--home", home))
    assert "make one with `labelloop init" in error_line(labelloop("curve", "--home", home))


def test_a_home_of_a_newer_version_is_left_as_it_is(home: Path, mail: Path) -> None:
    made(home, mail)
    (home / "home.json").write_text('{"format": 9, "kind": "user"}')

    for command in ("up", "status", "events"):
        assert "upgrade" in error_line(labelloop(command, "--home", home))


def test_a_log_of_a_newer_version_is_left_as_it_is(home: Path, mail: Path) -> None:
    made(home, mail)
    with closing(sqlite3.connect(home / "log.sqlite")) as log:
        log.execute("PRAGMA user_version = 9")

    assert "a newer labelloop wrote the log" in error_line(labelloop("up", "--home", home))


def test_a_home_in_use_is_told_with_the_process(home: Path, mail: Path) -> None:
    made(home, mail)

    with hold(home / "run"):
        line = error_line(labelloop("up", "--home", home))

    assert f"in use by another supervisor (process {os.getpid()}): stop it with `labelloop down" in line


def test_a_port_in_use_is_told_before_anything_starts(home: Path, mail: Path) -> None:
    made(home, mail)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = error_line(labelloop("up", "--home", home, "--port", port))

    assert f"port {port} on 127.0.0.1 cannot be used" in line
    assert "another --host or --port" in line
    assert not (home / "logs").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "argilla", "http://no-such-host.invalid"])
def test_a_wrong_argilla_url_is_told(home: Path, mail: Path, url: str) -> None:
    made(home, mail)

    line = error_line(labelloop("up", "--home", home, "--argilla-url", url, "--argilla-key", "k"))

    assert url in line
    assert not (home / "argilla-elsewhere.json").exists()


def test_a_url_without_its_key_is_told(home: Path, mail: Path) -> None:
    made(home, mail)

    line = error_line(labelloop("up", "--home", home, "--argilla-url", "http://127.0.0.1:1"))

    assert "give an owner's with --argilla-key" in line


def test_a_wrong_argilla_key_is_told(home: Path, mail: Path, argilla_server: ArgillaServer) -> None:
    made(home, mail)

    line = error_line(
        labelloop("up", "--home", home, "--argilla-url", argilla_server.url, "--argilla-key", "wrong")
    )

    assert argilla_server.url in line
    assert "key" in line


def test_a_demo_never_touches_a_home_that_is_not_its_own(home: Path, mail: Path, tmp_path: Path) -> None:
    project = made(home, mail)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")

    assert "not the home of a demo" in error_line(labelloop("demo", "--home", home))
    assert "is no home of labelloop" in error_line(labelloop("demo", "--home", tmp_path / "thesis"))
    assert [found["project"] for found in projects(home)] == [project]
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_a_demo_with_bad_input_leaves_what_an_earlier_one_left(tmp_path: Path, mail: Path) -> None:
    home = open_home(tmp_path / "demo", "demo")
    home.exports.mkdir()
    (home.exports / "labels.jsonl").touch()

    assert "no classifier" in error_line(labelloop("demo", "--home", home.path, "--classifier", "none"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port}" in error_line(labelloop("demo", "--home", home.path, "--port", port))
    assert (home.exports / "labels.jsonl").exists()


def test_a_demo_needs_labels_to_give(tmp_path: Path, mail: Path) -> None:
    line = error_line(
        labelloop(
            *("demo", "--home", tmp_path / "demo", "--dataset", mail, "--text-column", "body"),
            *("--label-column", "", "--batch-size", 2),
        )
    )

    assert "has no label column, and simulated annotators know no others: name the column by" in line
    assert not (tmp_path / "demo").exists()


def test_events_removed_from_the_log_are_noticed(home: Path, mail: Path) -> None:
    made(home, mail)
    made(home, mail.rename(mail.with_name("other.csv")))
    edit(home, "DELETE FROM events WHERE offset = 2")

    for command in ("up", "status", "export"):
        line = error_line(labelloop(command, "--home", home))
        assert "lacks 1 of the 2 events that were written to it: put back a copy" in line


def test_an_event_edited_in_the_log_halts_its_project(home: Path, mail: Path) -> None:
    project = made(home, mail)
    edit(home, "UPDATE events SET data = replace(data, '\"spam\"', '\"span\"')")

    for command in ("up", "curve", "export", "pause"):
        line = error_line(labelloop(command, "--home", home))
        assert f"the project {project} is halted at event" in line
        assert "put back a copy of the log" in line
    status = labelloop("status", "--home", home, "--json")
    assert status.exit_code == 2
    assert "halted at event" in json.loads(status.stdout)["projects"][0]["halted"]


def test_a_log_that_was_emptied_is_noticed(home: Path, mail: Path) -> None:
    project = made(home, mail)
    (home / "store" / project / "models" / "0").mkdir(parents=True)
    for left in home.glob("log.sqlite*"):
        left.unlink()

    for command in ("up", "status", "export"):
        line = error_line(labelloop(command, "--home", home))
        assert f"knows nothing of the project {project}, which has models" in line
        assert "put back a copy of the log" in line


def test_a_log_that_is_no_log_is_told(home: Path, mail: Path) -> None:
    made(home, mail)
    for left in home.glob("log.sqlite-*"):
        left.unlink()
    (home / "log.sqlite").write_bytes(b"not a database " * 400)

    assert "is damaged" in error_line(labelloop("up", "--home", home))


def test_a_full_disk_is_told_and_nothing_is_half_made(tiny_disk: Path, mail: Path) -> None:
    home = tiny_disk / "home"
    project = made(home, mail)
    filler = fill(tiny_disk)
    big = mail.with_name("big.csv")
    big.write_text("body\n" + "".join(f"text number {number}\n" for number in range(20_000)))

    line = error_line(init(home, big, "--text-column", "body", "--labels", "spam,ham"))

    assert "space" in line
    filler.unlink()
    assert [found["project"] for found in projects(home)] == [project]
    assert [path.name for path in (home / "store").iterdir()] == [project]


def edit(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "log.sqlite")) as log, log:
        log.execute(statement)

"""Each bad input is one clear line, exit code 2, and nothing lost."""

import json
import os
import shutil
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
from tests.support.messages import names
from tests.support.tiny_bert import QUICK

TEXTS = ["win a prize", "lunch at noon?", "cheap pills", "moved to 3pm"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(folder: Path) -> Path:
    path = folder / "mail.csv"
    path.write_text(
        "body,kind\n" + "".join(f"{text},{kind}\n" for text, kind in zip(TEXTS, "abab", strict=True))
    )
    return path


def init(home: Path, dataset: object, *more: object) -> Any:
    return labelloop("init", "--home", home, "--dataset", dataset, "--batch-size", 2, *QUICK, *more)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a project in it, to be copied: its model is tried once for all tests."""
    folder = tmp_path_factory.mktemp("kept")
    result = init(folder / "home", written(folder), "--text-column", "body", "--labels", "spam,ham")
    assert result.exit_code == 0, result.output
    return folder / "home"


@pytest.fixture
def made(home: Path, kept: Path) -> str:
    """The project in the home."""
    shutil.copytree(kept, home)
    (project,) = (path.name for path in (home / "store").iterdir())
    return project


def projects(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    return found


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        (["--label-column", "topic"], ("mail.csv", "'topic'", "--label-column", "'body', 'kind'")),
        (["--text-column", "subject"], ("mail.csv", "'subject'", "--text-column", "'body', 'kind'")),
        (["--labels", "spam"], ("--labels", "spam")),
        (["--labels", "spam,ham", "--batch-size", "5"], ("5", "--batch-size 4")),
        (["--labels", "spam,ham", "--model", "./none"], ("./none",)),
        (["--labels", "spam,ham", "--classifier", "linaer"], ("'linaer'", "linear")),
        (["--labels", "spam,ham", "--strategy", "breaking-tie"], ("'breaking-tie'", "breaking-ties")),
        (["--labels", "spam,ham", "--strategy-parameter", "k=3"], ("'k'",)),
        (["--labels", "spam,ham", "--stopping", "kappa"], ("'kappa'", "kappa-average")),
        (
            ["--labels", "spam,ham,other", "--stopping", "delta-f-score"],
            ("DeltaFScore", "3", "--stopping"),
        ),
        (
            ["--labels", "spam,ham", "--stopping", "none", "--stop-when-advised"],
            ("--stopping", "--stop-when-advised"),
        ),
        (["--labels", "spam,ham", "--classifier-parameter", "epochs=0"], ("epochs", "0")),
        (["--labels", "spam,ham", "--guidelines", "none.md"], ("none.md",)),
        (["--labels", "spam,ham", "--lookahead", "-1"], ("--lookahead", "-1")),
        (["--text-column", "body"], ("--labels spam,ham",)),
        (["--labels", "spam,ham", "--cold-start", "balanced"], ("--label-column", "--cold-start random")),
    ],
)
def test_a_wrong_option_is_told(home: Path, mail: Path, options: list[str], facts: tuple[str, ...]) -> None:
    text = [] if "--text-column" in options else ["--text-column", "body"]

    assert names(error_line(init(home, mail, *text, *options)), *facts)
    assert not (home / "log.sqlite").exists()


@pytest.mark.parametrize(
    ("name", "content", "facts"),
    [
        ("none.csv", None, ()),
        ("empty.csv", "", ()),
        ("blank.csv", "text\n \n", ("'text'",)),
        ("latin.csv", b"text\ncaf\xe9\n", ("UTF-8", "--encoding cp1252")),
        ("sheet.xlsx", "x", (".csv", ".jsonl")),
        ("one.csv", "text,label\na,x\nb,x\n", ("'label'", "x")),
    ],
)
def test_a_data_set_that_cannot_be_used_is_told(
    home: Path, tmp_path: Path, name: str, content: str | bytes | None, facts: tuple[str, ...]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    labels = [] if name == "one.csv" else ["--labels", "a,b"]

    line = error_line(init(home, tmp_path / name, *labels))

    assert names(line, *facts)
    assert name in line or name == "one.csv"
    assert not (home / "log.sqlite").exists()


def test_a_column_with_too_many_labels_is_told(home: Path, tmp_path: Path) -> None:
    rows = "".join(f"text {number},label {number}\n" for number in range(501))
    (tmp_path / "mail.csv").write_text("text,label\n" + rows)

    assert names(error_line(init(home, tmp_path / "mail.csv")), 501, 500, "--labels", "--label-column")


@pytest.mark.parametrize(("content", "said"), [("", "0"), ("x" * 10_001, "10,001")])
def test_guidelines_that_argilla_refuses_are_told(home: Path, mail: Path, content: str, said: str) -> None:
    mail.with_name("guide.md").write_text(content)

    options = ["--text-column", "body", "--labels", "a,b", "--guidelines", mail.with_name("guide.md")]
    assert names(error_line(init(home, mail, *options)), said, "10,000")


def test_a_label_that_is_a_whole_text_is_told(home: Path, mail: Path) -> None:
    line = error_line(init(home, mail, "--text-column", "body", "--labels", "a," + "b" * 201))

    assert names(line, 200, "--labels")


def test_test_labels_that_the_project_does_not_know_are_told(home: Path, mail: Path, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("body,kind\nfree prize,c\n")

    result = init(
        home, mail, "--text-column", "body", "--label-column", "kind", "--test", tmp_path / "test.csv"
    )

    assert names(error_line(result), "test.csv", "'kind'", "c")


def test_duplicate_and_empty_texts_are_real_life(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text('text\nwin\n""\nwin \nlunch\n')

    result = init(home, tmp_path / "mail.csv", "--labels", "spam,ham")

    assert result.exit_code == 0
    assert names(result.stdout, "mail.csv", 2, 1)


def test_a_first_text_taken_as_header_is_told_and_no_header_reads_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text("win a prize\nlunch?\nsee you\n")

    taken = init(home, tmp_path / "mail.csv", "--labels", "spam,ham")
    read = init(home, tmp_path / "mail.csv", "--labels", "spam,ham", "--no-header", "--name", "all")

    assert names(taken.stdout, "mail.csv", "'win a prize'", "--no-header")
    assert not names(read.stdout, "--no-header")
    assert sorted(project["pool"] for project in projects(home)) == [2, 3]


@pytest.mark.parametrize("command", ["status", "curve", "export", "events", "pause", "end", "down"])
def test_a_home_that_is_not_there_is_told(tmp_path: Path, command: str) -> None:
    assert names(error_line(labelloop(command, "--home", tmp_path / "none")), tmp_path / "none", "--home")
    assert not (tmp_path / "none").exists()


def test_a_home_without_a_project_says_how_to_make_one(home: Path) -> None:
    assert names(error_line(labelloop("up", "--home", home)), "--dataset", "--labels")
    assert not (home / "log.sqlite").exists()
    assert names(error_line(labelloop("curve", "--home", home)), "labelloop init")
    assert labelloop("init", "--log-only", "--home", home).exit_code == 0
    assert names(error_line(labelloop("curve", "--home", home)), "labelloop init --dataset")


def test_a_home_of_a_newer_version_is_left_as_it_is(home: Path, made: str) -> None:
    (home / "home.json").write_text('{"format": 9, "kind": "user"}')

    for command in ("up", "status", "events"):
        assert names(error_line(labelloop(command, "--home", home)), home)
    assert json.loads((home / "home.json").read_text())["format"] == 9


def test_a_log_of_a_newer_version_is_left_as_it_is(home: Path, made: str) -> None:
    with closing(sqlite3.connect(home / "log.sqlite")) as log:
        log.execute("PRAGMA user_version = 9")

    assert names(error_line(labelloop("up", "--home", home)), home / "log.sqlite")


def test_a_home_in_use_is_told_with_the_process(home: Path, made: str) -> None:
    with hold(home / "run"):
        line = error_line(labelloop("up", "--home", home))

    assert names(line, os.getpid(), f"labelloop down --home {home}")


def test_a_port_in_use_is_told_before_anything_starts(home: Path, made: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = error_line(labelloop("up", "--home", home, "--port", port))

    assert names(line, port, "127.0.0.1", "--host", "--port")
    assert not (home / "logs").exists()


def test_a_port_in_use_is_told_before_a_project_is_made(home: Path, mail: Path) -> None:
    data = ("--dataset", mail, "--text-column", "body", "--labels", "spam,ham", "--batch-size", 2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = error_line(labelloop("up", "--home", home, "--port", port, *data))

    assert names(line, port, "--port")
    assert not (home / "log.sqlite").exists()
    assert not (home / "argilla-address.json").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "argilla", "http://no-such-host.invalid"])
def test_a_wrong_argilla_url_is_told(home: Path, made: str, url: str) -> None:
    line = error_line(labelloop("up", "--home", home, "--argilla-url", url, "--argilla-key", "k"))

    assert url in line
    assert not (home / "argilla-elsewhere.json").exists()


def test_a_url_without_its_key_is_told(home: Path, made: str) -> None:
    line = error_line(labelloop("up", "--home", home, "--argilla-url", "http://127.0.0.1:1"))

    assert names(line, "http://127.0.0.1:1", "--argilla-key")


def test_a_wrong_argilla_key_is_told(home: Path, made: str, argilla_server: ArgillaServer) -> None:
    line = error_line(
        labelloop("up", "--home", home, "--argilla-url", argilla_server.url, "--argilla-key", "wrong")
    )

    assert names(line, argilla_server.url, "key")


def test_a_demo_never_touches_a_home_that_is_not_its_own(home: Path, made: str, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")

    for other in (home, tmp_path / "thesis"):
        assert names(error_line(labelloop("demo", "--home", other)), other, "--home")
    assert [found["project"] for found in projects(home)] == [made]
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_a_demo_with_bad_input_leaves_what_an_earlier_one_left(tmp_path: Path, mail: Path) -> None:
    home = open_home(tmp_path / "demo", "demo")
    home.exports.mkdir()
    (home.exports / "labels.jsonl").touch()

    assert names(error_line(labelloop("demo", "--home", home.path, "--classifier", "none")), "'none'")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert names(error_line(labelloop("demo", "--home", home.path, "--port", port)), port)
    assert (home.exports / "labels.jsonl").exists()


def test_a_demo_needs_labels_to_give(tmp_path: Path, mail: Path) -> None:
    line = error_line(
        labelloop(
            *("demo", "--home", tmp_path / "demo", "--dataset", mail, "--text-column", "body"),
            *("--label-column", "", "--batch-size", 2),
        )
    )

    assert names(line, "mail.csv", "--label-column", "labelloop up")
    assert not (tmp_path / "demo").exists()


def test_events_removed_from_the_log_are_noticed(home: Path, made: str, mail: Path) -> None:
    second = ("--text-column", "body", "--labels", "spam,ham")
    assert init(home, mail.rename(mail.with_name("other.csv")), *second).exit_code == 0
    edit(home, "DELETE FROM events WHERE offset = 2")

    for command in ("up", "status", "export"):
        line = error_line(labelloop(command, "--home", home))
        assert names(line, home / "log.sqlite", 1, 2)


def test_an_event_edited_in_the_log_halts_its_project(home: Path, made: str) -> None:
    edit(home, "UPDATE events SET data = replace(data, '\"spam\"', '\"span\"')")

    for command in ("up", "curve", "export", "pause"):
        line = error_line(labelloop(command, "--home", home))
        assert names(line, made, "partition 0, offset 1", "labelloop skip")
    status = labelloop("status", "--home", home, "--json")
    assert status.exit_code == 2
    assert names(json.loads(status.stdout)["projects"][0]["halted"], "partition 0, offset 1")


def test_a_log_that_was_emptied_is_noticed_and_says_what_to_do(home: Path, made: str) -> None:
    (home / "store" / made / "models" / "0").mkdir(parents=True)
    for left in home.glob("log.sqlite*"):
        left.unlink()

    for command in ("up", "status", "export"):
        line = error_line(labelloop(command, "--home", home))
        assert names(line, made, home / "store", "put back a copy of the log")


def test_a_log_that_is_no_log_is_told(home: Path, made: str) -> None:
    for left in home.glob("log.sqlite-*"):
        left.unlink()
    (home / "log.sqlite").write_bytes(b"not a database " * 400)

    assert names(error_line(labelloop("up", "--home", home)), home / "log.sqlite")


def test_a_full_disk_is_told_and_nothing_is_half_made(tiny_disk: Path, kept: Path, mail: Path) -> None:
    home = tiny_disk / "home"
    shutil.copytree(kept, home)
    (project,) = (path.name for path in (home / "store").iterdir())
    filler = fill(tiny_disk)
    big = mail.with_name("big.csv")
    big.write_text("body\n" + "".join(f"text number {number}\n" for number in range(20_000)))

    line = error_line(init(home, big, "--text-column", "body", "--labels", "spam,ham"))

    assert names(line, "space")
    filler.unlink()
    assert [found["project"] for found in projects(home)] == [project]
    assert [path.name for path in (home / "store").iterdir()] == [project]


def edit(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "log.sqlite")) as log, log:
        log.execute(statement)

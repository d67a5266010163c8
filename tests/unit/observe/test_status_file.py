"""A service's word on how it fares."""

import os
from pathlib import Path

from labelloop.observe.status_file import IDLE, SIZE, StatusFile, read_status_file
from tests.support.disks import fill


def test_what_is_said_is_read_until_it_is_taken_back(tmp_path: Path) -> None:
    status_file = StatusFile(tmp_path / "run", "trainer")
    assert read_status_file(tmp_path / "run", "trainer")["doing"] == "starting"

    status_file.set(doing="x", waiting="y")
    status_file.set(waiting=None)

    said = read_status_file(tmp_path / "run", "trainer")
    assert (said["pid"], said["doing"], "waiting" in said) == (os.getpid(), "x", False)


def test_a_project_that_fares_well_does_not_hide_one_that_does_not(tmp_path: Path) -> None:
    status_file = StatusFile(tmp_path, "trainer")

    status_file.set_for("mail work", doing="mail: train model 0")
    status_file.set_for("mail work", failure="disk full")
    status_file.set_for("news poll", waiting=None, failure=None)
    assert read_status_file(tmp_path, "trainer")["failure"] == "disk full"

    status_file.set_for("news work", doing="news: train model 3", failure="out of memory")
    status_file.set_for("mail work", doing=None, failure=None)
    said = read_status_file(tmp_path, "trainer")
    assert (said["doing"], said["failure"]) == ("news: train model 3", "out of memory")

    status_file.set_for("news work", doing=None, failure=None)
    said = read_status_file(tmp_path, "trainer")
    assert (said["doing"], "failure" in said) == (IDLE, False)


def test_long_words_are_cut_so_that_the_file_stays_of_one_size(tmp_path: Path) -> None:
    status_file = StatusFile(tmp_path, "trainer")

    status_file.set(failure="x" * 3 * SIZE, halted={"mail": "y" * 3 * SIZE}, conflicts=7)

    said = read_status_file(tmp_path, "trainer")
    assert (tmp_path / "trainer.status").stat().st_size == SIZE
    assert said["failure"].startswith("xxx")
    assert said["conflicts"] == 7


def test_words_in_any_script_fit(tmp_path: Path) -> None:
    status_file = StatusFile(tmp_path, "trainer")

    status_file.set(waiting="Ж" * SIZE, failure="語" * SIZE)

    assert read_status_file(tmp_path, "trainer")["waiting"].startswith("Ж")
    assert (tmp_path / "trainer.status").stat().st_size == SIZE


def test_what_another_left_behind_the_end_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "trainer.status").write_bytes(b"x" * 2 * SIZE)

    StatusFile(tmp_path, "trainer").set(doing="training")

    assert read_status_file(tmp_path, "trainer")["doing"] == "training"


def test_what_was_never_said_is_empty(tmp_path: Path) -> None:
    assert read_status_file(tmp_path, "trainer") == {}
    (tmp_path / "trainer.status").write_text("{half")
    assert read_status_file(tmp_path, "trainer") == {}
    (tmp_path / "trainer.status").write_text("[1]")
    assert read_status_file(tmp_path, "trainer") == {}


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    StatusFile(tmp_path / "file" / "run", "trainer").set(doing="x")
    StatusFile(None, "trainer").set(doing="x")


def test_a_full_disk_does_not_silence_it(tiny_disk: Path) -> None:
    status_file = StatusFile(tiny_disk, "trainer")
    fill(tiny_disk)

    status_file.set(failure="no space left")

    assert read_status_file(tiny_disk, "trainer")["failure"] == "no space left"

"""The bars below the lines of a terminal."""

import pytest

from labelloop.cli.screen import Activity, Milestones, Screen


def test_a_bar_shows_a_name_as_it_is_and_a_count_only_of_what_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")

    with Screen(stderr=True) as screen:
        screen.tell("reading [red]mail[/x].csv")
        screen.show([Activity("batch", "labelling batch 3", 0, 20)])
        screen.show(())

    shown = capsys.readouterr()
    assert "reading [red]mail[/x].csv" in shown.err
    assert "0/?" not in shown.err
    assert "0/20" in shown.err
    assert shown.out == ""


def test_without_a_terminal_there_are_no_bars(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(stderr=True) as screen:
        screen.tell("reading mail.csv")
        screen.line("a line")

    assert capsys.readouterr().err == "a line\n"


def test_a_line_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(stderr=True) as screen:
        screen.line("label \x1b[2Jmail\x9b31m\nand news")

    assert capsys.readouterr().err == "label \\u001b[2Jmail\\u009b31m\nand news\n"


def test_without_a_terminal_milestones_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([0.0, 0.0, 1.0, 2.0, 7.0, 8.0, 67.0, 70.0])
    with Screen(stderr=True, milestones=Milestones(lambda: next(seconds))) as screen:
        screen.tell("reading mail.csv")
        for done in (0, 150, 250, 260, 270):
            screen.count("predicting", done, 1000)
        screen.tell("writing")
        screen.finish("done")

    assert capsys.readouterr().err.splitlines() == [
        "reading mail.csv",
        "predicting: 0 of 1,000",
        "predicting: 250 of 1,000",
        "predicting: 270 of 1,000",
        "writing",
        "done",
    ], "each beginning, a tenth unless a line was just said, and one a minute"


def test_on_a_terminal_milestones_are_bars(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    with Screen(stderr=True, milestones=Milestones()) as screen:
        screen.count("predicting", 0, 1000)
        screen.finish("done")

    assert "predicting:" not in capsys.readouterr().err

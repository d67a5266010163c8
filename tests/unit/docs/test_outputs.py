"""Commands and what they print, found in a page, compared and written back."""

from datetime import UTC, datetime, timedelta

import pytest

from docs.outputs.blocks import Shown, commands, cut, with_lines
from docs.outputs.make import pages, same
from docs.outputs.masks import masked
from docs.outputs.workshop import in_order
from schemas.envelope import Event, new_event
from schemas.events import EventData, ModelEvaluated
from tests.support.states import all_answered, evaluated, project, queried, recorded, trained

PAGE = """# A page

```console
$ labelloop status
home      /home/ada
$ labelloop export
```

```sh
labelloop up
```

```console
$ labelloop replay
…
digest    abc
```
"""


def test_commands_are_found_with_their_lines_and_other_fences_are_left_alone() -> None:
    assert commands(PAGE) == [
        Shown("labelloop status", ("home      /home/ada",)),
        Shown("labelloop export", ()),
        Shown("labelloop replay", ("…", "digest    abc")),
    ]
    assert with_lines(PAGE, commands(PAGE)) == PAGE


def test_other_lines_are_put_under_their_commands() -> None:
    page = with_lines(PAGE, [Shown(shown.command, ("new",)) for shown in commands(PAGE)])

    assert page.count("\nnew\n") == 3
    assert "home" not in page
    assert "```sh\nlabelloop up\n```" in page


@pytest.mark.parametrize(
    ("like", "shown"),
    [
        (("x",), ("a", "b", "c", "d")),
        (("…", "x"), ("…", "d")),
        (("x", "…"), ("a", "…")),
        (("x", "…", "x", "x"), ("a", "…", "c", "d")),
    ],
)
def test_what_a_page_leaves_out_is_left_out_again(like: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert cut(["a", "b", "c", "d"], like) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("questions-4b0dd1 at 2026-11-26T11:53:43.559029+00:00", "questions-5c1ee2 at 2027-01-01T00:00:00Z"),
        ("2026-11-26 11:53:55  digest " + "a1" * 32, "2026-11-26 11:54:00  digest " + "b2" * 32),
        (
            "event 7c9e6679-7425-40de-944b-e07fc1f90ae7, 1.9 s",
            "event 7c9e6679-7425-40de-944b-e07fc1f90ae8, 20.1 s",
        ),
        ("free: 6900, 76.8 GB free", "free: 41231, 1,076.8 GB free"),
    ],
)
def test_what_differs_at_each_run_is_hidden(one: str, other: str) -> None:
    assert one != other
    assert masked(one) == masked(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("50 texts, 50 of them labelled: labels.csv", "50 texts, 49 of them labelled: labels.csv"),
        ("models      5", "models      4"),
        ("0  10 labels, accuracy 0.150", "0  10 labels, accuracy 0.151"),
        ("project questions-4b0dd1 is made", "project questions-4b0dd1 was there"),
        ("for 1 s", "for 2 s"),
    ],
)
def test_all_else_must_be_the_same(one: str, other: str) -> None:
    assert not same(Shown("x", (one,)), Shown("x", (other,)))


def test_events_are_told_as_if_the_services_had_worked_in_turn() -> None:
    told: list[EventData] = [
        project(),
        queried("0"),
        queried("1", (3, 4, 5)),
        all_answered("0"),
        trained("0", {"0": 0}),
        evaluated("0"),
        queried("2", (6, 7, 8), model="0"),
        all_answered("1", (3, 4, 5)),
        trained("1", {"0": 0, "1": 0}),
        evaluated("1"),
        all_answered("2", (6, 7, 8)),
    ]
    wanted = [event(minute, data) for minute, data in enumerate(told)]
    late = [each for each in wanted if isinstance(each.payload, ModelEvaluated)]
    others = [each for each in wanted if each not in late]

    found = in_order([*others[:2], event(99, recorded()), *others[2:], *late])

    assert [each.id for each in found] == [each.id for each in wanted]


def test_there_are_pages_with_commands() -> None:
    assert "replay" in [page.stem for page in pages()]


def event(minute: int, data: EventData) -> Event:
    time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    return new_event("questions-4b0dd1", data, source="tests", time=time)

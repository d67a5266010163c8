"""The messages of a topic as texts of a project. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from labelloop.errors import UserError
from labelloop.pool.columns import MARK, Bad, Columns, left_out
from labelloop.pool.context import first_misfit
from labelloop.pool.label_cells import Cells, Gold, names_of
from labelloop.pool.prepare import key
from labelloop.pool.sources import SourceTable, read_columns, without_bad

LONGEST_SHOWN = 60
NOT_UTF8 = "it is not in UTF-8"
NO_OBJECT = "it is no JSON object"


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """What stands at an offset of a partition. `value` None: nothing, a tombstone."""

    partition: int
    offset: int
    value: bytes | None

    @property
    def place(self) -> str:
        return f"partition {self.partition}, offset {self.offset}"


@dataclass(frozen=True)
class MessageColumns:
    """What a project takes of a message: the columns of its texts, their label, and further ones.

    `numbers`: the kinds of those by which people filter. If a text is one column and nothing else is taken, a
    message may be the text itself.
    """

    text_columns: tuple[str, ...]
    label_column: str | None = None
    kept_columns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    cells: Cells = field(default_factory=Cells)
    numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_text_alone(self) -> bool:
        return len(self.text_columns) == 1 and self.label_column is None and not self.kept_columns


@dataclass(frozen=True)
class Taken:
    """The rows of messages, the messages that they are, and what is wrong with the one that follows."""

    table: SourceTable
    messages: Sequence[TopicMessage]
    refused: UserError | None = None


def take(
    topic: str, messages: Sequence[TopicMessage], message_columns: MessageColumns, skip_bad: bool = False
) -> Taken:
    """The rows of messages up to the first that cannot be used, or (`skip_bad`) of all that can.

    Tombstones are no rows.
    """
    valued = [message for message in messages if message.value is not None]
    table, bad = _table(topic, valued, message_columns)
    if not bad or skip_bad:
        notes = [left_out(topic, bad, "message")] if bad else []
        return Taken(_as_one_source(table, valued, message_columns, bad, notes), messages)
    first = valued[min(bad)]
    before = messages[: messages.index(first)]
    valued = [message for message in before if message.value is not None]
    table, _ = _table(topic, valued, message_columns)
    reason = bad[len(valued)].reason
    refused = UserError(
        f"{topic}, {first.place}: {reason}: leave it out with --skip-bad-rows (what came before it is added)"
    )
    return Taken(_as_one_source(table, valued, message_columns, {}, []), before, refused)


def next_offsets(before: Mapping[int, int], messages: Iterable[TopicMessage]) -> dict[int, int]:
    """The offsets at which to read on after these messages, by partition."""
    after = dict(before)
    for message in messages:
        after[message.partition] = message.offset + 1
    return after


def _table(
    topic: str, messages: Sequence[TopicMessage], message_columns: MessageColumns
) -> tuple[SourceTable, dict[int, Bad]]:
    bad: dict[int, Bad] = {}
    records = [_record(message, row, message_columns, bad) for row, message in enumerate(messages)]
    names = (*message_columns.text_columns, *message_columns.kept_columns)
    columns = Columns(names, (), lambda name: [record.get(name) for record in records], bad=bad)
    table, bad = read_columns(
        topic,
        columns,
        message_columns.text_columns,
        message_columns.label_column,
        message_columns.kept_columns,
        message_columns.cells,
    )
    for row, gold in enumerate(table.labels or ()):
        unknown = (
            [name for name in names_of(gold) if name not in message_columns.labels]
            if gold is not None
            else []
        )
        if unknown:
            what = (
                f"{message_columns.label_column!r} is {_shown(unknown[0])}, which is no label of the project"
            )
            bad.setdefault(row, _bad(messages[row], what))
    for name, kind in message_columns.numbers.items():
        for row, value in enumerate(table.kept_columns[name]):
            if first_misfit([value], kind) is not None:
                what = f"{name!r} is {_shown(value)}, and in the project it is a number ({kind})"
                bad.setdefault(row, _bad(messages[row], what))
    return table, {row: replace(each, place=messages[row].place) for row, each in sorted(bad.items())}


def _record(
    message: TopicMessage, row: int, message_columns: MessageColumns, bad: dict[int, Bad]
) -> Mapping[str, object]:
    """What a message says, by column."""
    try:
        text = (message.value or b"").decode().removeprefix(MARK)
    except UnicodeDecodeError:
        bad[row] = _bad(message, NOT_UTF8)
        return {}
    value = _value(text)
    if not isinstance(value, dict):
        if message_columns.is_text_alone:
            return {message_columns.text_columns[0]: value if isinstance(value, str) else text}
        bad[row] = _bad(message, NO_OBJECT)
        return {}
    missing = [name for name in message_columns.text_columns if name not in value]
    if missing:
        bad[row] = _bad(message, f"it has no {missing[0]!r}, as the project's texts have")
        return {}
    return value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _as_one_source(
    table: SourceTable,
    messages: Sequence[TopicMessage],
    message_columns: MessageColumns,
    bad: Mapping[int, Bad],
    notes: list[str],
) -> SourceTable:
    """The table with offsets as the numbers of its rows, and one label for each text: the first."""
    table = without_bad(table, bad)
    absent = [
        name for name in message_columns.kept_columns if table.texts and not any(table.kept_columns[name])
    ]
    if absent:
        named = ", ".join(map(repr, absent))
        notes = [*notes, f"{table.source}: none of {len(table.texts):,} messages has {named}"]
    numbers = [message.offset for message in messages]
    return replace(table, labels=_first_labels(table), numbers=numbers, notes=tuple(notes))


def _first_labels(table: SourceTable) -> Sequence[Gold | None] | None:
    """The labels, without those of texts that had another one before."""
    if table.labels is None:
        return None
    first: dict[str, Gold] = {}
    return [
        gold if gold is None or first.setdefault(key(text), gold) == gold else None
        for text, gold in zip(table.texts, table.labels, strict=True)
    ]


def _bad(message: TopicMessage, what: str) -> Bad:
    return Bad(what, message.place)


def _shown(value: str | None) -> str:
    return repr(value if value is None or len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…")

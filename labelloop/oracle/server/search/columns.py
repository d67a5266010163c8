"""SQL expressions for the values that people filter and sort by."""

from typing import Any

from argilla_server.enums import MetadataPropertyType, QuestionType
from argilla_server.models import MetadataProperty, Question, Record, Response, Suggestion
from sqlalchemy import Boolean, ColumnElement, Text, cast, column, exists, func, select, type_coerce
from sqlalchemy.sql.selectable import TableValuedAlias

NUMERIC_METADATA = (MetadataPropertyType.integer, MetadataPropertyType.float)
SEARCHABLE_QUESTIONS = (QuestionType.rating, QuestionType.label_selection, QuestionType.multi_label_selection)


def json_path(*keys: str) -> str:
    """SQLite's path to a value inside a JSON document."""
    return "$" + "".join(f'."{key}"' for key in keys)


def metadata_value(name: str) -> ColumnElement[Any]:
    """A metadata property of a record, as its JSON value. NULL if it is missing."""
    return func.json_extract(Record.metadata_, json_path(name))


def metadata_values(name: str) -> TableValuedAlias:
    """The values of a metadata property as rows: one row, or one per element of a list."""
    return elements(Record.metadata_, json_path(name))


def response_values(question: Question) -> TableValuedAlias:
    """The answers of one response to a question as rows: one row, or one per label."""
    return elements(Response.values, json_path(question.name, "value"))


def suggestion_values(document: Any) -> TableValuedAlias:
    """The values or scores of one suggestion as rows."""
    return elements(document, "$")


def elements(document: Any, path: str) -> TableValuedAlias:
    """A JSON value as rows with a column `value`: the value itself, or the elements of a list."""
    return func.json_each(document, path).table_valued(column("value"), joins_implicitly=True)


def is_numeric(subject: MetadataProperty | Question) -> bool:
    """Whether values of this metadata property or question compare as numbers."""
    return subject.type in (*NUMERIC_METADATA, QuestionType.rating)


def as_text(value: ColumnElement[Any]) -> ColumnElement[str]:
    """A value as text, so that strings compare as strings."""
    return cast(value, Text)


def any_of(rows: TableValuedAlias, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether one of `rows` meets `condition`."""
    return exists(select(1).select_from(rows).where(condition))


def of_record(
    model: type[Response] | type[Suggestion], *conditions: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether the record has a response (or suggestion) that meets all `conditions`."""
    return exists(select(1).where(model.record_id == Record.id, *conditions).correlate(Record))


def boolean(value: ColumnElement[Any]) -> ColumnElement[bool]:
    """SQLite's 0 or 1 as a condition."""
    return type_coerce(value, Boolean)

"""The columns of texts: what the model reads, what people see, and by what they filter. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labelloop.pool.label_cells import whole
from schemas.events import ProjectCreated, ProjectCreatedV4

if TYPE_CHECKING:
    from labelloop.pool.snapshot import OpenSnapshot

SEPARATOR = "\n\n"
"""Between the columns of a text. It never changes: models have learned texts that were joined by it."""
INTEGER, FLOAT, TERMS = "integer", "float", "terms"
LONGEST_TERM = 200
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")

Metadata = str | int | float | list[str]


@dataclass(frozen=True, slots=True)
class PoolText:
    """A text as the model reads it, and what people have of it.

    `columns`: what they see in place of the text, in order (None: the text has none; empty: they see the
    text). `metadata`: by what they can filter.
    """

    text: str
    columns: Mapping[str, str | None] = field(default_factory=dict)
    metadata: Mapping[str, Metadata | None] = field(default_factory=dict)


def joined(parts: Iterable[str]) -> str:
    """The text that the model reads. Columns without a text are left out."""
    return SEPARATOR.join(part for part in parts if part.strip())


def seen_columns(project: ProjectCreated) -> tuple[str, ...]:
    """The columns that people see each for itself. None if they see the text alone."""
    if not isinstance(project, ProjectCreatedV4):
        return ()
    texts = project.text_columns or (project.pool.text_column,)
    return (*texts, *project.shown_columns) if len(texts) > 1 or project.shown_columns else ()


def metadata_kinds(project: ProjectCreated) -> Mapping[str, str]:
    """The columns by which people can filter, and Argilla's kind of each."""
    return project.metadata_columns if isinstance(project, ProjectCreatedV4) else {}


def kind_of(values: Iterable[str | None]) -> str:
    """The kind of a metadata column: numbers if all its values are written as numbers are."""
    texts = {whole(value) for value in values if value is not None}
    if texts and all(map(_INTEGER.fullmatch, texts)):
        return INTEGER
    return FLOAT if texts and all(map(_FLOAT.fullmatch, texts)) else TERMS


def first_misfit(values: Sequence[str | None], kind: str) -> int | None:
    """The place of the first value that a metadata column of this kind cannot have, or None."""
    pattern = {INTEGER: _INTEGER, FLOAT: _FLOAT}.get(kind)
    if pattern is None:
        return None
    present = ((place, value) for place, value in enumerate(values) if value is not None)
    return next((place for place, value in present if not pattern.fullmatch(whole(value))), None)


def pool_texts(project: ProjectCreated, pool: "OpenSnapshot", items: Sequence[int]) -> list[PoolText]:
    """These texts of the project's pool."""
    shown, kinds, columns = seen_columns(project), metadata_kinds(project), pool.kept_values(items)
    return [
        PoolText(
            text,
            {name: columns[name][place] if name in columns else text for name in shown},
            {name: _value(columns[name][place], kind) for name, kind in kinds.items()},
        )
        for place, text in enumerate(pool.texts(items))
    ]


def _value(value: str | None, kind: str) -> Metadata | None:
    if value is None:
        return None
    if kind == INTEGER:
        return int(whole(value))
    if kind == FLOAT:
        return float(value)
    terms = _terms(value)
    return _cut(value) if terms is None else [_cut(term) for term in terms]


def _terms(value: str) -> list[str] | None:
    """The values of a list of texts, as the pool keeps it, or None if it is none."""
    if not value.startswith("["):
        return None
    try:
        terms = json.loads(value)
    except (ValueError, RecursionError):
        return None
    is_list = isinstance(terms, list) and all(isinstance(term, str) for term in terms)
    return terms if is_list else None


def _cut(term: str) -> str:
    """A term that a search engine takes."""
    return term if len(term) <= LONGEST_TERM else f"{term[: LONGEST_TERM - 1]}…"

"""`labelloop predict`: the labels that a model gives to the rest of the pool, or to the texts of files."""

import asyncio
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from dataclasses import replace as replace_fields
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.cli.output import Output, Placed, output_options
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted, one_line

if TYPE_CHECKING:
    from labelloop.loop.state import LoopState
    from labelloop.projects.formats import Row, Table
    from labelloop.projects.predictions.calibration import AuditedShare
    from labelloop.projects.predictions.predict import PredictionRequest, PredictResult, Show

NAME = "-predictions"
PERCENT = 100


def _probability(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("give a probability, such as 0.9")
    return value


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument(
    "files",
    nargs=-1,
    metavar="[FILE]…",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
@options.where_and_project
@click.option("--pool", is_flag=True, help="Label the texts of the pool that nobody labelled. [default]")
@output_options(f"<project>{NAME}")
@click.option("--replace", is_flag=True, help="Replace a file or data set that is there.")
@click.option(
    "--at-least",
    type=click.FloatRange(0, 1),
    callback=_probability,
    help="Write only rows with this probability or a higher one, such as 0.9.",
)
@click.option(
    "--model", allow_from_autoenv=False, help="The number of the model. [default: the newest in the store]"
)
@click.option(
    "--text-column",
    "text_columns",
    multiple=True,
    allow_from_autoenv=False,
    help="Column of the texts in the files; several for texts of several. [default: those of the project, or "
    "text, or the only one]",
)
@click.option(
    "--no-header",
    is_flag=True,
    allow_from_autoenv=False,
    help="The files' first line is a text; columns are 1, 2, ….",
)
@click.option(
    "--encoding",
    allow_from_autoenv=False,
    help="Encoding of the files, if they are not in Unicode, such as cp1252.",
)
@click.option(
    "--skip-bad-rows",
    is_flag=True,
    allow_from_autoenv=False,
    help="Leave out rows of the files that cannot be used.",
)
@options.as_json
def predict(
    files: tuple[Path, ...],
    where: Where,
    project: str | None,
    pool: bool,
    output: Output,
    replace: bool,
    at_least: float | None,
    model: str | None,
    text_columns: tuple[str, ...],
    no_header: bool,
    encoding: str | None,
    skip_bad_rows: bool,
    as_json: bool,
) -> None:
    """Label the rest of the pool, or the texts of any files, with the newest model.

    `labelloop predict --output rest.csv`

    `labelloop predict mail.csv --at-least 0.9 --output sure.parquet`

    Each row has the label, how probable it is that it is right, and the model. Your own columns are kept. If
    it is stopped, or killed, the same command goes on where it was.
    """
    from labelloop.pool.columns import Reading
    from labelloop.pool.parts import FileColumns
    from labelloop.projects.predictions.predict import PredictionRequest

    if files and pool:
        raise UserError("--pool is for the pool and not for files: leave out one of them")
    reading = Reading(no_header, skip_bad_rows, encoding)
    if not files and (text_columns, reading) != ((), Reading()):
        raise UserError("how files are read is said, but no file is given: name one")
    request = PredictionRequest(files, FileColumns(text_columns or None, reading), model)
    asyncio.run(_predict(where, project, output, replace, at_least, request, as_json))


async def _predict(
    where: Where,
    project: str | None,
    output: Output,
    replace: bool,
    at_least: float | None,
    request: "PredictionRequest",
    as_json: bool,
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.cli.screen import Milestones, Screen
    from labelloop.config.service_settings import default_threads
    from labelloop.learner.worker import Worker
    from labelloop.projects.catalog import sound
    from labelloop.projects.formats import write_origin
    from labelloop.projects.interrupted_work import beside
    from labelloop.projects.predictions.predict import predict as predicted

    async with opened_project(where.find(), project) as (opened_log, history):
        state, store = sound(history), opened_log.store
        placed = output.placed(opened_log.locations.home, f"{history.project}{NAME}")
    if at_least is not None and state.project.is_multi_label:
        raise UserError(
            f"--at-least is not for {history.project}, whose texts may have several labels, each with a "
            "probability of its own: leave it out, and choose by the column probabilities"
        )
    _check_place(placed, request, replace)
    threads = default_threads()
    with (
        beside(placed.path) as unfinished,
        Screen(stderr=True, milestones=Milestones()) as screen,
        closing(Worker(threads)) as worker,
    ):
        answer = await predicted(state, store, request, unfinished, worker, threads, screen.count)
        for note in answer.notes:
            tell(note, err=True)
        rows = written(answer, placed, at_least, screen.count)
        if placed.path is not None:
            write_origin(placed.target, placed.kind, history.project, state.log)
            unfinished.remove()
        screen.finish(f"done: {counted(rows, 'row')} in {placed.target}")
    placed.make_private()
    if as_json:
        facts = {"project": history.project, "file": placed.target, "format": placed.kind}
        report = json.dumps({**facts, "log": state.log._asdict(), **figures(answer, rows, at_least)})
        echo(report, err=placed.is_terminal)
        return
    for line in lines(answer, rows, at_least, placed.target, state):
        tell(line, err=placed.is_terminal)


def _check_place(placed: Placed, request: "PredictionRequest", replace: bool) -> None:
    from labelloop.projects.formats.files import check_folder

    path = placed.path
    if path is None:
        return
    if any(path == file.resolve() for file in request.files):
        raise UserError(f"{placed.target} is a file that is to be labelled: give another --output")
    if path.exists() and not replace and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(f"{placed.target} exists: give another --output, or --replace")
    if path.is_dir() and placed.kind != "datasets":
        raise UserError(f"{placed.target} is a folder: give a file as --output")
    check_folder(path)


def written(answer: "PredictResult", placed: Placed, at_least: float | None, show: "Show") -> int:
    """Write the rows that reach the threshold, and return how many. Raises UserError if none does."""
    best_labels = answer.predictions.best_labels
    rows = int(best_labels.chosen(at_least).sum())
    if not rows and at_least is not None:
        raise UserError(
            f"none of {counted(best_labels.text_count, 'text')} reaches {at_least:.12g} (the highest is "
            f"{best_labels.highest:.3f}): give a lower --at-least; what is scored is kept for it"
        )
    table = answer.predictions.table(at_least)
    placed.write(replace_fields(table, parts=_shown(table, rows, show)))
    return rows


def _shown(table: "Table", rows: int, show: "Show") -> "Iterator[Sequence[Row]]":
    """The parts of a table. It shows how many rows were written of each that is asked for."""
    done = 0
    for part in table.parts:
        show("writing", done, rows)
        yield part
        done += len(part)


def lines(
    answer: "PredictResult", rows: int, at_least: float | None, target: str, state: "LoopState"
) -> Iterator[str]:
    """How many rows there are, which model made them, and what the audit says of them."""
    predictions = answer.predictions
    texts = counted(predictions.best_labels.text_count, "text")
    what = f"{texts} of the pool that nobody labelled" if predictions.is_pool else texts
    reach = "" if at_least is None else f", {rows:,} of them at {at_least:.12g} or above"
    yield f"{what}{reach}: {target}"
    yield f"by model {predictions.model.model} ({predictions.model.sha256})"
    if predictions.several is not None:
        yield f"a label counts from its threshold on: {_thresholds(answer)}"
        return
    yield _calibrated(answer, state)
    if labelled := rows if at_least is not None else predictions.best_labels.text_count:
        yield audit_line(_share_right(answer, at_least), labelled, at_least, predictions.is_pool)


def _thresholds(answer: "PredictResult") -> str:
    predictions = answer.predictions
    assert predictions.several is not None
    named = zip(predictions.labels, predictions.several.thresholds, strict=True)
    return ", ".join(f"{one_line(label)} {threshold:.2f}" for label, threshold in named)


def _calibrated(answer: "PredictResult", state: "LoopState") -> str:
    from labelloop.loop.settings_in_force import for_next
    from labelloop.projects.predictions.calibration import FEWEST

    if answer.calibration is not None:
        calibration = answer.calibration
        return (
            f"probabilities are calibrated by {counted(calibration.audited, 'audited text')} "
            f"(temperature {calibration.temperature:.2f})"
        )
    audited = counted(len(answer.audited_texts), "audited text")
    line = f"probabilities are not calibrated: {audited}, and it needs {FEWEST}"
    if for_next(state).audit_share:
        return line
    name = quote(one_line(state.project.name))
    return f"{line}; `labelloop change {name} --audit-share 0.2` draws some of each batch"


def audit_line(audited_share: "AuditedShare", rows: int, at_least: float | None, is_pool: bool) -> str:
    """Such as "of 4,212 texts at 0.9 or above, 97.1 % right, 95 % interval 94.9 … 98.5"."""
    from labelloop.projects.predictions.calibration import FEWEST_ABOVE

    above = "" if at_least is None else f" at {at_least:.12g} or above"
    if not audited_share.tells:
        return (
            f"of {counted(rows, 'text')}{above}, too few are audited to tell how many are right: "
            f"{audited_share.audited}, and it takes {FEWEST_ABOVE}"
        )
    low, share, high = (
        PERCENT * each for each in (audited_share.low, audited_share.share, audited_share.high)
    )
    like = "" if is_pool else ", if they are like those of the pool"
    return (
        f"of {counted(rows, 'text')}{above}, {share:.1f} % right, 95 % interval {low:.1f} … {high:.1f} "
        f"(by {audited_share.audited} audited texts{like})"
    )


def figures(answer: "PredictResult", rows: int, at_least: float | None) -> dict[str, Any]:
    """The same as JSON values."""
    predictions, audited_share = answer.predictions, _share_right(answer, at_least)
    counts = {
        "texts": predictions.best_labels.text_count,
        "rows": rows,
        "at_least": at_least,
        "model": predictions.model.model,
        "sha256": predictions.model.sha256,
    }
    if predictions.several is not None:
        return {
            **counts,
            "thresholds": dict(zip(predictions.labels, predictions.several.thresholds, strict=True)),
        }
    return {
        **counts,
        "calibration": None if answer.calibration is None else asdict(answer.calibration),
        "audit": {**asdict(audited_share), "tells": audited_share.tells},
    }


def _share_right(answer: "PredictResult", at_least: float | None) -> "AuditedShare":
    from labelloop.projects.predictions.calibration import audited_share

    return audited_share(answer.audited_texts, answer.calibration, at_least or 0.0)

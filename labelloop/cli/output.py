"""Where `export`, `predict` and `diff` write a table, and how: the options that they share."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.atomic import restrict
from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.cli.options import PathOrName
from labelloop.config.home import Home
from labelloop.errors import UserError, counted, shown
from labelloop.projects.formats import (
    FORMATS,
    TEXTS,
    Row,
    Table,
    check_foreign,
    ending,
    format_of,
    formulas_in,
    formulas_in_rows,
    text_of,
    write_origin,
    write_table,
)

if TYPE_CHECKING:
    from labelloop.loop.log_digest import LogDigest

TERMINAL = "-"
CSV, HUB = "csv", "hub"


@dataclass
class Output:
    """A file, a folder, the Hub or the terminal, as asked for: `target` None is the home's exports."""

    target: str | None
    kind: str | None
    safe: bool

    @property
    def is_given(self) -> bool:
        """Whether anything was said of it."""
        return self.target is not None or self.kind is not None

    def placed(self, home: Home | None, name: str) -> "Placed":
        """Where that is, and in which format. `name` is what it is called by default. Raises UserError."""
        target = self.target or _default(home, name, self.kind or "jsonl")
        if target == TERMINAL and self.kind not in (None, *TEXTS):
            raise UserError(f"{self.kind} cannot be printed on a terminal: give --output")
        kind = (self.kind or "jsonl") if target == TERMINAL else format_of(target, self.kind)
        if kind != CSV and self.safe:
            raise UserError("--safe-for-spreadsheets is for CSV: give --format csv, or leave it out")
        own = home if self.target is None and kind != HUB else None
        return Placed(target, kind, self.safe, own)


@dataclass
class Placed:
    """A place to write a table to. `home`: it lies among the exports of this home, and is as private."""

    target: str
    kind: str
    safe: bool
    home: Home | None
    formulas: int = 0

    @property
    def is_terminal(self) -> bool:
        return self.target == TERMINAL

    @property
    def path(self) -> Path | None:
        """The file or folder, if it is one."""
        return None if self.is_terminal or self.kind == HUB else Path(self.target).resolve()

    def write(self, table: Table) -> None:
        """Write the table, and tell on stderr of cells that a spreadsheet may run. Raises UserError."""
        if self.kind == CSV and not self.safe:
            self.formulas = formulas_in(table.columns)
            table = replace(table, parts=self._counted(table))
        if self.is_terminal:
            for text in text_of(table, self.kind, self.safe):
                click.echo(shown(text) if sys.stdout.isatty() else text, nl=False)
        else:
            write_table(table, self.target, self.kind, self.safe)
        if self.formulas:
            echo(
                f"{counted(self.formulas, 'cell')} may be run as a formula by a spreadsheet: "
                "to open the file in one, write it with --safe-for-spreadsheets",
                err=True,
            )

    def export(self, table: Table, project: str, log: "LogDigest") -> None:
        """Write the table, and beside a file from which log. Raises UserError, also for a foreign file."""
        if self.path is not None:
            check_foreign(self.path)
        self.write(table)
        if self.path is not None:
            write_origin(self.path, self.kind, project, log)
        self.make_private()

    def make_private(self) -> None:
        """What lies in a home is as private as the home."""
        if self.home is not None:
            restrict(self.home.exports, self.home.path)

    def _counted(self, table: Table) -> Iterator[Sequence[Row]]:
        for rows in table.parts:
            self.formulas += formulas_in_rows(rows, table.columns)
            yield rows


def output_options(default: str | None) -> Callable[[options.Command], options.Command]:
    """Add `--output`, `--format` and `--safe-for-spreadsheets`, which become one Output.

    `default`: what it is called if nothing is said; None: then nothing is written.
    """

    def with_output(command: options.Command) -> options.Command:
        @wraps(command)
        def called(
            *arguments: Any, output: str | None, kind: str | None, safe_for_spreadsheets: bool, **values: Any
        ) -> Any:
            return command(*arguments, output=Output(output, kind, safe_for_spreadsheets), **values)

        return options.with_options(called, _options(default))

    return with_output


def _options(default: str | None) -> Sequence[Callable[[options.Command], options.Command]]:
    otherwise = f"exports/{default}.jsonl in the home; without a home, the terminal" if default else "nothing"
    return (
        click.option(
            "--output",
            type=PathOrName(),
            help=f"File or folder to write, hf://user/name, or - for the terminal. [default: {otherwise}]",
        ),
        click.option(
            "--format",
            "kind",
            envvar="LABELLOOP_FORMAT",
            type=click.Choice(FORMATS),
            help="Format. datasets writes a save_to_disk folder, hub a data set on the Hub. "
            "[default: by --output]",
        ),
        click.option(
            "--safe-for-spreadsheets",
            is_flag=True,
            help="In CSV, put ' before what a spreadsheet would run as a formula. labelloop reads the file "
            "as if it were not there.",
        ),
    )


def _default(home: Home | None, name: str, kind: str) -> str:
    if kind == HUB:
        return name
    return str(home.exports / f"{name}{ending(kind)}") if home else TERMINAL

"""`labelloop diff`: what changed from one model to another."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import beginning, echo, tell
from labelloop.cli.output import Output, output_options
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted, one_line

if TYPE_CHECKING:
    from labelloop.loop.state import LoopState
    from labelloop.projects.formats import Table
    from labelloop.projects.predictions.comparing import AccuracyChange, Flip, ModelComparison
    from labelloop.store import Store

MOST = 8
"""Kinds of changes, and texts, that are shown."""
LONGEST, PERCENT = 60, 100
LEAST_P = 0.001
"""Smaller p-values are not told more closely."""


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("before")
@click.argument("after")
@options.where_and_project
@output_options(None)
@options.as_json
def diff(before: str, after: str, where: Where, project: str | None, output: Output, as_json: bool) -> None:
    """Show what changed from model BEFORE to model AFTER: accuracy, and which texts get another label.

    `labelloop diff 3 4`

    It compares what each model says of the test set, and of 2,000 texts of the pool. `--output flips.csv`
    writes all texts that get another label.
    """
    asyncio.run(_diff(where, project, before, after, output, as_json))


async def _diff(
    where: Where, project: str | None, before: str, after: str, output: Output, as_json: bool
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.projects.catalog import sound

    async with opened_project(where.find(), project) as (opened_log, history):
        state, store = sound(history), opened_log.store
    diff_of = await asyncio.to_thread(_compared, state, store, before, after)
    placed = output.placed(opened_log.locations.home, f"{history.project}-diff") if output.is_given else None
    if placed is not None:
        placed.export(await asyncio.to_thread(diff_of.table), history.project, state.log)
    on_stderr = placed is not None and placed.is_terminal
    if as_json:
        echo(json.dumps({"project": history.project, **diff_of.values()}), err=on_stderr)
        return
    for line in await asyncio.to_thread(lambda: list(diff_of.lines())):
        tell(line, err=on_stderr)
    if placed is not None and not placed.is_terminal:
        tell(f"all of them: {placed.target}")


def _compared(state: "LoopState", store: "Store", before: str, after: str) -> "Diff":
    """Raises UserError."""
    from labelloop.projects.predictions.comparing import compare
    from labelloop.projects.predictions.recorded import open_predictions, recorded_of

    if before == after:
        raise UserError(f"model {before} is named twice: give two models")
    one, other = (recorded_of(state, model).test_version for model in (before, after))
    first, second = (open_predictions(state, store, model) for model in (before, after))
    return Diff(state, store, compare(first, second, same_test_set=one == other))


@dataclass(frozen=True)
class Diff:
    """A comparison, with the texts and the labels as they are called now."""

    state: "LoopState"
    store: "Store"
    comparison: "ModelComparison"

    def shown(self, labels: Sequence[str]) -> tuple[str, ...]:
        from labelloop.loop.label_lists import label_list

        return label_list(self.state).show(labels)

    def named(self, labels: Sequence[str]) -> str:
        """In one line."""
        from labelloop.loop.labels import named

        return one_line(named(self.shown(labels)))

    def learned(self, model: str) -> int:
        """How many labels the model learned."""
        return self.state.models[model].first.labels

    # For people

    def lines(self) -> Iterator[str]:
        """What changed, in short."""
        comparison = self.comparison
        yield (
            f"models      {comparison.before} → {comparison.after}, which learned "
            f"{self.learned(comparison.before):,} → {self.learned(comparison.after):,} labels"
        )
        if comparison.test is None:
            yield "test set    none on which both were measured"
        else:
            yield from _accuracy_lines(comparison.test)
        percent = PERCENT * len(comparison.flips) / max(1, comparison.compared)
        texts = f"{len(comparison.flips):,} of {counted(comparison.compared, 'text')} ({percent:.1f} %)"
        yield f"pool        {texts} get another label"
        yield from self._move_lines()
        yield from self._class_lines()
        yield from self._text_lines()

    def _move_lines(self) -> Iterator[str]:
        moves = self.comparison.moves
        for move in moves[:MOST]:
            yield f"{move.texts:>10,}  {self.named(move.before)} → {self.named(move.after)}"
        if rest := sum(move.texts for move in moves[MOST:]):
            yield f"{rest:>10,}  others"

    def _class_lines(self) -> Iterator[str]:
        classes = self.comparison.classes
        names = [self.named((each.label,)) for each in classes]
        width = max(map(len, ("label", *names)))
        with_f1 = any(each.f1_after is not None for each in classes)
        yield f"{'label':<{width}}  in the pool      {'F1 on the test set' if with_f1 else ''}".rstrip()
        for name, each in zip(names, classes, strict=True):
            counts = f"{each.before:,} → {each.after:,}"
            f1 = f"{each.f1_before:.3f} → {each.f1_after:.3f}" if each.f1_after is not None else ""
            yield f"{name:<{width}}  {counts:<15}  {f1}".rstrip()

    def _text_lines(self) -> Iterator[str]:
        flips = self.comparison.flips[:MOST]
        texts = self.pool_texts(flips)
        for flip, text in zip(flips, texts, strict=True):
            yield (
                f"text {flip.item:<6} {self.named(flip.before)} {flip.probability_before:.2f} → "
                f"{self.named(flip.after)} {flip.probability_after:.2f}    {beginning(text, LONGEST)}"
            )
        if rest := len(self.comparison.flips) - len(flips):
            yield f"{rest:,} more: --output flips.csv writes all"

    def pool_texts(self, flips: "Sequence[Flip]") -> list[str]:
        """The texts of these items. Raises UserError."""
        from labelloop.loop.pools import pool_of

        items = [flip.item for flip in flips]
        return self.store.open_pool(pool_of(self.state)).texts(items) if items else []

    def test_texts(self, flips: "Sequence[Flip]") -> list[str]:
        """The texts of these rows of the test set. Raises UserError."""
        from labelloop.loop.figures import predictions
        from labelloop.loop.settings_in_force import snapshots
        from labelloop.pool.snapshot import OpenSnapshot

        if not flips:
            return []
        version = predictions(self.state)[self.comparison.after].test_version
        test = next(snapshot for snapshot in snapshots(self.state) if snapshot.digest == version)
        return OpenSnapshot.open(self.store.snapshot(test), test.digest).texts([flip.item for flip in flips])

    # For programs

    def values(self) -> dict[str, Any]:
        """All of it as JSON values, without texts."""
        comparison = self.comparison
        return {
            "models": [
                {"model": model, "labels": self.learned(model)}
                for model in (comparison.before, comparison.after)
            ],
            "test": None
            if comparison.test is None
            else {
                **vars(comparison.test),
                "difference": comparison.test.difference,
                "flips": [self._flip(flip) for flip in comparison.test_flips],
            },
            "pool": {
                "texts": comparison.compared,
                "flipped": len(comparison.flips),
                "moves": [
                    {"before": self.shown(m.before), "after": self.shown(m.after), "texts": m.texts}
                    for m in comparison.moves
                ],
                "flips": [self._flip(flip) for flip in comparison.flips],
            },
            "labels": [{**vars(each), "label": self.shown((each.label,))[0]} for each in comparison.classes],
        }

    def _flip(self, flip: "Flip") -> dict[str, Any]:
        gold = {} if flip.gold is None else {"gold": self.shown(flip.gold)}
        probabilities = {
            "probability_before": round(flip.probability_before, 6),
            "probability_after": round(flip.probability_after, 6),
        }
        labels = {"before": self.shown(flip.before), "after": self.shown(flip.after)}
        return {"item": flip.item, **labels, **probabilities, **gold}

    def table(self) -> "Table":
        """The texts that get another label: those of the test set first."""
        from labelloop.projects.formats import Table
        from labelloop.projects.formats import tables as c

        comparison = self.comparison
        columns = {"set": c.TEXT, "item": c.WHOLE, "text": c.TEXT, "before": c.TEXTS, "after": c.TEXTS}
        columns |= {"probability_before": c.NUMBER, "probability_after": c.NUMBER, "gold": c.TEXTS}
        rows = [
            {"set": name, "text": text, "gold": None, **self._flip(flip)}
            for name, flips, texts in (
                ("test", comparison.test_flips, self.test_texts),
                ("pool", comparison.flips, self.pool_texts),
            )
            for flip, text in zip(flips, texts(flips), strict=True)
        ]
        return Table(columns, [[{name: row[name] for name in columns} for row in rows]])


def _accuracy_lines(test: "AccuracyChange") -> Iterator[str]:
    yield (
        f"test set    accuracy {test.before:.3f} → {test.after:.3f} on {counted(test.texts, 'text')}: "
        f"{test.difference:+.3f}, 95 % interval {test.low:+.3f} … {test.high:+.3f}"
    )
    p = f"p = {test.p_value:.3f}" if test.p_value >= LEAST_P else f"p < {LEAST_P}"
    yield (
        f"            {test.gained:,} became right, {test.lost:,} became wrong (McNemar's exact test: {p})"
    )

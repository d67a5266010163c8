"""`labelloop replay`: a project's state at any point of its log, and a check that the log is intact."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.cli.options import Beginning, Moment
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted, one_line

if TYPE_CHECKING:
    from labelloop.loop.log_digest import LogDigest
    from labelloop.projects.recompute import Recomputed, Remeasured, Retrained
    from labelloop.projects.replay import ReplayEnd, Verified
    from labelloop.projects.summary import Summary


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option("--until", help="Replay up to and including the event with this id.")
@click.option("--at", type=Moment(), help="Replay up to this time. 2h means two hours ago.")
@click.option("--batch", help="Replay until this batch was done.")
@click.option("--verify", is_flag=True, help="Check the log, and the pool and models in the store.")
@click.option(
    "--expect",
    type=Beginning(),
    multiple=True,
    metavar="N:DIGEST",
    help="With --verify: check that the first N events are those of this digest, which `labelloop status` "
    "printed earlier. May be repeated.",
)
@click.option("--recompute", is_flag=True, help="Measure the kept models on the test set again.")
@click.option("--retrain", help="Train this model again and compare it with the original.")
@options.as_json
def replay(
    where: Where,
    project: str | None,
    until: str | None,
    at: datetime | None,
    batch: str | None,
    verify: bool,
    expect: tuple["LogDigest", ...],
    recompute: bool,
    retrain: str | None,
    as_json: bool,
) -> None:
    """Replay the log and show the state at a point: labels, open batches, models, annotators.

    `labelloop replay --batch 3`

    `labelloop replay --verify`

    `labelloop replay --retrain 3`

    `--verify` recomputes each event's datahash and id, its cause, the order of work and the digest behind
    each model. It also reads every byte of the pool and of the kept models. It prints the number of events,
    or exits with 2 and names the first event that is wrong.

    A log that somebody rewrote as a whole passes that check. Keep the log digest that `labelloop status`
    prints (N:DIGEST) elsewhere, and give it with `--expect`.
    """
    from labelloop.projects.replay import ReplayEnd

    if sum(each is not None for each in (until, at, batch)) > 1:
        raise UserError("--until, --at and --batch exclude each other: give only one of them")
    if expect and not verify:
        raise UserError("--expect is a part of the proof: give --verify too")
    checks = Checks(verify, expect, recompute, retrain)
    asyncio.run(_replay(where, project, ReplayEnd(until, at, batch), checks, as_json))


@dataclass(frozen=True)
class Checks:
    """What to check: the log and the files, its beginnings, the measured models, a model trained again."""

    verify: bool
    expect: tuple["LogDigest", ...]
    recompute: bool
    retrain: str | None


async def _replay(
    where: Where,
    project: str | None,
    until: "ReplayEnd",
    checks: Checks,
    as_json: bool,
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.loop.history import History
    from labelloop.loop.proof import Proof
    from labelloop.projects.catalog import created
    from labelloop.projects.recompute import recompute
    from labelloop.projects.recompute import retrain as retrain_model
    from labelloop.projects.replay import ReplayEnd, check_beginning, proven, replay_until
    from labelloop.projects.summary import summarized

    async with opened_project(where.find(), project) as (opened_log, chosen):
        history, verified, retrained, recomputed = chosen, None, None, None
        if checks.verify or until != ReplayEnd():
            history = (Proof if checks.verify else History)(chosen.project, await opened_log.log.identity())
            await replay_until(opened_log.log, history, until)
        if isinstance(history, Proof):
            store = opened_log.store if opened_log.locations.known_store is not None else None
            verified = await proven(history, store)
        if checks.expect:
            await check_beginning(opened_log.log, chosen.project, checks.expect)
        if checks.recompute:
            recomputed = await recompute(opened_log.store, created(history))
        if checks.retrain is not None:
            retrained = await retrain_model(opened_log.store, created(history), checks.retrain)
    summary = summarized(history)
    if as_json:
        results = {"verified": verified, "retrained": retrained, "recomputed": recomputed}
        checked = {name: result and asdict(result) for name, result in results.items()}
        echo(json.dumps({**summary.replayed(), **checked}))
        return
    echo(summary_text(summary))
    if recomputed is not None:
        echo(recomputed_text(recomputed))
    if retrained is not None:
        echo(retrained_text(retrained))
    if verified is not None:
        echo(verified_text(verified))
    for beginning in checks.expect:
        echo(f"expected: the first {beginning.events} events are those of {beginning.digest}")


def summary_text(summary: "Summary") -> str:
    return "\n".join(_lines(summary))


def _lines(summary: "Summary") -> Iterator[str]:
    progress = summary.progress
    yield f"project     {one_line(summary.name)} ({summary.project}), {counted(summary.events, 'event')}"
    for inactive_because in filter(None, (summary.halted, summary.moved)):
        yield f"            {inactive_because}"
    yield f"batches     {progress.done} done, {len(progress.open)} open"
    for batch in progress.open:
        yield f"  {batch.batch:>8}  {batch.answered} of {counted(batch.texts, 'text')} answered"
    yield f"labels      {_counts(progress.label_counts)}"
    for name, answers in progress.annotators.items():
        yield f"  {name}  {_counts(answers)}"
    yield f"models      {len(progress.models)}"
    for model in progress.models:
        accuracy = "" if model.accuracy is None else f", accuracy {model.accuracy:.3f}"
        accuracy += f" on the test set {model.test_set}" if model.test_set else ""
        lost = ", lost" if model.lost else ""
        yield f"  {model.model:>8}  {counted(model.labels, 'label')}{accuracy}{lost}"
    yield f"digest      {summary.digest}"
    yield f"log         {summary.log}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def verified_text(verified: "Verified") -> str:
    """The result, after notes on what was dropped or could not be checked."""
    return "\n".join(
        [*_notes(verified), f"verified: {counted(verified.events, 'event')}, digest {verified.digest}"]
    )


def _notes(verified: "Verified") -> Iterator[str]:
    if verified.duplicates or verified.conflicts:
        yield f"dropped     {verified.duplicates} duplicates, {verified.conflicts} conflicting events"
    if verified.models is None:
        yield "not read    pool and models: give their store with --store"
    elif verified.gone:
        yield f"not there   {verified.gone} older models; {verified.models} are whole"


def recomputed_text(recomputed: "Recomputed") -> str:
    lines = [f"measured    model {each.model} again: {_remeasured(each)}" for each in recomputed.models]
    if recomputed.gone:
        lines.append(f"not there   {recomputed.gone} measured models, whose figures stay unchecked")
    return "\n".join(lines or ["measured    nothing: no model was measured on a test set"])


def _remeasured(measured: "Remeasured") -> str:
    if not measured.changed:
        return f"accuracy {measured.accuracy:.3f}, as recorded"
    changes = (f"{name} {now}, recorded {then}" for name, (then, now) in measured.changed.items())
    return f"it differs: {'; '.join(changes)}"


def retrained_text(retrained: "Retrained") -> str:
    labels = counted(retrained.labels, "label")
    trained = f"trained     model {retrained.model} again from {labels}, {retrained.seconds:.1f} s"
    changed = "".join(f"; {name} {before}, now {now}" for name, (before, now) in retrained.changed.items())
    return f"{trained}: {_likeness(retrained)}{changed}"


def _likeness(retrained: "Retrained") -> str:
    if retrained.difference is not None:
        difference = retrained.difference
        return (
            f"other weights: of {counted(difference.texts, 'text')} {difference.other_label} get another "
            f"label, and probabilities differ by {difference.probability:.4f} on average"
        )
    if retrained.same is None:
        return "other bytes, but the first one is not kept, so its weights cannot be compared"
    return "the same weights, byte for byte"

"""`labelloop status` and `labelloop list`: how projects and services stand."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.cli.known_people import roles_in
from labelloop.config.deployment import GivenArgilla
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted, one_line

if TYPE_CHECKING:
    from labelloop.learner.large_pools import EmbeddedTexts
    from labelloop.loop.figures import Audited
    from labelloop.loop.history import History
    from labelloop.projects.model_summary import ModelSummary, StoppingSummary
    from labelloop.projects.people import Stuck
    from labelloop.projects.progress import GoldSummary, SuggesterSummary
    from labelloop.projects.summary import Summary


Facts = dict[str, Any]
MISSING = "`labelloop copy` takes no models along, and services train it again only if they need it"
LEFT_OUT = {"empty": "empty or unusable", "duplicates": "repeated", "near_copies": "near-copies"}
LEFT_OUT_BESIDE_GOLD = {**LEFT_OUT, "duplicates": "repeated or gold texts"}


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@click.option("--project", help="Name or id of a project: show this one only.")
@options.as_json
def status(where: Where, project: str | None, as_json: bool) -> None:
    """Show the state of each service, each project's batches, labels and accuracy, and Argilla's address.

    Exits with 2 if a project is halted.
    """
    asyncio.run(_status(where, project, as_json))


async def _status(where: Where, project: str | None, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects.catalog import choose, standings
    from labelloop.projects.people import stuck
    from labelloop.supervisor.state import services_report

    async with opened(where.find()) as opened_log:
        store, histories = opened_log.locations.known_store, opened_log.histories
        shown = list(histories.values()) if project is None else [choose(histories, project)]
        roles = None
        if any(standing.is_barred for standing in standings(histories).values()):
            # Only Argilla knows the accounts of people who never labelled.
            roles, _ = await roles_in(opened_log.locations.home, GivenArgilla())
        waits = [stuck(history, histories, roles) for history in shown]
        projects = [_summary(*each, store) for each in zip(shown, waits, strict=True)]
        services = services_report(opened_log.locations)
    if as_json:
        echo(json.dumps({**services, "projects": [project.status() for project in projects]}))
    else:
        tell(status_text(services, projects))
    halted = [project.halted for project in projects if project.halted]
    if halted:
        raise UserError("; ".join(halted))


def _summary(history: "History", waits: "Stuck | None", store: str | None) -> "Summary":
    from labelloop.loop.state import LoopState
    from labelloop.projects.summary import summarized

    summary = summarized(history, store)
    if waits is not None and isinstance(history.state, LoopState):
        summary = replace(summary, stuck=waits, next_steps=tuple(waits.steps(history.state)))
    return replace(summary, embedded=_embedded(store, history.project))


def _embedded(store: str | None, project: str) -> "EmbeddedTexts | None":
    from labelloop.learner.large_pools import EmbeddedTexts
    from labelloop.store import open_store

    return None if store is None else EmbeddedTexts.read(open_store(store).cache(project))


def status_text(services: Facts, projects: "Sequence[Summary]") -> str:
    """One line per service, then one or more lines per project."""
    return "\n".join([*_services(services), *(line for project in projects for line in _project(project))])


def _services(services: Facts) -> Iterator[str]:
    if services["home"] is not None:
        yield f"home      {services['home']}"
    yield f"log       {services['log']}"
    if services["home"] is None:
        return
    if not services["running"]:
        yield "services  not running: start them with `labelloop up`"
        return
    yield f"argilla   {services['argilla']}"
    yield f"services  under process {services['pid']}, for {_duration(services['since'])}"
    for name, service in services["services"].items():
        yield f"  {name:<19} {_service(service)}".rstrip()


def _service(service: Facts) -> str:
    parts = [service["state"]]
    if service["pid"] is not None:
        parts = [f"{service['state']} (process {service['pid']}) for {_duration(service['since'])}"]
    if service["restarts"]:
        times = "once" if service["restarts"] == 1 else f"{service['restarts']} times, last"
        parts.append(f"restarted {times} after {service['ended']}")
    if service.get("strangers"):
        parts.append(f"skipped {counted(service['strangers'], 'record')} of the log that are not events")
    parts += [str(service[key]) for key in ("doing", "waiting", "failure") if service.get(key)]
    return ", ".join(parts)


def _project(project: "Summary") -> Iterator[str]:
    from labelloop.oracle.argilla.values import data_set_name
    from labelloop.projects.event_lines import read_up_to

    progress, model = project.progress, project.progress.model
    yield f"project   {one_line(project.name)} ({project.project}): {project.phase}"
    yield (
        f"  {counted(progress.done, 'batch')} done, {len(progress.open)} open, "
        f"{counted(len(progress.labels), 'label')}, {progress.discarded} discarded, pool {progress.pool}"
    )
    reasons = LEFT_OUT_BESIDE_GOLD if progress.gold else LEFT_OUT
    if left_out := [f"{count} {reasons[why]}" for why, count in progress.left_out.items() if count]:
        yield f"  left out of the pool: {', '.join(left_out)}"
    for topic in progress.topics:
        yield f"  {counted(topic.texts, 'text')} from the topic {read_up_to(topic.topic, topic.offsets)}"
    if progress.places > 1:
        yield f"  people answer in the data set {data_set_name(project.project, progress.places - 1)}"
    if progress.only_for is not None:
        yield f"  only {', '.join(map(one_line, progress.only_for))} see it"
    if progress.overlap:
        yield f"  two people answer {progress.overlap:.0%} of each batch"
    if progress.gold is not None:
        yield f"  gold texts: {_gold(progress.gold, project.name)}"
    for batch in progress.open:
        several = f" ({counted(batch.answers, 'answer')})" if batch.answers > batch.answered else ""
        answered = f"{batch.answered} of {counted(batch.texts, 'text')} answered{several}"
        yield f"  batch {batch.batch}: {answered}{_waiting(batch.waiting)}{_gold_left(batch.gold_left)}"
    if project.stuck is not None:
        yield f"  {project.stuck.line}"
    if project.embedded is not None and not project.embedded.is_whole and not progress.finished:
        of = counted(project.embedded.of, "text")
        yield f"  embedded for later picks: {project.embedded.texts:,} of {of}"
    if model is not None:
        tested = "" if model.accuracy is None else f", {_figures(model)} on {_test_set(model)}"
        yield f"  model {model.model}{tested}: {_folder(project)}"
    if progress.audit is not None:
        yield f"  audit: {_audit(progress.audit, progress.pool)}"
    if progress.stopping is not None:
        yield f"  stopping: {_stopping(progress.stopping)}"
    if progress.suggester is not None:
        yield f"  suggestions: {_suggester(progress.suggester, project.name)}"
    yield f"  digest {project.digest}"
    yield f"  log {project.log}"
    for step in project.next_steps:
        yield f"  next: {step}"
    if project.conflicts:
        yield f"  {project.conflicts} conflicting events: the first of each counts"
    for failure in progress.failures:
        yield f"  {failure.service} failed at {failure.due}: {failure.error}"


def _waiting(texts: int) -> str:
    if not texts:
        return ""
    return f", {texts} {'waits' if texts == 1 else 'wait'} for another person"


def _gold_left(texts: int) -> str:
    return f", {counted(texts, 'gold text')} left" if texts else ""


def _gold(gold: "GoldSummary", project: str) -> str:
    before = f" ({gold.before} asked before)" if gold.before else ""
    asked = f"{gold.used} of {gold.texts} asked{before}"
    if not gold.share:
        return f"{asked}, and no more are"
    if gold.used >= gold.texts:
        change = f"`labelloop change {quote(one_line(project))} --gold FILE`"
        return f"{asked}: none is left, name others with {change}"
    return f"{asked}, each batch has {gold.share:.0%} in addition"


def _figures(model: "ModelSummary") -> str:
    if model.micro_f1 is None:
        return f"accuracy {model.accuracy:.3f}"
    texts = f"{model.accuracy:.1%} of texts all right"
    return f"micro-F1 {model.micro_f1:.3f}, macro-F1 {model.macro_f1:.3f}, {texts}"


def _test_set(model: "ModelSummary") -> str:
    return f"the test set {model.test_set}" if model.test_set else "the test set"


def _folder(project: "Summary") -> str:
    """The folder of the newest model, and whether a store on this disk lacks it."""
    folder = str(project.model_folder)
    lacks = Path(folder).is_absolute() and not Path(folder).exists()
    return f"{folder} (missing: {MISSING})" if lacks else folder


def _audit(audit: "Audited", pool: int) -> str:
    then = "" if audit.texts in (None, pool) else f" (of {counted(audit.texts, 'text')} then)"
    return (
        f"accuracy of model {audit.model} on the pool{then} {audit.accuracy:.3f} "
        f"(95 %: {audit.low:.3f} to {audit.high:.3f}), from {counted(audit.audited, 'text')} drawn at random"
    )


def _stopping(stopping: "StoppingSummary") -> str:
    value = "not known yet" if stopping.value is None else f"{stopping.value:.3f}"
    checked = f"{stopping.criterion} {value} after model {stopping.model}"
    if stopping.stop:
        return f"{checked}: it says stop"
    if stopping.advised_at is None:
        return checked
    return f"{checked}; it last began to say stop at {counted(stopping.advised_at, 'label')}"


def _suggester(suggester: "SuggesterSummary", project: str) -> str:
    by = f"by {one_line(suggester.suggester)}"
    if suggester.model is not None:
        by += f" ({one_line(suggester.model)})"
    votes = ", with a vote" if suggester.votes else ""
    cost = "" if suggester.cost is None else f", cost {suggester.cost:.4f}"
    limit = "" if suggester.max_cost is None else f" of at most {suggester.max_cost:.4f}"
    more = f"`labelloop change {quote(one_line(project))} --suggest-parameter max_cost=NUMBER` allows more"
    over = f": no more is spent; {more}" if suggester.is_spent else ""
    failed = f", {suggester.failed} failed" if suggester.failed else ""
    labelled = f"{suggester.labelled} of {counted(suggester.asked, 'text')} labelled"
    return f"{by}{votes}; {labelled}{failed}{cost}{limit}{over}"


def _duration(since: float | None) -> str:
    seconds = int(time.time() - since) if since else 0
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


@click.command("list", context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.as_json
def list_(where: Where, as_json: bool) -> None:
    """List the projects, one a line: name, id, labels, open batches, and whether it goes on.

    `labelloop status` tells more of each, and of the services.
    """
    asyncio.run(_list(where, as_json))


async def _list(where: Where, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects.summary import summarized

    async with opened(where.find()) as opened_log:
        projects = [summarized(history) for history in opened_log.histories.values()]
    if as_json:
        echo(json.dumps([_facts(project) for project in projects]))
        return
    for project in projects:
        echo(_line(project))
    if not projects:
        tell("there is no project yet: create one with `labelloop init --dataset FILE --labels a,b`")


def _facts(project: "Summary") -> dict[str, object]:
    return {
        "project": project.project,
        "name": project.name,
        "labels": len(project.progress.labels),
        "open": len(project.progress.open),
        "pool": project.progress.pool,
        "standing": project.phase,
    }


def _line(project: "Summary") -> str:
    progress = project.progress
    name = one_line(project.name)
    return (
        f"{name:<20} {project.project:<28} {len(progress.labels):>6} of {counted(progress.pool, 'text')} "
        f"labelled, {counted(len(progress.open), 'batch')} open, {project.phase}"
    )

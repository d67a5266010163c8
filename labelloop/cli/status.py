"""`labelloop status`: what is running, and how far the projects are."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import rich_click as click

from labelloop.cli import options
from labelloop.config.where import Where
from labelloop.errors import UserError

Facts = dict[str, Any]


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.as_json
def status(where: Where, as_json: bool) -> None:
    """Show the state of each service, each project's batches, labels and accuracy, and Argilla's address.

    Exits with 2 if a project is halted.
    """
    asyncio.run(_status(where, as_json))


async def _status(where: Where, as_json: bool) -> None:
    from labelloop.cli.opened import opened
    from labelloop.projects.summary import overview
    from labelloop.supervisor.state import services_report

    async with opened(where.find()) as found:
        projects = [overview(history, found.locations.known_store) for history in found.histories.values()]
        services = services_report(found.locations)
    if as_json:
        click.echo(json.dumps({**services, "projects": projects}))
    else:
        click.echo(status_text(services, projects))
    halted = [str(project["halted"]) for project in projects if project["halted"]]
    if halted:
        raise UserError("; ".join(halted))


def status_text(services: Facts, projects: Sequence[Facts]) -> str:
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
    said = [service["state"]]
    if service["pid"] is not None:
        said = [f"{service['state']} (process {service['pid']}) for {_duration(service['since'])}"]
    if service["restarts"]:
        said.append(f"restarted {service['restarts']} times, last after {service['ended']}")
    if service.get("strangers"):
        said.append(f"skipped {service['strangers']} records of the log that are not events")
    said += [str(service[key]) for key in ("doing", "waiting", "failure") if service.get(key)]
    return ", ".join(said)


def _project(project: Facts) -> Iterator[str]:
    yield f"project   {project['name']} ({project['project']}): {_standing(project)}"
    yield (
        f"  {project['batches']['done']} batches done, {project['batches']['open']} open, "
        f"{project['labels']} labels, {project['discarded']} discarded, pool {project['pool']}"
    )
    if project["model"] is not None:
        accuracy = project["accuracy"]
        tested = "" if accuracy is None else f", accuracy {accuracy:.3f} on the test set"
        yield f"  model {project['model']}{tested}: {project['model_folder']}"
    if project["audit"] is not None:
        yield f"  audit: {_audit(project['audit'])}"
    if project["stopping"] is not None:
        yield f"  stopping: {_stopping(project['stopping'])}"
    yield f"  digest {project['digest']}"
    if project["conflicts"]:
        yield f"  {project['conflicts']} conflicting events: the first of each counts"
    for failure in project["failures"]:
        yield f"  {failure['service']} failed at {failure['due']}: {failure['error']}"


def _audit(audit: Facts) -> str:
    return (
        f"accuracy of model {audit['model']} on the pool {audit['accuracy']:.3f} "
        f"(95 %: {audit['low']:.3f} to {audit['high']:.3f}), from {audit['audited']} texts drawn at random"
    )


def _stopping(stopping: Facts) -> str:
    value = "not known yet" if stopping["value"] is None else f"{stopping['value']:.3f}"
    found = f"{stopping['criterion']} {value} after model {stopping['model']}"
    if stopping["stop"]:
        return f"{found}: it says stop"
    advised = stopping["advised_at"]
    return found if advised is None else f"{found}; it last began to say stop at {advised} labels"


def _standing(project: Facts) -> str:
    if project["moved"]:
        return str(project["moved"])
    for standing in ("halted", "ended", "paused", "finished"):
        if project[standing]:
            return standing
    return "going on"


def _duration(since: float | None) -> str:
    seconds = int(time.time() - since) if since else 0
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

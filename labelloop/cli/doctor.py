"""`labelloop doctor`: find what keeps labelloop from working here, and say how to fix it."""

import asyncio
import json
from dataclasses import asdict

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.config.deployment import GivenArgilla
from labelloop.config.locations import Where

FAILED = 1


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.argilla
@options.as_json
@click.pass_context
def doctor(ctx: click.RichContext, /, where: Where, argilla: GivenArgilla, as_json: bool) -> None:
    """Check Python, packages, home, disk, ports, log or broker, store, Argilla, model and clock.

    Prints one line per finding, with what to do about it. Exits with 1 if a check fails, otherwise with 0,
    also if there are warnings. It needs no home and changes nothing.

    `labelloop doctor`

    `labelloop doctor --log kafka://host:9092/labelloop --argilla-url URL --argilla-key KEY`
    """
    from labelloop.doctor import FAIL
    from labelloop.doctor.examine import examine

    findings = asyncio.run(examine(where.home, where.home_given, where.elsewhere, argilla))
    if as_json:
        echo(json.dumps([asdict(each) for each in findings]))
    else:
        for each in findings:
            tell(f"{each.level:<4}  {each.check:<8}  {each.said}")
    if any(each.level == FAIL for each in findings):
        ctx.exit(FAILED)

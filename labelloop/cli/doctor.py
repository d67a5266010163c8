"""`labelloop doctor`: what keeps labelloop from working here, and what to do about it."""

import asyncio
import json
from dataclasses import asdict

import rich_click as click

from labelloop.cli import options
from labelloop.config.deployment import GivenArgilla
from labelloop.config.where import Where

FAILED = 1


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@options.argilla
@options.as_json
@click.pass_context
def doctor(ctx: click.RichContext, /, where: Where, argilla: GivenArgilla, as_json: bool) -> None:
    """Check Python, packages, the home, disk, ports, log or broker, store, Argilla, model and clock.

    One line a finding, which says what to do unless all is well. Exits with 1 when a check fails, with 0 when
    nothing or only a warning is left. Needs no home, and changes nothing.

    `labelloop doctor`

    `labelloop doctor --log kafka://host:9092/labelloop --argilla-url URL --argilla-key KEY`
    """
    from labelloop.doctor.examine import examine
    from labelloop.doctor.finding import FAIL

    findings = asyncio.run(examine(where.home, where.home_given, where.elsewhere, argilla))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in findings]))
    else:
        for each in findings:
            click.echo(f"{each.level:<4}  {each.check:<8}  {each.said}")
    if any(each.level == FAIL for each in findings):
        ctx.exit(FAILED)

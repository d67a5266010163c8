"""`labelloop alert`: test that alerts arrive."""

import asyncio
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.errors import Unavailable, UserError

if TYPE_CHECKING:
    from labelloop.alerts.channels import Target


@click.group(cls=click.RichGroup)
def alert() -> None:
    """Test that alerts arrive. `labelloop up --alert URL` sends them."""


@alert.command(context_settings=options.FROM_ENVIRONMENT)
@options.alert
def test(alert: tuple[str, ...]) -> None:
    """Send a test message to each address and report whether it was accepted.

    `labelloop alert test --alert 'mailto://user:password@example.org?to=team@example.org'`
    """
    from labelloop.alerts.channels import targets

    if not alert:
        raise UserError("no address for alerts: give --alert URL, or set LABELLOOP_ALERT")
    asyncio.run(_test(targets(alert)))


async def _test(alert_targets: "list[Target]") -> None:
    from labelloop.alerts.channels import Message

    failed = []
    for target in alert_targets:
        try:
            await target.send(Message("a test", "Alerts of labelloop arrive here."))
            echo(f"{target.name} accepted a test message")
        except Unavailable as error:
            failed.append(str(error))
    if failed:
        raise UserError("; ".join(failed))

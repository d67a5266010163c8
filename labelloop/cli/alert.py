"""`labelloop alert`: whom alerts reach."""

import asyncio
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.errors import Unavailable, UserError

if TYPE_CHECKING:
    from labelloop.alerts import Target


@click.group(cls=click.RichGroup)
def alert() -> None:
    """See that alerts arrive: `labelloop up --alert URL` sends them."""


@alert.command(context_settings=options.FROM_ENVIRONMENT)
@options.alert
def test(alert: tuple[str, ...]) -> None:
    """Send a message to each address, and say whether it was taken.

    `labelloop alert test --alert 'mailto://user:password@example.org?to=team@example.org'`
    """
    from labelloop.alerts import targets

    if not alert:
        raise UserError("nobody is to be told: give --alert URL, or set LABELLOOP_ALERT")
    asyncio.run(_test(targets(alert)))


async def _test(alert_targets: "list[Target]") -> None:
    from labelloop.alerts import Message

    failed = []
    for target in alert_targets:
        try:
            await target.send(Message("a test", "Alerts of labelloop arrive here."))
            click.echo(f"{target.name} has taken a message")
        except Unavailable as error:
            failed.append(str(error))
    if failed:
        raise UserError("; ".join(failed))

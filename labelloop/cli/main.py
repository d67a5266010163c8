"""`labelloop`: the commands, and how their errors are told."""

import errno
import sys
from typing import Any

import rich_click as click

from labelloop.cli.agreement import agreement
from labelloop.cli.alert import alert
from labelloop.cli.annotators import annotators
from labelloop.cli.copy import copy
from labelloop.cli.curve import curve
from labelloop.cli.deadletters import deadletters
from labelloop.cli.demo import demo
from labelloop.cli.doctor import doctor
from labelloop.cli.down import down
from labelloop.cli.events import events
from labelloop.cli.export import export
from labelloop.cli.fork import change, fork
from labelloop.cli.import_ import import_
from labelloop.cli.init import init
from labelloop.cli.operate import close, end, pause, resume, skip
from labelloop.cli.relabel import noise, relabel
from labelloop.cli.replay import replay
from labelloop.cli.run import run
from labelloop.cli.status import status
from labelloop.cli.up import up
from labelloop.cli.what_if import what_if
from labelloop.cli.why import why
from labelloop.errors import TaskError, Unavailable, UserError, one_line

BAD_INPUT = 2
INTERRUPTED = 130
OURS = ("labelloop", "schemas", "services")


class Commands(click.RichGroup):
    """Tells what a user can mend in one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (UserError, Unavailable, TaskError) as error:
            self._fail(ctx, str(error), BAD_INPUT)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "labelloop"
            self._fail(ctx, f"{error.format_message()} See `{command} --help`.", error.exit_code)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] in OURS:
                raise
            self._fail(ctx, _missing(error), BAD_INPUT)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            self._fail(ctx, _told(error), BAD_INPUT)

    def _fail(self, ctx: click.Context, message: str, code: int) -> None:
        click.echo(f"error: {one_line(message)}", err=True)
        ctx.exit(code)


def _missing(error: ModuleNotFoundError) -> str:
    return (
        f"this needs the package {error.name}: run pip install 'labelloop[learner]', or use the image "
        "labelloop-learner"
    )


def _told(error: OSError) -> str:
    where = error.filename or "this disk"
    if error.errno == errno.ENOSPC:
        return f"no space left on the disk of {where}: free some space"
    return f"{error.strerror or error} ({where}): check its path and permissions"


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="State lies in .labelloop/ (see --home). Every option can also come from the environment: "
    "--batch-size from LABELLOOP_BATCH_SIZE.",
)
@click.version_option(package_name="labelloop", message="%(version)s")
def cli() -> None:
    """Label texts together with a model that learns from every batch and asks for what it is least sure of.

    Begin with `labelloop demo`, which labels by itself, or bring your own texts:

    `labelloop up --dataset mail.csv --text-column body --labels spam,ham`
    """


for command in (
    up,
    down,
    demo,
    init,
    fork,
    change,
    import_,
    annotators,
    pause,
    resume,
    close,
    end,
    skip,
    copy,
    status,
    curve,
    agreement,
    noise,
    relabel,
    events,
    replay,
    why,
    what_if,
    run,
    alert,
    deadletters,
    doctor,
    export,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; exits with 2 on bad input, with 130 on Ctrl-C."""
    sys.exit(cli())

"""`labelloop`: the commands, and how their errors are printed."""

import errno
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import rich_click as click
from click.exceptions import NoSuchCommand

from labelloop.cli.echo import tell
from labelloop.errors import TaskError, Unavailable, UserError, one_line

BAD_INPUT = 2
INTERRUPTED = 130
OURS = ("labelloop", "schemas", "services")
GROUPS: Mapping[str, Mapping[str, str]] = {
    "Start": {
        "demo": "labelloop.cli.demo",
        "init": "labelloop.cli.init",
        "import": "labelloop.cli.init:import_",
        "up": "labelloop.cli.up",
        "down": "labelloop.cli.up",
    },
    "Label": {
        "add": "labelloop.cli.add",
        "annotators": "labelloop.cli.annotators",
        "agreement": "labelloop.cli.agreement",
        "noise": "labelloop.cli.relabel",
        "relabel": "labelloop.cli.relabel",
        "labels": "labelloop.cli.labels",
        "export": "labelloop.cli.export",
        "predict": "labelloop.cli.predict",
        "push": "labelloop.cli.push",
        "serve": "labelloop.cli.serve",
    },
    "Look": {
        "list": "labelloop.cli.status:list_",
        "status": "labelloop.cli.status",
        "curve": "labelloop.cli.curve",
        "why": "labelloop.cli.why",
        "diff": "labelloop.cli.diff",
        "what-if": "labelloop.cli.what_if:what_if",
        "events": "labelloop.cli.events",
        "replay": "labelloop.cli.replay",
    },
    "Operate": {
        "doctor": "labelloop.cli.doctor",
        "alert": "labelloop.cli.alert",
        "change": "labelloop.cli.fork",
        "pause": "labelloop.cli.operate",
        "resume": "labelloop.cli.operate",
        "close": "labelloop.cli.operate",
        "end": "labelloop.cli.operate",
        "skip": "labelloop.cli.operate",
    },
    "Move": {
        "copy": "labelloop.cli.copy",
        "fork": "labelloop.cli.fork",
        "backup": "labelloop.cli.backup",
        "restore": "labelloop.cli.backup",
        "delete": "labelloop.cli.delete",
    },
    "Extend": {
        "run": "labelloop.cli.run",
        "deadletters": "labelloop.cli.deadletters",
    },
}
"""The commands as help groups them, each with its module. The function has the command's name unless another
one is given."""
MODULES = {name: module for group in GROUPS.values() for name, module in group.items()}


class Commands(click.RichGroup):
    """Loads a command when it is needed. Prints user errors in one line, without a traceback."""

    def __init__(self, *args: Any, modules: Mapping[str, str] | None = None, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.modules = modules or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.modules, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.modules and cmd_name not in self.commands:
            module, _, name = self.modules[cmd_name].partition(":")
            self.add_command(getattr(import_module(module), name or cmd_name))
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            command_names = self.list_commands(ctx)
            raise NoSuchCommand(error.command_name, possibilities=command_names, ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (UserError, TaskError) as error:
            self._fail(ctx, str(error), BAD_INPUT)
        except Unavailable as error:
            self._fail(ctx, f"{error}: {error.remedy}" if error.remedy else str(error), BAD_INPUT)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "labelloop"
            self._fail(ctx, f"{error.format_message()} See `{command} --help`.", error.exit_code)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] in OURS:
                raise
            self._fail(ctx, _missing(error), BAD_INPUT)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except ValueError as error:
            if not isinstance(error.__cause__, UnicodeEncodeError):
                raise
            self._fail(ctx, "a name or a reason has bytes that are not UTF-8: leave them out", BAD_INPUT)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            self._fail(ctx, _os_error_text(error), BAD_INPUT)

    def _fail(self, ctx: click.Context, message: str, code: int) -> None:
        tell(f"error: {one_line(message)}", err=True)
        ctx.exit(code)


def _missing(error: ModuleNotFoundError) -> str:
    return (
        f"this needs the package {error.name}: run pip install 'labelloop[learner]', or use the image "
        "labelloop-learner"
    )


def _os_error_text(error: OSError) -> str:
    where = error.filename or "this disk"
    if error.errno == errno.ENOSPC:
        return f"no space left on the disk of {where}: free some space"
    return f"{error.strerror or error} ({where}): check its path and permissions"


def grouped(group: Any) -> Any:
    """Show the commands in their groups in help."""
    for name, modules in reversed(list(GROUPS.items())):
        group = click.command_panel(name, commands=list(modules))(group)
    return group


@click.group(
    cls=Commands,
    modules=MODULES,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="State is kept in .labelloop/ (see --home). Every option can also be set in the environment: "
    "LABELLOOP_BATCH_SIZE sets --batch-size.",
)
@click.version_option(package_name="labelloop", message="%(version)s")
@grouped
def cli() -> None:
    """Label texts with active learning: a model learns from every batch and picks the next texts to label.

    Start with `labelloop demo`, which needs no people, or use your own texts:

    `labelloop up --dataset mail.csv --text-column body --labels spam,ham`
    """


def main() -> None:
    """Run the command line. Exits with 2 on bad input and with 130 on Ctrl-C."""
    sys.exit(cli())

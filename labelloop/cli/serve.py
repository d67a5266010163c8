"""`labelloop serve`: answer requests with the newest model, over HTTP."""

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.config.environment import LOOPBACK
from labelloop.config.locations import Where
from labelloop.errors import UserError
from labelloop.serving.limits import Limits

if TYPE_CHECKING:
    from labelloop.loop.state import LoopState
    from labelloop.serving.token import Token

PORT = 6990
PACKAGES = ("starlette", "uvicorn")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="LABELLOOP_SERVE_HOST",
    help="Address to serve on.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    envvar="LABELLOOP_SERVE_PORT",
    help="Port to serve on; 0: any that is free.",
)
@click.option(
    "--model",
    allow_from_autoenv=False,
    help="Serve this model alone, by its number. [default: the newest, and each newer one]",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="LABELLOOP_SERVE_TOKEN_FILE",
    help="File with the token, which is made if it is not there. [default: LABELLOOP_SERVE_TOKEN, or "
    "serve.token in the home]",
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=Limits.rate,
    show_default=True,
    envvar="LABELLOOP_SERVE_RATE",
    help="Most requests for predictions in a second; 0: any number.",
)
@click.option(
    "--max-texts",
    type=click.IntRange(1, 1024),
    default=Limits.texts,
    show_default=True,
    envvar="LABELLOOP_SERVE_MAX_TEXTS",
    help="Most texts of a request.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(64),
    default=Limits.body,
    show_default=True,
    envvar="LABELLOOP_SERVE_MAX_BYTES",
    help="Most bytes of a request's body.",
)
def serve(
    where: Where,
    project: str | None,
    host: str,
    port: int,
    model: str | None,
    token_file: Path | None,
    rate: float,
    max_texts: int,
    max_bytes: int,
) -> None:
    """Answer POST /predict with the newest model, until Ctrl-C. A newer one is taken over without a gap.

    `labelloop serve`

    `labelloop serve --port 8000 --token-file token --rate 20`

    The answers are those of `labelloop predict`. It prints the address, where the token is, and a line to try
    it. It reads the log and the store, and changes neither.
    """
    _check_packages()
    limits = Limits(max_bytes, max_texts, rate)
    asyncio.run(_serve(where, project, host, port, model, token_file, limits))


async def _serve(
    where: Where,
    project: str | None,
    host: str,
    port: int,
    model: str | None,
    token_file: Path | None,
    limits: "Limits",
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.config.service_settings import default_threads
    from labelloop.observe import logs
    from labelloop.observe.settings import Observing, read_token
    from labelloop.projects.catalog import sound
    from labelloop.projects.chosen_model import choose_model
    from labelloop.serving.http import listener
    from labelloop.serving.serve import ServeOptions
    from labelloop.serving.serve import serve as serve_model
    from labelloop.serving.token import token

    observing = Observing.from_environment()
    async with opened_project(where.find(), project) as (opened_log, history):
        state, store = sound(history), opened_log.store
        if model is not None:
            choose_model(state, store, model)
        awaited = token(token_file, opened_log.locations.home)
        serve_options = ServeOptions(
            host, port, limits, model, awaited.value, read_token(), default_threads()
        )
        with listener(host, port) as (bound, url):
            logs.configure(observing.json)
            if host not in LOOPBACK:
                tell(f"note: {host} speaks plain HTTP: put HTTPS in front of it", err=True)

            def ready() -> None:
                for line in lines(history.project, state, url, awaited):
                    echo(line)

            await serve_model(opened_log.log, history, store, serve_options, bound, ready)


def lines(project: str, state: "LoopState", url: str, awaited: "Token") -> list[str]:
    """Where the project is served, where the token is, and a line that works when it is pasted."""
    from labelloop.serving.models import columns_of
    from labelloop.serving.requests import example

    body = shlex.quote(example(columns_of(state), "how far is the moon"))
    bearing = f'-H "Authorization: Bearer {awaited.word}"'
    note = [] if state.latest_model is not None else ["note     there is no model yet: requests get 503"]
    return [
        f"{project} answers at {url}/predict; Ctrl-C ends it",
        *note,
        f"token    {awaited.place}",
        f"try it   curl -s {bearing} -d {body} {url}/predict",
    ]


def _check_packages() -> None:
    from importlib.util import find_spec

    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise UserError(
            f"serve needs the package{'s' * (len(missing) > 1)} {' and '.join(missing)}: run pip install "
            "'labelloop[serve]'"
        )

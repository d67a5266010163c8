"""`labelloop push`: put a model into a folder or on the Hub, with its card and as ONNX."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.atomic import restrict
from labelloop.cli import options
from labelloop.cli.echo import echo, tell
from labelloop.config.home import Home
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted
from labelloop.projects.formats.files import HUB

if TYPE_CHECKING:
    from labelloop.projects.push.facts import Facts
    from labelloop.projects.push.hub import Pushed
    from labelloop.projects.push.push import BuiltModel, PushOptions

NAME = "-model"


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option(
    "--output",
    type=options.PathOrName(),
    help=f"Folder to write, or hf://user/name. [default: exports/<project>{NAME} in the home]",
)
@click.option(
    "--model", allow_from_autoenv=False, help="The number of the model. [default: the newest in the store]"
)
@click.option("--public", is_flag=True, help="Make a new repository on the Hub public. [default: private]")
@click.option("--license", help="The licence that the card names, such as apache-2.0.")
@click.option("--onnx", is_flag=True, help="Write the model as ONNX too, and check that it says the same.")
@click.option("--int8", is_flag=True, help="The same, and a smaller one of 8 bits, with what that costs.")
@click.option("--replace", is_flag=True, help="Replace a model that is there.")
@options.as_json
def push(
    where: Where,
    project: str | None,
    output: str | None,
    model: str | None,
    public: bool,
    license: str | None,
    onnx: bool,
    int8: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Put the newest model, or a named one, into a folder or on the Hub, with a card that tells what it is.

    `labelloop push --output questions-model`

    `labelloop push --output hf://user/questions --model 7 --onnx --int8`

    The card has the labels, how good the model is, the learning curve, the seeds, and the digest of the log.
    It has no texts and no names of people. If it is stopped, or killed, the same command does it anew.
    """
    from labelloop.projects.push.push import PushOptions

    asyncio.run(
        _push(
            where, project, output, public, replace, PushOptions(model, onnx or int8, int8, license), as_json
        )
    )


async def _push(
    where: Where,
    project: str | None,
    output: str | None,
    public: bool,
    replace: bool,
    push_options: "PushOptions",
    as_json: bool,
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.cli.screen import Screen
    from labelloop.config.service_settings import default_threads
    from labelloop.learner.worker import Worker
    from labelloop.projects.catalog import sound
    from labelloop.projects.push import hub
    from labelloop.projects.push import push as pushing

    async with opened_project(where.find(), project) as (opened_log, history):
        state, store, home = sound(history), opened_log.store, opened_log.locations.home
    target = output or _default(home, history.project)
    name = target.removeprefix(HUB) if target.startswith(HUB) else None
    path = None if name is not None else _resolved(target)
    pushing.check_packages(push_options)
    if name is not None:
        hub.check_name(name)
    elif public:
        raise UserError("--public is for the Hub: give --output hf://user/name, or leave it out")
    pushed = None
    with pushing.at_work(path) as unfinished:
        if path is not None:
            pushing.check_place(path, replace)
        threads = default_threads()
        with Screen(stderr=True) as screen, closing(Worker(threads)) as worker:
            screen.tell("writing and comparing the ONNX model" if push_options.onnx else "writing")
            built = await pushing.make(
                state, store, push_options, unfinished, name or _resolved(target).name, worker, threads, _draw
            )
            if name is not None:
                screen.tell("sending")
                message = f"Model {built.facts.model} of {built.facts.texts} labelled texts"
                pushed = await asyncio.to_thread(hub.push, built.folder, name, public, replace, message)
        if path is not None:
            pushing.place(built, path, unfinished)
    if home is not None and output is None and path is not None:
        restrict(path, home.path)
    if as_json:
        echo(json.dumps({"project": history.project, "output": target, **figures(built, pushed)}))
        return
    for line in lines(built, target, pushed):
        tell(line)


def _resolved(target: str) -> Path:
    return Path(target).resolve()


def _default(home: Home | None, project: str) -> str:
    if home is None:
        raise UserError("no home is there to write into: give a folder or hf://user/name with --output")
    return str(home.exports / f"{project}{NAME}")


def _draw(facts: "Facts", path: Path) -> None:
    from labelloop.cli.curve import draw_png

    draw_png(facts.points, facts.project, path, facts.audits)


def lines(built: "BuiltModel", target: str, pushed: "Pushed | None") -> Iterator[str]:
    """What was put where, how good it is, and what ONNX costs."""
    from labelloop.projects.push.card import MB, at_most, of_int8

    facts, onnx = built.facts, built.onnx
    learned = counted(facts.texts, "labelled text")
    yield f"model {facts.model}, {learned}, {len(facts.labels)} labels: {target}"
    if pushed is not None:
        yield (
            f"commit {pushed.commit}" if pushed.is_new else "nothing has changed since the last commit there"
        )
    yield f"sha256 {facts.sha256}"
    if (tested := facts.tested) is not None:
        right = "texts all right" if facts.several else "accuracy"
        on = counted(tested.size, "test text")
        yield f"{right} {tested.accuracy:.3f}, macro-F1 {tested.macro_f1:.3f} on {on}"
    elif (audit := facts.audit) is not None:
        of_it = "" if audit.model == facts.model else f" of model {audit.model}"
        interval = f"95 % interval {audit.low:.3f} … {audit.high:.3f}"
        yield f"accuracy{of_it} {audit.accuracy:.3f} by audit, {interval}"
    else:
        yield "nobody knows how good it is: there is neither a test set nor an audit"
    if onnx is not None:
        yield (
            f"{onnx.whole.name}: {onnx.whole.size / MB:.1f} MB, the same labels as the model on "
            f"{counted(onnx.compared, 'text')}, probabilities within {at_most(onnx.whole.furthest)}"
        )
        if onnx.int8 is not None:
            yield f"{onnx.int8.name}: {of_int8(onnx, onnx.int8)}"
    yield f"from the log {facts.log}"


def figures(built: "BuiltModel", pushed: "Pushed | None") -> dict[str, Any]:
    """The same as JSON values."""
    from dataclasses import asdict

    return {
        **built.facts.as_dict(),
        "commit": pushed.commit if pushed else None,
        "changed": pushed.is_new if pushed else None,
        "onnx": asdict(built.onnx) if built.onnx else None,
    }

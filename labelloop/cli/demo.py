"""`labelloop demo`: run the loop with simulated annotators."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, ClassVar, Self

import rich_click as click
from pydantic import Field, model_validator

from labelloop.cli import options, options_from_file
from labelloop.cli.echo import echo, keep
from labelloop.cli.options_from_model import project_options
from labelloop.config.home import DEFAULT_DEMO
from labelloop.config.locations import Elsewhere
from labelloop.errors import UserError
from labelloop.projects.data_options import Columns
from labelloop.projects.option import DEMO, Option
from labelloop.projects.options import LOOKAHEAD, Lookahead, ProjectOptions, flag

OF_ANNOTATORS = (
    click.option(
        "--annotators",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Number of simulated annotators.",
    ),
    click.option(
        "--annotator-error",
        type=click.FloatRange(0, 1),
        default=0.0,
        show_default=True,
        help="Share of wrong labels, from 0 to 1.",
    ),
    click.option(
        "--seconds-per-label",
        type=click.FloatRange(0),
        default=0.1,
        show_default=True,
        help="Seconds that an annotator takes for a label.",
    ),
)


class DemoOptions(ProjectOptions):
    """The options of `labelloop demo`, which has simulated annotators and bundled texts."""

    needs_gold: ClassVar[bool] = True

    dataset: Annotated[
        str | None,
        Option(
            "Labelled texts, as for `labelloop up`. [default: bundled questions; multi-label: their topics]",
            DEMO,
        ),
    ] = None
    test: Annotated[
        str | None, Option("Labelled texts to evaluate on. [default: bundled with the questions]", DEMO)
    ] = None
    text_column: Annotated[Columns | None, Option("Column of the texts.", DEMO, one_each=True)] = None
    label_column: Annotated[
        str | None, Option("Column of the labels that the annotators will give.", DEMO)
    ] = None
    classifier: Annotated[str, Option("transformer or linear (fast).", DEMO, "classifier.name")] = (
        "transformer"
    )
    strategy: Annotated[
        str,
        Option("Query strategy: diverse-ties, or another of small-text by its name.", DEMO, "strategy.name"),
    ] = "diverse-ties"
    batches: Annotated[
        int | None, Field(ge=1), Option("Number of batches to label.", DEMO, "max_batches")
    ] = 10
    lookahead: Annotated[
        Lookahead, Option("Batches picked ahead, so that nobody waits; or auto.", DEMO, LOOKAHEAD)
    ] = 1

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        of_texts = {
            "test",
            "text_column",
            "label_column",
            "label_separator",
            "config",
            "split",
            "revision",
            "no_header",
            "encoding",
            "skip_bad_rows",
        }
        if self.dataset is None and (misplaced := sorted(self.given_names & of_texts)):
            raise UserError(f"{flag(misplaced[0])} is for your own texts: give their --dataset too")
        return self


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=DEFAULT_DEMO,
    show_default=True,
    callback=keep,
    help="Folder of the demo. What an earlier demo left there is removed.",
)
@click.option(
    "--log",
    help="Use this log, for example kafka://host:9092/prefix; its projects stay. [default: the home's]",
)
@options.store
@options.engine
@project_options("demo", DemoOptions, before={"seed": OF_ANNOTATORS})
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of Argilla's page. [default: 6900, or a free port if 6900 is taken]",
)
@click.option(
    "--keep-running", is_flag=True, help="Keep Argilla and the services running until Ctrl-C, to look around."
)
@options_from_file.file
@options.as_json
@click.pass_context
def demo(
    ctx: click.RichContext,
    /,
    home: Path,
    log: str | None,
    store: str | None,
    annotators: int,
    annotator_error: float,
    seconds_per_label: float,
    port: int | None,
    keep_running: bool,
    as_json: bool,
    given_options: DemoOptions,
) -> None:
    """Run the whole loop on this machine, with a real Argilla and simulated annotators.

    `labelloop demo`

    `labelloop demo --classifier linear --batches 5`

    `labelloop demo --task multi-label`

    With the TREC questions from the Hugging Face Hub:

    `labelloop demo --dataset CogComp/trec --test CogComp/trec --revision refs/convert/parquet
    --label-column coarse_label`
    """
    from labelloop.cli.demo_run import Simulation
    from labelloop.cli.interrupt import Interrupted, interruptible

    simulation = Simulation(
        home,
        Elsewhere(log, store),
        given_options,
        annotators,
        annotator_error,
        seconds_per_label,
        port,
        keep_running,
        as_json,
    )
    try:
        asyncio.run(interruptible(simulation.run(), simulation.kill))
    except Interrupted as end:
        if simulation.outcome is None:
            echo("stopped before the end", err=True)
            ctx.exit(128 + end.number)
    if as_json:
        echo(json.dumps(simulation.outcome))

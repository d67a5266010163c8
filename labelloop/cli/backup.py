"""`labelloop backup` and `labelloop restore`: copy a home, and make a home of the copy."""

import asyncio
import json
import shlex
from dataclasses import asdict
from pathlib import Path

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("folder", type=click.Path(path_type=Path))
@options.home
@options.as_json
def backup(folder: Path, home: Path, as_json: bool) -> None:
    """Copy a home to a new folder, also while it runs: log, pools, models, Argilla's database, and keys.

    The folder holds texts, votes and keys. Only you can read it.

    `labelloop backup /media/disk/labelloop-monday`
    """
    from labelloop.config.home import existing_home
    from labelloop.supervisor.backup import back_up

    written = asyncio.run(back_up(existing_home(home), folder))
    if as_json:
        echo(json.dumps(asdict(written), default=str))
        return
    echo(
        f"{written.folder}: {_count(written.projects, 'project')}, {_count(written.events, 'event')}, "
        f"{_count(written.models, 'model')}, {written.size / 1e6:,.1f} MB"
    )
    for address in written.elsewhere:
        echo(f"not in it  {address}: back it up where it is")
    echo(f"restore    labelloop restore {shlex.quote(str(written.folder))} --home NEW")


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("folder", type=click.Path(path_type=Path))
@options.home
@options.as_json
def restore(folder: Path, home: Path, as_json: bool) -> None:
    """Make a home of a backup. Each file is checked. A home that is there is never replaced.

    `labelloop restore /media/disk/labelloop-monday --home .labelloop`
    """
    from labelloop.supervisor.restore import restore as restore_home

    restored = restore_home(folder, home)
    path, source = restored.home.path, restored.backup
    if as_json:
        facts = {"home": str(path), "made_at": source.made_at, "from": source.home, "events": source.events}
        echo(json.dumps(facts))
        return
    option = f"--home {shlex.quote(str(path))}"
    projects, events = _count(len(source.events), "project"), _count(sum(source.events.values()), "event")
    echo(f"{path}: {projects}, {events}, as of {source.made_at}")
    echo(f"first  stop the home that it was made of, if it still runs: {source.home}")
    echo(f"check  labelloop replay --verify {option}")
    echo(f"go on  labelloop up {option}")


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"

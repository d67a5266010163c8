"""Nobody is asked, and nothing is read, before all has arrived that a project began with."""

from contextlib import suppress
from pathlib import Path

import pytest

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import Unavailable
from labelloop.loop.history import History
from labelloop.projects.catalog import created
from labelloop.projects.given_batches import imported
from labelloop.runtime.controller import Polled
from services.annotation_watcher.service import AnnotationWatcher
from services.querier.service import Querier
from tests.support.argilla_server import free_port
from tests.support.loops import PROJECT, Loop, mixed, project


@pytest.mark.parametrize("service", [Querier, AnnotationWatcher])
async def test_argilla_is_left_alone_until_then(
    service: type[Querier | AnnotationWatcher], tmp_path: Path
) -> None:
    nowhere = ServiceSettings(
        f"sqlite:///{tmp_path}/log", str(tmp_path), f"http://127.0.0.1:{free_port()}", "key"
    )
    told = Loop(project(), mixed, imported({0: ("ham",), 1: ("spam",)})).events
    history, running = History(PROJECT), service(nowhere)

    for event in told[:-1]:
        history.add(event)
        assert await running.poll(created(history)) == Polled()

    history.add(told[-1])
    with suppress(Unavailable):
        assert await running.poll(created(history)) != Polled()
    await running.close()

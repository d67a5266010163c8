"""What Grafana's dashboard asks for is what the services show while they run."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from tests.support import plain_http
from tests.support.loop import ServiceLoop, texts
from tests.unit.deploy.test_monitoring import NAME, queries

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
SERVICE = re.compile(r'service="(\w+)"')
FAMILY = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)
PARTS = {"histogram": ("_sum", "_count", "_bucket")}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, set[str]]]:
    """The names of the series that each service shows, once it has a project."""
    home = tmp_path_factory.mktemp("dashboard")
    with closing(ServiceLoop(home, argilla_url="http://127.0.0.1:9", argilla_key="none")) as loop:
        project = loop.create(texts(12))
        loop.start(*SERVICES, LABELLOOP_HEALTH_PORT="0")
        pages: dict[str, str] = {}

        def is_shown(service: str) -> bool:
            address = loop.status_file(service).get("health")
            pages[service] = plain_http.get(f"{address}/metrics", timeout=30).text if address else ""
            return f'labelloop_batches_open{{project="{project}"' in pages[service]

        for service in SERVICES:
            loop.until(lambda service=service: is_shown(service))  # type: ignore[misc]
        yield {
            service: {name + part for name, kind in FAMILY.findall(page) for part in PARTS.get(kind, ("",))}
            for service, page in pages.items()
        }


@pytest.mark.parametrize("query", queries())
def test_each_metric_of_the_dashboard_is_there(query: str, shown: Mapping[str, set[str]]) -> None:
    of = SERVICE.search(query)
    services = [of[1]] if of else SERVICES

    assert NAME.findall(query)
    for metric in NAME.findall(query):
        assert any(metric in shown[service] for service in services), metric

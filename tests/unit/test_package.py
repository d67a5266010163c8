"""What `import labelloop` offers, and costs."""

import pytest

import labelloop
from labelloop.consumers.base import Consumer
from schemas.events import EVENTS
from tests.support.messages import raises_naming
from tests.unit.cli.test_imports import loaded


def test_it_offers_each_event_and_what_a_consumer_needs() -> None:
    assert labelloop.Consumer is Consumer
    for event in EVENTS.values():
        assert getattr(labelloop, event.__name__) is event
    offered = {"Consumer", "Event", "LoopState", "ProjectView", "Store", "Unavailable", "follow", "rows"}
    offered.add("settings_of")
    assert offered <= set(dir(labelloop))
    assert all(hasattr(labelloop, name) for name in offered)


@pytest.mark.parametrize("name", ["Annotated", "ClassVar", "Nothing"])
def test_it_offers_nothing_else(name: str) -> None:
    with raises_naming(AttributeError, f"'{name}'"):
        getattr(labelloop, name)


def test_it_offers_what_a_plugin_needs_and_its_descriptors_are_light() -> None:
    descriptors = "from labelloop import ClassifierPlugin, StoppingPlugin, StrategyPlugin"

    assert loaded(descriptors).isdisjoint({"torch", "numpy", "small_text", "msgspec", "pyarrow"})
    assert {"LoopClassifier", "Setting", "StoppingContext"} <= set(dir(labelloop))
    assert loaded("from labelloop import sqlite_logs").isdisjoint({"torch", "numpy", "pyarrow", "aiokafka"})
    assert loaded("from labelloop import MappingOracle, OraclePlugin").isdisjoint(
        {"torch", "numpy", "pyarrow"}
    )


def test_it_costs_nothing_until_it_is_asked() -> None:
    assert not {name for name in loaded("import labelloop") if name.startswith(("schemas", "msgspec"))}
    assert loaded("from labelloop import BatchAnnotated, Consumer").isdisjoint({"pyarrow", "numpy", "httpx"})


def test_a_service_loads_no_library_for_a_terminal() -> None:
    imported = "import labelloop.oracle.argilla, labelloop.runtime.process, services.trainer.service"

    assert loaded(imported).isdisjoint({"rich", "pygments", "click"})
    assert {"httpx", "structlog", "rich"} <= loaded(f"{imported}, rich"), "it is there for whoever asks"

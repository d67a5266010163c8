"""What events are made of: checked when they are made, and never changed."""

import copy
import json
import pickle
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter

from schemas.events import (
    BatchAnnotated,
    BatchQueried,
    ModelEvaluated,
    ModelLost,
    ModelTrained,
    ProjectChanged,
    ProjectCreatedV4,
)
from schemas.fields import Frozen
from schemas.model import Invalid, read, replaced, write
from schemas.parts import (
    AnnotatedItem,
    Choice,
    ClassFigures,
    ItemVotes,
    QueriedItem,
    Settings,
    Snapshot,
    Vote,
)
from tests.support.loops import project
from tests.support.states import evaluated as evaluated_on_test
from tests.unit.schemas.test_envelope import TRAINED

VOTE = Vote(username="ann", status="submitted", labels=("spam",))
ANNOTATED = BatchAnnotated(
    batch="0", revision=0, items=(AnnotatedItem(item=3, votes=(VOTE,), labels=("spam",)),)
)
TUNED = Choice(name="linear", parameters={"c": 0.5, "layers": [1, {"size": [2]}]})

CHANGES: tuple[tuple[Any, ...], ...] = (
    *(("update", {"x": 1}), ("__setitem__", "x", 1), ("__delitem__", "x"), ("__ior__", {"x": 1})),
    *(("setdefault", "x", 1), ("pop", "x"), ("popitem",), ("clear",)),
)


@pytest.mark.parametrize("value", [ANNOTATED, VOTE, TUNED])
def test_a_value_cannot_be_changed(value: Any) -> None:
    name = next(iter(TypeAdapter(type(value)).dump_python(value)))

    with pytest.raises((ValueError, AttributeError)):
        setattr(value, name, getattr(value, name))
    with pytest.raises((ValueError, AttributeError)):
        delattr(value, name)
    with pytest.raises((ValueError, AttributeError, TypeError)):
        value.another = 1


@pytest.mark.parametrize("is_read", [False, True])
def test_what_maps_cannot_be_changed(is_read: bool) -> None:
    figures = {"spam": ClassFigures(precision=1.0, recall=1.0, f1=1.0, support=1)}
    evaluated = replaced(evaluated_on_test("0"), per_class=figures)
    trained = ModelTrained(**{**TRAINED, "metrics": {"loss": 0.5}, "versions": {"torch": "2"}})
    created = replaced(project(), classifier=TUNED)
    if is_read:
        evaluated, trained = read(ModelEvaluated, write(evaluated)), read(ModelTrained, write(trained))
        created = read(ProjectCreatedV4, write(created))
    parameters = created.classifier.parameters

    for mapping in (
        evaluated.per_class,
        *(trained.learned, trained.metrics, trained.versions, ModelTrained(**TRAINED).metrics),
        *(parameters, parameters["layers"][1], Choice(name="linear").parameters),
    ):
        for method, *arguments in CHANGES:
            with pytest.raises(TypeError, match="cannot be changed"):
                getattr(mapping, method)(*arguments)
        assert "x" not in mapping
    with pytest.raises(TypeError, match="cannot be changed"):
        parameters["layers"].append(2)
    assert parameters == TUNED.parameters == {"c": 0.5, "layers": [1, {"size": [2]}]}


def test_a_value_is_not_changed_with_what_it_was_made_of() -> None:
    learned, layers = {"0": 0}, [1, 2]
    trained = ModelTrained(**{**TRAINED, "learned": learned})
    choice = Choice(name="linear", parameters={"layers": layers})

    learned["1"] = 0
    layers.append(3)

    assert trained.learned == {"0": 0}
    assert choice.parameters == {"layers": [1, 2]}


def test_a_copy_of_what_cannot_be_changed_can_be() -> None:
    frozen = Frozen({"a": 1})

    for plain in (
        frozen.copy(),
        frozen | {},
        dict(frozen),
        copy.copy(frozen),
        pickle.loads(pickle.dumps(frozen)),
    ):
        assert type(plain) is dict
        assert plain == frozen
    assert copy.deepcopy(frozen) is frozen


def test_a_changed_copy_is_checked() -> None:
    created = project()

    assert replaced(created, batch_size=7) == created.model_copy(update={"batch_size": 7})
    assert replaced(created, batch_size=7).batch_size == 7
    assert replaced(VOTE, user="u").user == "u"
    assert replaced(VOTE) == VOTE
    with pytest.raises(Invalid, match="batch_size should be greater than or equal to 1"):
        replaced(created, batch_size=0)
    with pytest.raises(Invalid, match="batch_size should be greater than or equal to 1"):
        created.model_copy(update={"batch_size": 0})
    with pytest.raises(Invalid, match="status should be a valid string"):
        replaced(VOTE, status=None)
    with pytest.raises(TypeError, match="mood"):
        replaced(VOTE, mood="good")


def test_an_error_names_every_place() -> None:
    data = (
        b'{"batch": 0, "items": [{"item": 0, "rank": -1, "reason": "audit"}, {"item": "x", "rank": 1}], '
        b'"seed": 1.5, "pool_version": "v", "seconds": 1e999}'
    )

    with pytest.raises(Invalid) as found:
        read(BatchQueried, data)

    assert str(found.value) == (
        "batch should be a valid string, items[0].rank should be greater than or equal to 0, items[1].item "
        "should be a valid integer, items[1].reason is missing, seed should be a valid integer, and seconds "
        "should be a finite number"
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"{nope", "it is no JSON: "),
        (b"[]", "it should be an object"),
        (b'{"model": "1", "attempt": 0}', "reason is missing"),
        (b'{"model": "1", "attempt": 0, "reason": "", "x": NaN}', "it is no JSON: "),
    ],
)
def test_an_error_is_one_sentence(data: bytes, error: str) -> None:
    with pytest.raises(Invalid, match=error) as found:
        read(ModelLost, data)

    assert "\n" not in str(found.value)


def test_a_time_is_checked_by_its_form() -> None:
    with pytest.raises(Invalid, match=r"items\[0\]\.votes\[0\]\.time should be a time as RFC 3339 writes it"):
        read(
            BatchAnnotated,
            b'{"batch": "0", "revision": 0, "items": [{"item": 0, "votes": '
            b'[{"username": "a", "status": "draft", "time": "1700000000"}]}]}',
        )


def test_reading_makes_no_value_by_a_call_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError

    created = project()
    data, more = write(ANNOTATED), write(created)
    for kind in (BatchAnnotated, ProjectCreatedV4, Choice, Snapshot, AnnotatedItem, ItemVotes, Vote):
        monkeypatch.setattr(kind, "__init__", refuse)

    assert read(BatchAnnotated, data) == ANNOTATED
    assert read(ProjectCreatedV4, more) == created


def test_what_a_state_holds_by_the_hundred_thousand_is_small() -> None:
    for value in (VOTE, ANNOTATED.items[0], QueriedItem(item=0, rank=0, reason="audit")):
        assert not hasattr(value, "__dict__")
        assert sys.getsizeof(value) <= 120


@pytest.mark.parametrize("settings", [{"ties": "drawn"}, {"ties": "discard"}, {}])
def test_a_choice_of_values_is_checked_where_it_may_be_left_out(settings: dict[str, Any]) -> None:
    change = ProjectChanged(request="r", who="w", from_batch=1, settings=Settings(**settings))

    if settings.get("ties") == "drawn":
        with pytest.raises(Invalid, match="ties should be one of label-order, discard, and is 'drawn'"):
            write(change)
    else:
        assert read(ProjectChanged, write(change)) == change


def test_other_tools_read_and_write_it_too() -> None:
    created = replaced(project(), classifier=TUNED)

    assert json.loads(created.model_dump_json()) == json.loads(write(created))
    assert ProjectCreatedV4.model_validate_json(created.model_dump_json()) == created
    assert (
        TypeAdapter(AnnotatedItem).validate_json(TypeAdapter(AnnotatedItem).dump_json(ANNOTATED.items[0]))
        == (ANNOTATED.items[0])
    )
    assert ANNOTATED.model_dump()["items"][0]["votes"][0]["username"] == "ann"
    assert set(ProjectCreatedV4.model_json_schema()["properties"]) == set(ProjectCreatedV4.model_fields)


def test_a_field_that_most_projects_never_need_is_written_only_where_it_says_something() -> None:
    without, said = AnnotatedItem(item=0), AnnotatedItem(item=0, none=True)

    for answer, is_there in ((without, False), (said, True)):
        event = BatchAnnotated(batch="0", revision=0, items=(answer,))
        assert (b'"none"' in write(event)) == is_there
        assert ("none" in event.model_dump()["items"][0]) == is_there
        assert ("none" in event.model_dump_json()) == is_there
        assert read(BatchAnnotated, write(event)) == event
        assert replaced(answer, labels=()) == answer
        assert bool(answer.none) == is_there
    figures: dict[str, Any] = {
        "model": "0",
        "attempt": 0,
        "labels": 3,
        "accuracy": 0.5,
        "macro_f1": 0.5,
        "classes": (),
        "size": 2,
    }
    evaluated = ModelEvaluated(**figures, per_class={}, confusion=(), test_version="d", seconds=0.5)
    assert b"micro_f1" not in write(evaluated)
    assert b'"micro_f1":0.0' in write(replaced(evaluated, micro_f1=0.0))

"""A home that 0.1.0 made: everything that it says stays true, and its loop goes on."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labelloop.log import Record, open_log
from labelloop.oracle.escaping import is_escaped
from schemas.envelope import Event, new_event
from tests.fixtures.home_010.texts import POOL
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.command import command, eventually, labelloop
from tests.support.home_010 import SAID, Home010, calculates_alike, unpacked
from tests.support.people import Owner, Person

TRANSFORMER, LINEAR = "1", "3"
OTHER_PROCESSOR = {TRANSFORMER: 1e-5, LINEAR: 5e-3}
"""How far probabilities may be apart on average where arithmetic differs.

Between instruction sets 1e-8 and 1e-3 were seen; another default of the training (a learning rate that is 2 %
higher, one step more) makes 3e-4 and more.
"""
PEOPLE = ("ada", "ben")
Answers = dict[tuple[str, int], tuple[str, dict[str, tuple[str, ...]]]]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Home010:
    return unpacked(tmp_path_factory.mktemp("home-010"))


def said(home: Path, *arguments: object) -> Any:
    result = labelloop(*arguments, "--home", home, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def events(home: Path, *filters: object) -> list[dict[str, Any]]:
    lines = labelloop("events", *filters, "--home", home, "--json").stdout.splitlines()
    return [json.loads(line) for line in lines]


def records(home: Path) -> list[Record]:
    """What the log holds."""

    async def read() -> list[Record]:
        log = open_log(f"sqlite:///{home / 'log.sqlite'}")
        try:
            return [record async for record in log.read()]
        finally:
            await log.close()

    return asyncio.run(read())


def weights(home: Path, model: str) -> str:
    (file,) = home.glob(f"store/*/models/{model}/*/model.safetensors")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_status_and_digest_are_what_they_were(kept: Home010) -> None:
    (project,) = said(kept.home, "status")["projects"]

    assert {name: project[name] for name in SAID["status"]} == SAID["status"]


def test_the_replay_is_verified_and_comes_to_the_same(kept: Home010) -> None:
    replayed = said(kept.home, "replay", "--verify")

    verified = replayed.pop("verified")
    for batch in replayed["batches"]["open"]:
        del batch["answers"], batch["waiting"], batch["gold_left"]  # said since
    for model in replayed["models"]:
        assert model.pop("test_set") is None  # said since
    expected = {name: value for name, value in SAID["replay"].items() if name != "verified"}
    assert {name: verified[name] for name in SAID["replay"]["verified"]} == SAID["replay"]["verified"]
    assert {name: replayed[name] for name in expected} == expected


def as_of_now(event: Event) -> dict[str, Any]:
    """What the event says, and the fields that were added to it since."""
    data: dict[str, Any] = json.loads(event.data)
    if event.name == "ModelTrained":
        return {**data, "log": None}
    if event.name == "BatchQueried":
        return {**data, "shortlist": None}
    if event.name == "StoppingChecked":
        return {**data, "parameters": None}
    if event.name == "ProjectCreated":
        return {**data, **{table: {**data[table], "dropped_near_copies": 0} for table in ("pool", "test")}}
    return data


def test_every_event_is_read_and_would_be_written_so_again(kept: Home010) -> None:
    found = [record.event for record in records(kept.home) if record.event is not None]

    written = [
        new_event(event.project, event.payload, source=event.source, cause=event.cause, time=event.time)
        for event in found
    ]

    assert Counter(event.name for event in found) == SAID["events"]
    assert [event.id for event in written] == [event.id for event in found]
    assert [json.loads(event.data) for event in written] == [as_of_now(event) for event in found]
    otherwise = {new.name for new, old in zip(written, found, strict=True) if new.data != old.data}
    assert otherwise == {"BatchQueried", "ModelTrained", "ProjectCreated", "StoppingChecked"}


def test_the_labels_are_exported_as_they_were(kept: Home010) -> None:
    result = labelloop("export", "--home", kept.home, "--output", "-")

    rows = [json.loads(line) for line in result.stdout.splitlines()]
    before = SAID["export"]
    assert [{name: row[name] for name in was} for row, was in zip(rows, before, strict=True)] == before
    assert {row["text"] for row in rows} <= {text for text, _ in POOL}


@pytest.fixture(scope="module")
def retrained(kept: Home010) -> dict[str, Any]:
    """By model, each by a process of its own: where the Hub's cache is must be known before it starts."""
    outputs = {model: kept.folder / f"retrained-{model}.json" for model in (TRANSFORMER, LINEAR)}
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        for name, value in kept.environment.items():
            patch.setenv(name, value)
        arguments = ("--home", kept.home, "--json")
        processes = {
            model: running.enter_context(command("replay", "--retrain", model, *arguments, output=output))
            for model, output in outputs.items()
        }
        for model, process in processes.items():
            assert process.wait(240) == 0, outputs[model].read_text(encoding="utf-8")
    return {
        model: json.loads(output.read_text(encoding="utf-8").splitlines()[-1])["retrained"]
        for model, output in outputs.items()
    }


@pytest.mark.all_cells
@pytest.mark.parametrize("model", [TRANSFORMER, LINEAR])
def test_a_model_trains_again_to_the_same_weights(
    kept: Home010, retrained: Mapping[str, Any], model: str
) -> None:
    again = retrained[model]

    assert weights(kept.home, model) == SAID["weights"][model]
    if calculates_alike():
        assert again["same"], again
    elif not again["same"]:
        assert again["difference"]["probability"] < OTHER_PROCESSOR[model]
        assert again["difference"]["other_label"] <= 1


@dataclass(frozen=True)
class WentOn:
    """The home after batch 4 was finished, and the answers that its Argilla served before and after."""

    home: Path
    before: list[dict[str, Any]]
    served: Answers
    served_literally: Answers

    def new(self, name: str) -> list[dict[str, Any]]:
        """What the events of this name say that came since."""
        came = events(self.home)[len(self.before) :]
        return [event["data"] for event in came if event["type"].split(".")[1] == name]


@pytest.fixture(scope="module")
def went_on(tmp_path_factory: pytest.TempPathFactory) -> WentOn:
    kept = unpacked(tmp_path_factory.mktemp("went-on"))
    home, before = kept.home, events(kept.home)
    argilla = ArgillaServer(home / "argilla", free_port())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in kept.environment.items():
            patch.setenv(name, value)
        with command("up", "--home", home, "--port", argilla.port, output=kept.folder / "up.txt") as process:
            # The services start as soon as Argilla answers.
            eventually(lambda: is_watched(home) or process.poll() is not None, "Argilla answers")
            assert process.poll() is None, (kept.folder / "up.txt").read_text(encoding="utf-8")
            served = answers_in(argilla)
            finish(argilla, "4", served)
            eventually(lambda: bool(events(home, "--type", "BatchQueried", "--batch", "6")), "batch 6")
            eventually(lambda: are_literal(argilla), "all records are written again")
            served_literally = answers_in(argilla)
            assert labelloop("down", "--home", home).exit_code == 0
            assert process.wait(60) == 0
    return WentOn(home, before, served, served_literally)


def is_watched(home: Path) -> bool:
    return "annotation_watcher" in said(home, "status")["services"]


def answers_in(argilla: ArgillaServer) -> Answers:
    """By batch and pool item: the record's id, and the status and the label that each of the people gave."""
    owner = Owner(argilla, SAID["project"])
    with argilla.client() as client:
        users = client.get("/users").raise_for_status().json()["items"]
    names = {user["id"]: user["username"] for user in users}
    return {
        (batch, item): (
            record["id"],
            {
                names[given["user_id"]]: (given["status"], *labels(given["values"]))
                for given in record["responses"]
            },
        )
        for batch in ("0", "1", "2", "3", "4", "5", "relabel-1", "relabel-2")
        for item, record in owner.records(batch).items()
    }


def are_literal(argilla: ArgillaServer) -> bool:
    """Whether the page shows every text literally."""
    with argilla.client() as client:
        path = f"/datasets/{Owner(argilla, SAID['project']).dataset()}/records"
        stored = client.get(path, params={"limit": 1000}).raise_for_status().json()["items"]
    return all(is_escaped(record["metadata"]) for record in stored)


def labels(values: Mapping[str, Any] | None) -> list[str]:
    return [answer["value"] for answer in (values or {}).values()]


def finish(argilla: ArgillaServer, batch: str, served: Answers) -> None:
    """Each of the people answers what they had not."""
    for name in PEOPLE:
        missing = {
            record: POOL[item][1]
            for (of, item), (record, given) in served.items()
            if of == batch and given.get(name, ("none",))[0] != "submitted"
        }
        assert missing
        Person(argilla, name).answer_all(missing)


def test_its_argilla_serves_the_records_with_the_answers_that_the_log_knows(went_on: WentOn) -> None:
    known: dict[str, Answers] = {}
    for event in went_on.before:
        if event["type"].split(".")[1] in ("BatchAnnotated", "ResponsesRecorded"):
            batch = event["data"]["batch"]
            known[batch] = {
                (batch, item["item"]): (
                    item["record"],
                    {vote["username"]: (vote["status"], *vote["labels"]) for vote in item["votes"]},
                )
                for item in event["data"]["items"]
            }
    recorded = {place: answers for batch in known.values() for place, answers in batch.items()}

    answered = {place: answers for place, answers in went_on.served.items() if answers[1]}
    assert answered == recorded
    assert len(went_on.served) > len(answered), "some texts wait for their first answer"


def test_its_texts_are_written_again_to_be_shown_literally_and_keep_ids_and_answers(went_on: WentOn) -> None:
    def of_other_batches(answers: Answers) -> Answers:
        return {place: answer for place, answer in answers.items() if place[0] != "4"}

    assert of_other_batches(went_on.served_literally) == of_other_batches(went_on.served)


def test_the_batch_is_finished_and_its_model_picks_the_next(went_on: WentOn) -> None:
    (annotated,) = (data for data in went_on.new("BatchAnnotated") if data["batch"] == "4")
    (trained,) = went_on.new("ModelTrained")
    (queried,) = went_on.new("BatchQueried")

    assert annotated.get("revision", 0) == 0
    assert {item["item"]: item["labels"] for item in annotated["items"]} == {
        item: [POOL[item][1]] for batch, item in went_on.served if batch == "4"
    }
    assert trained["model"] == "4"
    assert (queried["batch"], queried["model"]) == ("6", "4")
    assert not went_on.new("ServiceFailed")
    if calculates_alike():
        assert weights(went_on.home, "4") == SAID["next"]["weights"]
        assert [pick["item"] for pick in queried["items"]] == SAID["next"]["picks"]
        assert said(went_on.home, "replay")["digest"] == SAID["next"]["digest"]


def test_what_was_before_stays_and_all_of_it_is_verified(went_on: WentOn) -> None:
    now = events(went_on.home)
    revised = [data["batch"] for data in went_on.new("BatchAnnotated")]

    assert now[: len(went_on.before)] == went_on.before
    assert revised == ["4"], "no answer that was kept looks like another"
    assert said(went_on.home, "replay", "--verify")["verified"]["events"] == len(now)

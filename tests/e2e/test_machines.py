"""A team's project in which a machine suggests labels, as a user runs it, from its start to its labels."""

import asyncio
import json
import os
import secrets
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import open_home
from labelloop.loop.state import LoopState
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server import credentials
from tests.e2e.test_gold import created as project_with_gold
from tests.e2e.test_gold import shown
from tests.support.argilla_server import free_port
from tests.support.command import command, eventually, labelloop
from tests.support.llm_server import Asked, Reply, llm_server, said, text_of
from tests.support.loop import Loop
from tests.support.messages import names
from tests.support.people import Owner, Person
from tests.support.states import LABELS as LABELS_OF_THREE

pytestmark = pytest.mark.timeout(600)

LABELS = ("spam", "ham")
BODIES = [f"win prize {number}" if number % 2 else f"lunch at {number}" for number in range(8)]
LLM = ("--suggest", "llm", "--suggest-parameter", "model=tiny", "--suggest-parameter", "per_second=50")


def label_of(text: str) -> str:
    return "spam" if "prize" in text else "ham"


def answer(asked: Asked) -> Reply:
    return said({"label": label_of(text_of(asked))})


def told(home: Path, *arguments: object) -> Any:
    result = labelloop(*arguments, "--home", home, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def suggester(home: Path) -> int | None:
    """The process of the service that asks machines, if it runs."""
    result = labelloop("status", "--home", home, "--json")
    services = json.loads(result.stdout)["services"] if result.exit_code == 0 else {}
    return services["suggester"]["pid"] if "suggester" in services else None


def records(home: Path, port: int, batch: int) -> list[Any]:
    project = told(home, "list")[0]["project"]

    async def found() -> list[Any]:
        async with Argilla(
            f"http://127.0.0.1:{port}", credentials(open_home(home).argilla).api_key
        ) as argilla:
            dataset = await argilla.find_project(project)
            return [] if dataset is None else await argilla.records(dataset, batch)

    return asyncio.run(found())


def agents(home: Path, port: int, batch: int) -> dict[str, tuple[tuple[str, ...], str | None]]:
    """What people are suggested, and by whom, for each text of the batch."""
    return {
        record.fields["text"]: (record.suggestion.labels, record.suggestion.agent)
        for record in records(home, port, batch)
        if record.suggestion is not None
    }


def suggesters(home: Path, port: int, batch: int) -> list[str | None]:
    return [agent for _, agent in agents(home, port, batch).values()]


def answer_all(home: Path, port: int, batch: int, contrary: str) -> None:
    """The owner answers each text rightly, but for one."""

    there = records(home, port, batch)

    async def answering() -> None:
        async with Argilla(
            f"http://127.0.0.1:{port}", credentials(open_home(home).argilla).api_key
        ) as argilla:
            for record in there:
                right = label_of(record.fields["text"])
                wrong = next(label for label in LABELS if label != right)
                await argilla.respond(record.id, (wrong if record.fields["text"] == contrary else right,))

    asyncio.run(answering())


@pytest.mark.all_cells
def test_a_language_model_suggests_votes_is_killed_fails_and_is_replaced_by_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, port, output = tmp_path / "home", free_port(), tmp_path / "output"
    (tmp_path / "mail.csv").write_text("body\n" + "\n".join(BODIES) + "\n")
    (tmp_path / "rules.yaml").write_text("spam: prize\nham: lunch\n")
    data = ("--dataset", tmp_path / "mail.csv", "--text-column", "body", "--labels", ",".join(LABELS))
    how = ("--batch-size", 4, "--classifier", "linear", "--cold-start", "random", "--lookahead", 0)

    with llm_server(answer) as server:
        monkeypatch.setenv("LABELLOOP_LLM_URL", server.url)
        monkeypatch.setenv("LABELLOOP_LLM_KEY", "sk-of-a-test")
        up = ("up", "--home", home, "--port", port, *data, *how, *LLM, "--machine-vote")
        with command(*up, output=output):
            eventually(lambda: suggester(home) is not None, "the suggester runs")
            os.kill(suggester(home) or 0, signal.SIGKILL)
            eventually(lambda: len(agents(home, port, 0)) == 4, "people are shown what it says")
            shown = agents(home, port, 0)
            assert shown == {text: ((label_of(text),), "llm tiny-1") for text in shown}

            server.answer = lambda asked: Reply(b"<html>busy</html>", 503)
            rules = ("--suggest", "rules", "--suggest-parameter", f"file={tmp_path / 'rules.yaml'}")
            changed = labelloop("change", "mail", "--home", home, *rules, "--no-machine-vote")
            assert changed.exit_code == 0, changed.output
            contrary = sorted(shown)[0]
            answer_all(home, port, 0, contrary)
            eventually(lambda: suggesters(home, port, 1) == ["rules"] * 4, "then rules suggest")

    exported = labelloop("export", "--home", home, "--output", tmp_path / "labels.jsonl")
    assert exported.exit_code == 0, exported.output
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert {row["text"]: row["agreement"] for row in rows} == {
        text: 0.5 if text == contrary else 1.0 for text in shown
    }
    assert all(row["annotators"] == ["owner"] for row in rows)
    assert {vote["status"] for row in rows for vote in row["votes"]} == {"submitted", "machine"}
    wrong = next(row for row in rows if row["text"] == contrary)
    assert wrong["label"] != label_of(contrary)
    machines = told(home, "agreement")["machines"]
    assert machines["llm tiny-1"]["shown"] == {"texts": 4, "agreed": 3}
    assert names(labelloop("agreement", "--home", home).stdout.splitlines()[-1], "rule 2")
    assert (
        told(home, "replay", "--verify")["verified"]["events"]
        == told(home, "status")["projects"][0]["log"]["events"]
    )


def test_a_suggester_is_killed_while_it_waits_for_its_endpoint(loop: Loop, tmp_path: Path) -> None:
    stuck = threading.Event()

    def slowly(asked: Asked) -> Reply:
        place = len(server.asked)
        reply = said({"label": text_of(asked).split()[3].rstrip(",")})
        return replace(reply, after=stuck) if place in (5, 6) else reply

    with llm_server(slowly) as server:
        size = ("--batch-size", 6, "--batches", 2, "--lookahead", 0, "--gold-share", 0.34)
        project = project_with_gold(loop, tmp_path, *size, *LLM)
        access = {"LABELLOOP_LLM_URL": server.url, "LABELLOOP_LLM_KEY": "sk-of-a-test"}
        loop.start("querier", "annotation_watcher", "trainer")
        loop.start("suggester", **access)
        loop.until(lambda: len(server.asked) == 6)
        loop.wait(project, lambda state: len(asked_about(state, "0")) == 4)
        loop.kill("suggester")
        stuck.set()
        loop.start("suggester", **access)

        label_what_is_suggested(loop, project, "0")
        label_what_is_suggested(loop, project, "1")

        assert len(server.asked) == 6 + 2 + 6, "only what was not recorded is asked again"
        assert not any("surely" in text for text in server.texts()), "gold texts are no machine's"
    machines = json.loads(loop.command("agreement", "--project", project, "--json"))["machines"]
    assert machines["llm tiny-1"]["shown"] == {"texts": 8, "agreed": 8}
    assert machines["llm tiny-1"]["unseen"] == {"texts": 4, "agreed": 4}
    fork = f"fork-{secrets.token_hex(4)}"
    loop.command("fork", project, "--as", fork, "--batches", 3)
    in_fork = json.loads(loop.command("agreement", "--project", fork, "--json"))["machines"]
    assert {name: each for name, each in in_fork["llm tiny-1"].items() if name != "spent"} == {
        name: each for name, each in machines["llm tiny-1"].items() if name != "spent"
    }
    assert not any(in_fork["llm tiny-1"]["spent"].values()), "the other project paid"
    for each in (project, fork):
        assert json.loads(loop.command("replay", "--verify", "--project", each, "--json"))["verified"]


def label_what_is_suggested(loop: Loop, project: str, batch: str) -> None:
    """Somebody answers a batch as the suggester does, once people see its suggestions."""
    owner, ann = Owner(loop.argilla, project), Person(loop.argilla)
    state = loop.wait(project, lambda state: len(asked_about(state, batch)) == 6)
    aided = {picked.item for picked in state.batches[batch].queried.items if not picked.unaided}
    assert len(aided) == 4
    loop.until(lambda: suggested(owner, batch) == dict.fromkeys(aided, "llm tiny-1"))
    records = shown(owner, batch)
    ann.answer_all({record["id"]: LABELS_OF_THREE[item % 3] for item, record in records.items()})
    loop.wait(project, lambda state: state.batches[batch].done)


def asked_about(state: LoopState, batch: str) -> list[int]:
    """The texts of which the suggester has said something."""
    if batch not in state.batches:
        return []
    return [said.item for made in state.batches[batch].suggestions for said in made.items]


def suggested(owner: Owner, batch: str) -> dict[int, str]:
    """Who suggests a label for each text that has a suggestion of a machine."""
    return {
        item: record["suggestions"][0]["agent"]
        for item, record in shown(owner, batch).items()
        if record["suggestions"] and record["suggestions"][0]["agent"].startswith("llm")
    }

"""A team's project in which a machine suggests labels, as a user runs it, from its start to its labels."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.home import open_home
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.server import credentials
from tests.support.argilla_server import free_port
from tests.support.command import command, eventually, labelloop
from tests.support.llm_server import Asked, Reply, llm_server, said, text_of
from tests.support.messages import names

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

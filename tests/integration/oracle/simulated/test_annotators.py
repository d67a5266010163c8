"""Simulated annotators at work on the real server."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from labelloop.errors import Unavailable
from labelloop.oracle.argilla import Account, Argilla, Dataset, DatasetSpec, NewRecord, StoredRecord
from labelloop.oracle.simulated import GoldAnswers
from labelloop.pool.snapshot import Row, write
from tests.support.argilla_server import ArgillaServer

LABELS = ("spam", "ham", "eggs")
GOLD = [LABELS[item % 3] for item in range(40)]
PATIENCE = 90.0

numbers = count()


@pytest.fixture
async def argilla(argilla_server: ArgillaServer) -> AsyncIterator[Argilla]:
    async with Argilla(argilla_server.url, argilla_server.login.api_key) as client:
        yield client


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"simulated-{next(numbers)}"


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    info = write(tmp_path, [Row(f"text {item}", label, item) for item, label in enumerate(GOLD)])
    return tmp_path / info.name


async def test_texts_are_answered_by_each_annotator_s_own_account_until_sigterm(
    argilla: Argilla, argilla_server: ArgillaServer, pool: Path, name: str
) -> None:
    accounts = [await argilla.create_annotator(f"{name}-{who}", "labelloop") for who in ("ann", "bob")]
    with annotators(argilla_server, name, accounts, pool, "--error", "0.3", "--seed", "5") as process:
        dataset = await argilla.ensure_dataset(DatasetSpec(name, LABELS))
        await argilla.put_records(dataset, texts(0, range(20)))

        first = await when(argilla, dataset, all_answered)
        await argilla.put_records(dataset, texts(1, range(20, 40)))
        records = await when(argilla, dataset, all_answered)

        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0

    expected = GoldAnswers(GOLD.__getitem__, LABELS, error=0.3, seed=5)
    assert len(first) == 20
    assert {response.user_id for record in records for response in record.responses} == {
        account.user_id for account in accounts
    }
    for record in records:
        answer = expected(int(record.metadata["item"]), "whoever")
        assert {response.labels for response in record.responses} == {answer.labels}
    assert sum(record.responses[0].labels != (GOLD[int(record.metadata["item"])],) for record in records) > 3


@pytest.mark.all_cells
async def test_with_two_answers_a_text_people_err_apart(
    argilla: Argilla, argilla_server: ArgillaServer, pool: Path, name: str
) -> None:
    accounts = [await argilla.create_annotator(f"{name}-{who}", "labelloop") for who in ("ann", "bob")]
    dataset = await argilla.ensure_dataset(DatasetSpec(name, LABELS, min_submitted=2))
    await argilla.put_records(dataset, texts(0, range(16)))

    with annotators(argilla_server, name, accounts, pool, "--error", "0.5"):
        records = await when(argilla, dataset, lambda found: all(len(each.responses) == 2 for each in found))

    assert any(len({response.labels for response in record.responses}) == 2 for record in records)


@pytest.mark.all_cells
async def test_what_is_discarded_is_discarded(
    argilla: Argilla, argilla_server: ArgillaServer, pool: Path, name: str
) -> None:
    account = await argilla.create_annotator(name, "labelloop")
    dataset = await argilla.ensure_dataset(DatasetSpec(name, LABELS))
    await argilla.put_records(dataset, texts(0, range(10)))

    with annotators(argilla_server, name, [account], pool, "--discard", "1"):
        records = await when(argilla, dataset, all_answered)

    assert {(each.status, each.labels) for record in records for each in record.responses} == {
        ("discarded", ())
    }


@pytest.mark.all_cells
async def test_work_goes_on_after_argilla_was_killed_and_the_data_set_was_made_again(
    own_argilla_server: ArgillaServer, pool: Path
) -> None:
    async with Argilla(own_argilla_server.url, own_argilla_server.login.api_key) as argilla:
        account = await argilla.create_annotator("ann", "labelloop")
        dataset = await argilla.ensure_dataset(DatasetSpec("mail", LABELS))
        await argilla.put_records(dataset, texts(0, range(40)))
        with annotators(
            own_argilla_server, "mail", [account], pool, "--seconds-per-label", "0.05"
        ) as process:
            await when(argilla, dataset, any_answered)
            own_argilla_server.kill()
            await until(lambda: unavailable(argilla))
            own_argilla_server.start()
            await when(argilla, dataset, all_answered)

            with own_argilla_server.client() as raw:
                raw.delete(f"/datasets/{dataset.id}").raise_for_status()
            again = await argilla.ensure_dataset(DatasetSpec("mail", LABELS))
            await argilla.put_records(again, texts(0, range(10)))
            await when(argilla, again, all_answered)

            assert process.poll() is None


async def test_work_goes_on_in_the_data_set_that_stands_in_for_another(
    argilla_server: ArgillaServer, argilla: Argilla, name: str, pool: Path
) -> None:
    account = await argilla.create_annotator(f"ann-{name}", "labelloop")
    dataset = await argilla.ensure_dataset(DatasetSpec(name, LABELS))
    await argilla.put_records(dataset, texts(0, range(10)))
    with annotators(argilla_server, name, [account], pool):
        await when(argilla, dataset, all_answered)

        newer = await argilla.ensure_dataset(DatasetSpec(f"{name}-v2", (*LABELS, "more")))
        await argilla.point_to(name, "labelloop", newer)
        await argilla.put_records(newer, texts(0, range(10)))

        await when(argilla, newer, all_answered)


async def test_a_refused_annotator_stops_none_of_the_others(
    argilla: Argilla, argilla_server: ArgillaServer, pool: Path, name: str
) -> None:
    ann, bob = [await argilla.create_annotator(f"{name}-{who}", "labelloop") for who in ("ann", "bob")]
    with argilla_server.client() as raw:
        raw.delete(f"/users/{ann.user_id}").raise_for_status()
    dataset = await argilla.ensure_dataset(DatasetSpec(name, LABELS))
    await argilla.put_records(dataset, texts(0, range(10)))

    with annotators(argilla_server, name, [ann, bob], pool):
        records = await when(argilla, dataset, all_answered)

    assert {response.user_id for record in records for response in record.responses} == {bob.user_id}


async def test_a_record_that_is_none_of_the_loop_s_stops_nobody(
    argilla: Argilla, argilla_server: ArgillaServer, pool: Path, name: str
) -> None:
    account = await argilla.create_annotator(name, "labelloop")
    dataset = await argilla.ensure_dataset(DatasetSpec(name, LABELS))
    with argilla_server.client() as raw:
        foreign = {"items": [{"fields": {"text": "somebody else's"}}]}
        raw.post(f"/datasets/{dataset.id}/records/bulk", json=foreign).raise_for_status()

    with annotators(argilla_server, name, [account], pool, "--seconds-per-label", "0.01") as process:
        await argilla.put_records(dataset, texts(0, range(5)))
        await when(argilla, dataset, lambda found: count_answered(found) == 5)
        await argilla.put_records(dataset, texts(1, range(5, 10)))
        records = await when(argilla, dataset, lambda found: count_answered(found) == 10)

        assert process.poll() is None
    assert {record.fields["text"] for record in records if not record.responses} == {"somebody else's"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--url", "nowhere"], "'nowhere'"),
        (["--pool", "absent.arrow"], "absent.arrow"),
        (["--keys", "absent.keys"], "absent.keys"),
    ],
)
def test_bad_settings_are_told_in_one_line(pool: Path, arguments: Sequence[str], told: str) -> None:
    command = [sys.executable, "-m", "labelloop.oracle.simulated", "--dataset", "mail"]
    defaults = {"--url": "http://127.0.0.1:1", "--pool": str(pool)} | {arguments[0]: arguments[1]}
    options = [part for option in defaults.items() for part in option]

    run = subprocess.run(
        [*command, *options],
        env={**os.environ, "LABELLOOP_ANNOTATOR_KEYS": "key"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 2
    assert told in run.stderr
    assert run.stderr.count("\n") == 1


@contextmanager
def annotators(
    server: ArgillaServer, dataset: str, accounts: Sequence[Account], pool: Path, *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The annotators' process, killed at the end unless it has ended."""
    where = ["--url", server.url, "--dataset", dataset, "--pool", str(pool), "--stop-with-parent"]
    keys = ",".join(account.api_key for account in accounts)
    process = subprocess.Popen(
        [sys.executable, "-m", "labelloop.oracle.simulated", *where, *options],
        env={**os.environ, "LABELLOOP_ANNOTATOR_KEYS": keys},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def texts(batch: int, items: range) -> list[NewRecord]:
    return [
        NewRecord(
            f"{batch}:{item}",
            {"text": f"text {item}"},
            {"batch": batch, "rank": item - items.start, "item": item},
        )
        for item in items
    ]


def all_answered(records: list[StoredRecord]) -> bool:
    return all(record.responses for record in records)


def count_answered(records: list[StoredRecord]) -> int:
    return sum(bool(record.responses) for record in records)


def any_answered(records: list[StoredRecord]) -> bool:
    return any(record.responses for record in records)


async def when(
    argilla: Argilla, dataset: Dataset, condition: Callable[[list[StoredRecord]], bool]
) -> list[StoredRecord]:
    """The data set's records once they meet the condition."""
    found: list[StoredRecord] = []

    async def met() -> bool:
        found[:] = await argilla.records(dataset)
        return condition(found)

    await until(met)
    return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.1)


async def unavailable(argilla: Argilla) -> bool:
    try:
        await argilla.me()
    except Unavailable:
        return True
    return False

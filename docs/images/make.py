"""Makes the screenshots again, in some minutes: `python -m docs.images.make`."""

import asyncio
import json
import tempfile
from pathlib import Path

from labelloop.oracle.argilla import Account, Argilla, Dataset, StoredRecord
from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE
from labelloop.oracle.server import credentials
from labelloop.pool.bundled import bundled
from tests.support.argilla_server import free_port
from tests.support.browser import NOWHERE, AnnotatorPage, chromium
from tests.support.command import command, eventually

FOLDER = Path(__file__).parent
BATCH = 10
LABELLED = 100
PROJECT = "questions"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home, output, port = Path(name) / "home", Path(name) / "output", free_port()
        options = ("--home", home, "--port", port, "--name", PROJECT, "--batch-size", BATCH)
        learner = ("--dataset", bundled(PROJECT).pool, "--classifier", "linear")
        with command("up", *options, *learner, output=output):
            eventually(lambda: "/annotation-mode" in output.read_text(), "the first batch is on screen")
            ada = asyncio.run(label(home, f"http://127.0.0.1:{port}"))
            screenshots(f"http://127.0.0.1:{port}", ada)


def known_labels() -> dict[str, str]:
    """The label of each bundled question."""
    lines = bundled(PROJECT).pool.read_text(encoding="utf-8").splitlines()
    return {row["text"]: row["label"] for row in map(json.loads, lines)}


async def label(home: Path, url: str) -> Account:
    """Answer as many texts as the screenshots want, by their known labels; an account to log in with."""
    gold = known_labels()
    async with Argilla(url, credentials(home / "argilla").api_key) as owner:
        ada = await owner.create_annotator("ada", DEFAULT_WORKSPACE)
        project = next(path.name for path in (home / "store").iterdir())
        dataset = await owner.find_dataset(project, DEFAULT_WORKSPACE)
        assert dataset is not None
    async with Argilla(url, ada.api_key) as person:
        for _ in range(LABELLED // BATCH):
            for record in await whole_batch(person, dataset):
                await person.respond(record.id, (gold[record.text],))
        await whole_batch(person, dataset)
    return ada


async def whole_batch(person: Argilla, dataset: Dataset) -> list[StoredRecord]:
    """The oldest batch that waits, once it is there."""
    while True:
        found = await person.next_records(dataset, BATCH)
        if len(found) == BATCH:
            return found
        await asyncio.sleep(1)


def screenshots(url: str, ada: Account) -> None:
    gold = known_labels()
    with chromium() as browser:
        person = AnnotatorPage(browser, url)
        page = person.page

        def keep(name: str) -> None:
            page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")

        assert ada.password is not None
        person.log_in(ada.username, ada.password)
        page.get_by_text(f"{PROJECT}-").wait_for()
        keep("home")

        person.open_from_home(PROJECT)
        person.show_many()
        person.texts.nth(1).wait_for()
        person.select_all()
        page.mouse.move(*NOWHERE)
        keep("bulk")

        person.open_from_home(PROJECT)
        while person.suggestion.get_attribute("title") != gold[person.text]:
            person.press("ArrowRight")
        page.locator(".record-menu__header").click()
        page.get_by_role("button", name="View metadata", exact=True).click()
        page.locator(".record-metadata-info").wait_for()
        keep("metadata")

        page.mouse.click(*NOWHERE)
        page.locator(".record-metadata-info").wait_for(state="detached")
        person.guidelines()
        keep("annotate")


if __name__ == "__main__":
    main()

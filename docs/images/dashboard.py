"""Makes the dashboard's screenshots again, in some minutes: `python -m docs.images.dashboard`."""

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize

from tests.support.argilla_server import free_port
from tests.support.browser import chromium
from tests.support.children import ROOT
from tests.support.command import LABELLOOP

FOLDER = Path(__file__).parent
WIDE, PHONE = (1200, 900), (390, 780)


@dataclass(frozen=True)
class Picture:
    """A page as somebody sees it."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    is_dark: bool = False


PICTURES = (
    Picture("dashboard-project", "/projects/{project}"),
    Picture("dashboard-texts", "/texts", is_dark=True),
    Picture("dashboard-models", "/models"),
    Picture("dashboard-phone-light", "/projects/{project}", PHONE),
    Picture("dashboard-phone-dark", "/texts", PHONE, is_dark=True),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "output"
        # The usual home, so that no command on a page names a folder of this machine.
        options = (
            "--home",
            ".labelloop",
            "--classifier",
            "linear",
            "--port",
            str(free_port()),
            "--keep-running",
        )
        with output.open("wb") as file:
            demo = subprocess.Popen(
                [*LABELLOOP, "demo", *options],
                cwd=name,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)},
            )
        try:
            while "until Ctrl-C" not in output.read_text():
                assert demo.poll() is None, output.read_text()
                time.sleep(1)
            found = re.search(r"^dashboard +(http://\S+)$", output.read_text(), re.MULTILINE)
            assert found is not None
            with chromium() as browser:
                for picture in PICTURES:
                    take(picture, found[1], browser)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()


def take(picture: Picture, link: str, browser: Browser) -> None:
    """Keep how a page looks once all that it waits for is there."""
    size = ViewportSize(width=picture.size[0], height=picture.size[1])
    scheme = "dark" if picture.is_dark else "light"
    with browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB") as person:
        page = person.new_page()
        page.goto(link)
        project = page.locator(".card .id").first.inner_text()
        page.goto(f"{link.partition('/login')[0]}{picture.path.format(project=project)}")
        page.locator("#live[data-state=live]").wait_for()
        page.wait_for_timeout(3000)
        page.screenshot(path=FOLDER / f"{picture.name}.png", animations="disabled")


if __name__ == "__main__":
    main()

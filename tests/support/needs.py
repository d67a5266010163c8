"""What a test needs from its machine; absent, the test is skipped, or fails where LABELLOOP_REQUIRE=1."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the running test with this reason, or fail it where LABELLOOP_REQUIRE=1."""
    if os.environ.get("LABELLOOP_REQUIRE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def needs_chromium() -> Path:
    """The system's Chromium: LABELLOOP_CHROMIUM or the first that is on PATH."""
    named = os.environ.get("LABELLOOP_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        missing(f"needs {' or '.join(names)} on PATH: install Debian's chromium, or set LABELLOOP_CHROMIUM")
    return Path(browser)

"""Argilla's page looks for the next batch; left alone, it stays empty once all is answered."""

import shutil
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

SCRIPT = Path(__file__).with_name("next_batch.js")


def show_next_batch(app: FastAPI) -> None:
    """Have the pages, of which the server makes a copy of its own at each start, run the script."""
    folder = _folder(app)
    shutil.copy(SCRIPT, folder)
    for page in folder.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        script = f'<script type="module" src="/{SCRIPT.name}"></script>'
        page.write_text(html.replace("</body>", f"{script}</body>"), encoding="utf-8")


def _folder(app: FastAPI) -> Path:
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles) and route.app.directory:
            return Path(route.app.directory)
    raise LookupError("this argilla-server has no web pages")

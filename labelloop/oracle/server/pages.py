"""Changes to Argilla's page: it runs and loads nothing of others, and our scripts are part of it.

The content security policy is a second wall: texts are written so that the page only shows them
(`labelloop.oracle.escaping`). It does not keep a record of another program from leading to another page.
"""

import base64
import hashlib
import re
import shutil
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import argilla_server
from argilla_server.database import AsyncSessionLocal
from argilla_server.models import Dataset
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labelloop.oracle.escaping import FOLLOWED_BY

SCRIPTS = [Path(__file__).with_name(name) for name in ("address.js", "queue.js", "kept_answers.js")]
# They would talk to the Hugging Face Hub, by jobs that this server does not run.
HUB = ".export-to-hub, .import-from-hub, .home__sidebar__separator, .home__sidebar__content"
NO_HUB = f"<style>{HUB} {{ display: none !important }}</style>"
CHANGED = (".html", ".css", ".js")
ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OF_DATA_SET = re.compile(f"/dataset/(?P<id>{ID.pattern})(?P<rest>(/[a-z-]*)?)")
NOT_FOUND = PlainTextResponse("Not Found", status_code=404)
# What Argilla's pages have in place of the path below which they are served.
BASE = "@@baseUrl@@"
REMOTE_STYLES = re.compile(r"@import url\((?:https?:)?//[^)]*\);?")
# Argilla's page shows names of people and data sets, and the server's errors, as HTML.
TEXT_AS_HTML = re.compile(
    r'(staticClass:"(?:toast-text|tooltip__title|tooltip__text|setting__dataset-name[^"]*)",domProps:\{)innerHTML:'
)


class Forwarded:
    """Middleware that opens, by the link of a data set, the one that stands in for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_for_now(message: Message) -> None:
            if message["type"] == "http.response.start":
                # A browser that keeps the page would not ask again, and stay in the old data set.
                MutableHeaders(scope=message)["Cache-Control"] = "no-cache"
            await send(message)

        page = OF_DATA_SET.fullmatch(scope["path"]) if scope["type"] == "http" else None
        newer = await _follower(UUID(page["id"])) if page else None
        if page is None or newer is None:
            await self._app(scope, receive, send_for_now if page else send)
            return
        query = scope["query_string"].decode("latin-1")
        address = f"/dataset/{newer}{page['rest']}{'?' if query else ''}{query}"
        await RedirectResponse(address)(scope, receive, send)


async def _follower(data_set: UUID) -> UUID | None:
    """The newest data set that stands in for this one, of those that are there."""
    async with AsyncSessionLocal() as session:
        newest, passed = None, {data_set}
        dataset = await Dataset.get(session, data_set)
        while dataset is not None:
            newest = dataset.id
            follower = (dataset.metadata_ or {}).get(FOLLOWED_BY)
            if not (isinstance(follower, str) and ID.fullmatch(follower)) or UUID(follower) in passed:
                break
            passed.add(UUID(follower))
            dataset = await Dataset.get(session, UUID(follower))
        return None if newest == data_set else newest


class Policed:
    """Middleware that sends a content security policy with every answer: a page may be at any address.

    At one with a NUL there is none: to look its file up would be an error.
    """

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        app = NOT_FOUND if "\0" in scope.get("path", "") else self._app
        await app(scope, receive, send_with_policy if scope["type"] == "http" else send)


def change_pages(app: FastAPI) -> str:
    """Change the pages that the server sends. Returns the policy for them.

    Our scripts are added. Web fonts are left out (browsers use their own), what needs the Hub is hidden, and
    names and errors are shown as text. Changed files go into the server's own folder; the others are sent
    from the package.
    """
    files = _files(app)
    folder, package = Path(str(files.directory)), Path(argilla_server.__file__).with_name("static")
    files.all_directories = [folder, package]
    for script in SCRIPTS:
        shutil.copy(script, folder)
    inline: set[str] = set()
    for path in package.rglob("*"):
        if path.suffix not in CHANGED:
            continue
        original = path.read_text(encoding="utf-8")
        content = REMOTE_STYLES.sub("", original) if path.suffix == ".css" else original.replace(BASE, "")
        if path.suffix == ".js":
            content = TEXT_AS_HTML.sub(r"\1textContent:", content)
        if path.suffix == ".html":
            inline |= set(_inline_scripts(content))
            # Before Argilla's own scripts, whose requests they change.
            ours = "".join(f'<script src="/{script.name}"></script>' for script in SCRIPTS)
            content = content.replace("<head>", f"<head>{ours}{NO_HUB}")
        if content != original:
            changed = folder / path.relative_to(package)
            changed.parent.mkdir(parents=True, exist_ok=True)
            changed.write_text(content, encoding="utf-8")
    return policy(inline)


def policy(inline_scripts: Iterable[str]) -> str:
    """A policy that allows what comes from the server itself, and these inline scripts."""
    hashes = sorted(f"'sha256-{_digest(script)}'" for script in inline_scripts)
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *hashes)),
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self' data:",
            "img-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _inline_scripts(html: str) -> list[str]:
    reader = _Scripts()
    reader.feed(html)
    reader.close()
    return reader.inline


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.inline: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.inline.append("")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.inline[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


def _files(app: FastAPI) -> StaticFiles:
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles) and route.app.directory:
            return route.app
    raise LookupError("this argilla-server has no web pages")

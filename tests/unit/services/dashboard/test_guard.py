"""Who gets what: nobody gets anything from any route without the token."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient

from schemas.events import EventData
from services.dashboard.application import application
from tests.support.dashboards import PORT, TOKEN, Pages, records
from tests.support.states import PROJECT, all_answered, evaluated, project, queried, trained

BEARER = {"Authorization": f"Bearer {TOKEN}"}
BASE = f"http://127.0.0.1:{PORT}"
VALUES = {
    "project": PROJECT,
    "chart": "curve",
    "seq": "1",
    "item": "1",
    "model": "0",
    "path": "dashboard.css",
}
OF_A_STORE = ("/folder.tar", "/diff.csv", "/whole.txt")
"""What is not there without a store."""
HOSTILE = (
    '<img src=x onerror="document.title=1"><script>document.title=2</script><style>*{display:none}</style>'
)


FOREIGN = {"img", "style", "script inline", "an attribute that runs", "an attribute of style"}


class _Tags(HTMLParser):
    """What a page is made of, as a browser reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.found = set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        self.found.add(tag if tag != "script" or "src" in names else "script inline")
        self.found |= {"an attribute that runs" for name in names if name.startswith("on")}
        self.found |= {"an attribute of style" for name in names if name == "style"}


def tags(page: str) -> set[str]:
    """The tags of a page, and what of them no page of ours has."""
    parser = _Tags()
    parser.feed(page)
    return parser.found


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    pages = Pages(tmp_path)
    pages.take(records(project(), queried(), all_answered(), trained("0", {"0": 0}), evaluated("0")))
    return pages


@pytest.fixture
def client(pages: Pages) -> TestClient:
    return TestClient(pages.app, BASE, follow_redirects=False)


def paths(pages: Pages) -> list[str]:
    """Each route, with values for its places."""
    guard = application(pages.site, TOKEN, PORT)
    inner = guard._app
    assert isinstance(inner, Starlette)
    return [re.sub(r"{(\w+)(:\w+)?}", lambda place: VALUES[place[1]], path) for path in _paths(inner.routes)]


def _paths(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route):
            yield route.path
        elif isinstance(route, Mount):
            yield f"{route.path}/{{path}}"


def test_every_route_is_walked(pages: Pages) -> None:
    assert {"/", "/events", "/events/1", "/live", "/static/dashboard.css", f"/projects/{PROJECT}"} <= {
        *paths(pages)
    }
    assert len(paths(pages)) >= 10


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Cookie": f"labelloop_dashboard_{PORT}={TOKEN}"},
        {"Cookie": f"labelloop_dashboard_{PORT}="},
        {"Cookie": f"labelloop_dashboard_{PORT + 1}=x; a"},
    ],
)
def test_no_route_says_anything_without_the_token(
    headers: dict[str, str], pages: Pages, client: TestClient
) -> None:
    for path in (*paths(pages), "/nothing", "/static/../service.py", "//"):
        for asked in (path, f"{path}?token={TOKEN}"):
            answer = client.get(asked, headers=headers)

            assert answer.status_code == 401, asked
            assert PROJECT not in answer.text
            assert "set-cookie" not in answer.headers


def test_every_route_answers_who_has_the_token(pages: Pages, client: TestClient) -> None:
    for path in paths(pages):
        if path != "/live":
            status = 404 if path.endswith(OF_A_STORE) else 200
            assert client.get(path, headers=BEARER).status_code == status, path


@pytest.mark.parametrize("facts", [(), (project(),), (project(), queried())])
def test_every_page_answers_while_there_is_little_to_show(
    facts: tuple[EventData, ...], tmp_path: Path
) -> None:
    pages = Pages(tmp_path)
    pages.take(records(*facts))
    client = TestClient(pages.app, BASE, headers=BEARER)

    for path in ("/", "/texts", "/models", "/events", "/services"):
        assert client.get(path).status_code == 200, path
    assert client.get(f"/projects/{PROJECT}").status_code == (200 if facts else 404)


def test_the_link_logs_in_by_a_cookie_that_scripts_cannot_read(pages: Pages, client: TestClient) -> None:
    answer = client.get(f"/login?token={TOKEN}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert TOKEN not in cookie
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "query", ["", "?token=", "?token=wrong", f"?token={TOKEN}&token={TOKEN}", "?token=%ff"]
)
def test_a_wrong_link_logs_nobody_in(query: str, client: TestClient) -> None:
    answer = client.get(f"/login{query}")

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert client.get("/").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_written(method: str, pages: Pages, client: TestClient) -> None:
    for path in (*paths(pages), "/login"):
        assert client.request(method, path, headers=BEARER).status_code == 405, path


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:6910", "", "a b", "[::1"]
)
def test_a_name_that_is_not_ours_is_refused(host: str, pages: Pages, client: TestClient) -> None:
    for path in (*paths(pages), f"/login?token={TOKEN}"):
        assert client.get(path, headers={**BEARER, "Host": host}).status_code == 421, path


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:6910", "[::1]:6910", "192.168.1.7:6910", "Dash.Example"]
)
def test_this_machine_s_names_and_addresses_are_ours(host: str, client: TestClient) -> None:
    assert client.get("/", headers={**BEARER, "Host": host}).status_code == 200


def test_every_answer_has_the_policy(pages: Pages, client: TestClient) -> None:
    asked = [client.get(path, headers=BEARER) for path in paths(pages) if path != "/live"]
    for answer in (*asked, client.get("/"), client.post("/"), client.get(f"/login?token={TOKEN}")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_texts_names_and_labels_are_shown_as_text(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "hostile")
    hostile = project(name=HOSTILE, labels=(HOSTILE, "ham", "news"))
    pages.take(records(hostile, queried(), all_answered(), trained("0", {"0": 0}), evaluated("0")))
    pages.model.save_words(PROJECT, {0: HOSTILE, 1: "{{ 7 * 7 }}"})
    client = TestClient(pages.app, BASE, headers=BEARER)

    for path in (*paths(pages), f"/texts/{PROJECT}/0", f"/texts?words={HOSTILE}", f"/events?batch={HOSTILE}"):
        if path != "/live" and not path.startswith("/static"):
            page = client.get(path)
            if page.headers["content-type"].startswith("text/html"):
                assert not tags(page.text) & FOREIGN, path

"""A stand-in for the Hugging Face Hub: as much of its API as its own client uses to push and load data sets.

Files are kept in memory, in one state without a history.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_of_a_test"
COMMIT = "0" * 40
MISSING = {"X-Error-Code": "EntryNotFound"}
API = re.compile(
    r"/api/datasets/(?P<name>[^/]+/[^/]+)(/(?P<what>[^/]+)(/(?P<revision>[^/]+)(/(?P<path>.*))?)?)?"
)
FILE = re.compile(r"/datasets/(?P<name>[^/]+/[^/]+)/resolve/[^/]+/(?P<path>.*)")


class Hub(ThreadingHTTPServer):
    """`datasets`: by name, whether it is private, and its files; `large`: uploads by their sha256."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.large: dict[str, bytes] = {}
        self.datasets: dict[str, tuple[bool, dict[str, bytes]]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def hub() -> Iterator[Hub]:
    """One that runs."""
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def do_PUT(self) -> None:
        self.server.large[self.path.rpartition("/")[2]] = self._body()
        self._send(200, b"", {})

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, body: bytes) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._say(401, {"error": "Invalid username or password."})
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path.endswith(".git/info/lfs/objects/batch"):
            return self._say(
                200, {"transfer": "basic", "objects": list(map(self._upload, json.loads(body)["objects"]))}
            )
        if path == "/api/validate-yaml":
            return self._say(200, {"errors": [], "warnings": []})
        if file := FILE.fullmatch(path):
            return self._download(self._files(file["name"]).get(file["path"]))
        asked = API.fullmatch(path)
        if asked is None or asked["name"] not in self.server.datasets:
            return self._say(404, {"error": "not found"}, {"X-Error-Code": "RepoNotFound"})
        return self._of_dataset(asked["name"], asked["what"], asked["path"] or "", body)

    def _of_dataset(self, name: str, what: str | None, path: str, body: bytes) -> None:
        files = self._files(name)
        match what:
            case "preupload":
                asked = json.loads(body)["files"]
                uploads = [
                    {"path": file["path"], "uploadMode": _mode(file["path"]), "shouldIgnore": False}
                    for file in asked
                ]
                self._say(200, {"files": uploads})
            case "commit":
                for operation in map(json.loads, body.splitlines()):
                    value = operation["value"]
                    if operation["key"] == "file":
                        files[value["path"]] = base64.b64decode(value["content"])
                    elif operation["key"] == "lfsFile":
                        files[value["path"]] = self.server.large[value["oid"]]
                self._say(200, {"commitUrl": f"{self.server.url}/{name}/commit/0", "commitOid": COMMIT})
            case "tree":
                entries = _tree(files, path)
                self._say(200, entries) if entries else self._say(404, {"error": "no such folder"}, MISSING)
            case "paths-info":
                paths = parse_qs(body.decode()).get("paths", [])
                self._say(200, [_entry(file, files[file]) for file in files if file in paths])
            case None | "revision":
                siblings = [{"rfilename": file} for file in files]
                self._say(200, {"id": name, "sha": COMMIT, "siblings": siblings})
            case _:
                self._say(404, {"error": "not found"}, MISSING)

    def _upload(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {**asked, "actions": {"upload": {"href": f"{self.server.url}/large/{asked['oid']}"}}}

    def _download(self, content: bytes | None) -> None:
        if content is None:
            return self._say(404, {"error": "no such file"}, MISSING)
        tag = hashlib.sha256(content).hexdigest()
        return self._send(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked.get('organization') or 'user'}/{asked['name']}"
        self.server.datasets[name] = (
            asked.get("visibility") == "private",
            {".gitattributes": b"*.parquet filter=lfs\n"},
        )
        self._say(200, {"url": f"{self.server.url}/datasets/{name}"})

    def _files(self, name: str) -> dict[str, bytes]:
        return self.server.datasets[name][1] if name in self.server.datasets else {}

    def _say(self, code: int, content: Any, headers: dict[str, str] | None = None) -> None:
        self._send(
            code, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})}
        )

    def _send(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _mode(path: str) -> str:
    return "lfs" if path.endswith(".parquet") else "regular"


def _tree(files: Mapping[str, bytes], folder: str) -> list[dict[str, Any]]:
    """What is in a folder, and not below."""
    prefix = f"{folder}/" if folder else ""
    below = [file.removeprefix(prefix) for file in files if file.startswith(prefix)]
    folders = {file.partition("/")[0] for file in below if "/" in file}
    directories = [
        {"type": "directory", "path": prefix + each, "size": 0, "oid": COMMIT} for each in sorted(folders)
    ]
    return directories + [_entry(prefix + file, files[prefix + file]) for file in below if "/" not in file]


def _entry(path: str, content: bytes) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": len(content), "oid": COMMIT}

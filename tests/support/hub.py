"""A stand-in for the Hugging Face Hub: as much of its API as its own client uses for data sets and models.

Files are kept in memory, in one state without a history.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_of_a_test"
COMMIT = "0" * 40
LARGE = (".parquet", ".safetensors", ".onnx", ".png")
MISSING = {"X-Error-Code": "EntryNotFound"}
API = re.compile(
    r"/api/(?P<kind>datasets|models)/(?P<name>[^/]+/[^/]+)(/(?P<what>[^/]+)(/(?P<revision>[^/]+)(/(?P<path>.*))?)?)?"
)
FILE = re.compile(r"(?P<kind>/datasets)?/(?P<name>[^/]+/[^/]+)/resolve/[^/]+/(?P<path>.*)")


Repositories = dict[str, tuple[bool, dict[str, bytes]]]


class Hub(ThreadingHTTPServer):
    """`datasets`, `models`: by name, whether it is private, and its files.

    `large`: uploads by their sha256, which wait until `takes` is set; `has_begun` tells that one came.
    `commits`: of each repository, in their order, what each says.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.large: dict[str, bytes] = {}
        self.datasets: Repositories = {}
        self.models: Repositories = {}
        self.commits: dict[str, list[str]] = {}
        self.takes, self.has_begun = threading.Event(), threading.Event()
        self.takes.set()

    def of_kind(self, kind: str | None) -> Repositories:
        """The repositories of a kind, as an address names it."""
        return self.datasets if kind and "dataset" in kind else self.models

    def newest(self, name: str) -> str:
        """The newest commit of a repository."""
        return f"{len(self.commits.get(name, ())):040x}"

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
        server.takes.set()
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
        body = self._body()
        self.server.has_begun.set()
        self.server.takes.wait()
        self.server.large[self.path.rpartition("/")[2]] = body
        # Whoever sends may have been killed.
        with suppress(OSError):
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
            return self._download(self._files(file["kind"], file["name"]).get(file["path"]))
        match = API.fullmatch(path)
        if match is None or match["name"] not in self.server.of_kind(match["kind"]):
            return self._say(404, {"error": "not found"}, {"X-Error-Code": "RepoNotFound"})
        files = self._files(match["kind"], match["name"])
        return self._of_repository(match["name"], files, match["what"], match["path"] or "", body)

    def _of_repository(
        self, name: str, files: dict[str, bytes], what: str | None, path: str, body: bytes
    ) -> None:
        match what:
            case "preupload":
                names = json.loads(body)["files"]
                uploads = [
                    {
                        "path": file["path"],
                        "uploadMode": _mode(file["path"]),
                        "shouldIgnore": False,
                        "oid": _oid(file["path"], files.get(file["path"])),
                    }
                    for file in names
                ]
                self._say(200, {"files": uploads})
            case "commit":
                self._commit(name, files, [json.loads(line) for line in body.splitlines()])
            case "tree":
                entries = _tree(files, path)
                self._say(200, entries) if entries else self._say(404, {"error": "no such folder"}, MISSING)
            case "paths-info":
                paths = parse_qs(body.decode()).get("paths", [])
                self._say(200, [_entry(file, files[file]) for file in files if file in paths])
            case None | "revision":
                siblings = [{"rfilename": file} for file in files]
                self._say(200, {"id": name, "sha": self.server.newest(name), "siblings": siblings})
            case _:
                self._say(404, {"error": "not found"}, MISSING)

    def _commit(self, name: str, files: dict[str, bytes], operations: list[dict[str, Any]]) -> None:
        head = operations[0]["value"]
        if head.get("parentCommit", self.server.newest(name)) != self.server.newest(name):
            return self._say(412, {"error": "A commit has happened since."})
        for operation in operations[1:]:
            value = operation["value"]
            match operation["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.server.large[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        self.server.commits.setdefault(name, []).append(head["summary"])
        newest = self.server.newest(name)
        return self._say(200, {"commitUrl": f"{self.server.url}/{name}/commit/{newest}", "commitOid": newest})

    def _upload(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "actions": {"upload": {"href": f"{self.server.url}/large/{body['oid']}"}}}

    def _download(self, content: bytes | None) -> None:
        if content is None:
            return self._say(404, {"error": "no such file"}, MISSING)
        tag = hashlib.sha256(content).hexdigest()
        return self._send(200, content, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})

    def _create(self, body: dict[str, Any]) -> None:
        name = f"{body.get('organization') or 'user'}/{body['name']}"
        kind = body.get("type", "model")
        self.server.of_kind(kind)[name] = (
            body.get("visibility") == "private" or bool(body.get("private")),
            {".gitattributes": b"*.parquet filter=lfs\n"},
        )
        self._say(200, {"url": f"{self.server.url}/{'datasets/' * (kind == 'dataset')}{name}"})

    def _files(self, kind: str | None, name: str) -> dict[str, bytes]:
        there = self.server.of_kind(kind)
        return there[name][1] if name in there else {}

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
    return "lfs" if path.endswith(LARGE) else "regular"


def _oid(path: str, content: bytes | None) -> str | None:
    """What tells whether a file that is there has changed, as git or its large files name it."""
    if content is None:
        return None
    if path.endswith(LARGE):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


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

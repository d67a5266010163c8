"""Files under a URL, with fsspec. Its errors are translated to labelloop's."""

import errno
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import fsspec  # type: ignore[import-untyped]

from labelloop.errors import TaskError, Unavailable, UserError, one_line

Result = TypeVar("Result")
OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci"}
"""Protocols whose paths start with a bucket, which must exist."""
BLOCK = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT)
UNANSWERABLE = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "DefaultCredentialsError",
    "RefreshError",
    "ClientAuthenticationError",
    "NoRegionError",
    "ParamValidationError",
)
"""Names of library errors for which a retry does not help."""


class Objects:
    """Files by names relative to a URL. Nothing is cached. `shown` is the URL without credentials."""

    def __init__(self, url: str, options: Mapping[str, Any], shown: str) -> None:
        self.shown = shown
        uncached = {"use_listings_cache": False, "skip_instance_cache": True}
        with translated(shown):
            self._files, self._root = fsspec.core.url_to_fs(url, **{**uncached, **options})
        self._in_buckets = url.partition("://")[0] in OBJECT_STORES

    def read(self, name: str) -> bytes | None:
        """The content of a small file, or None if it does not exist."""
        content: bytes | None = self._look(lambda: self._files.cat_file(self._path(name)))
        return content

    def digest(self, name: str) -> str | None:
        """The sha256 of a file, in hex, or None if it does not exist."""
        return self._look(lambda: self._digest(name))

    def get(self, name: str, file: Path) -> bool:
        """Download to a local file. False if it does not exist."""

        def copied() -> bool:
            self._files.get_file(self._path(name), str(file))
            return True

        return self._look(copied) or False

    def put(self, file: Path, name: str) -> None:
        """Upload a local file. Raises Unavailable if it did not arrive completely."""
        path = self._path(name)
        try:
            with translated(self.shown):
                self._files.put_file(str(file), path)
                arrived = self._files.size(path)
        except FileNotFoundError as error:
            if error.filename is not None:
                raise
            self._check_bucket()
            raise away(self.shown, f"{name} could not be written") from error
        if arrived != file.stat().st_size:
            raise away(self.shown, f"of {name} only {arrived} bytes arrived")

    def find(self, name: str) -> list[str]:
        """The names of all files under a folder."""
        paths = self._look(lambda: self._files.find(self._path(name))) or []
        return [path.removeprefix(self._root).lstrip("/") for path in paths]

    def modified(self, name: str) -> datetime | None:
        """When a file was written, or None if unknown."""
        try:
            with translated(self.shown):
                at: datetime = self._files.modified(self._path(name))
        except (FileNotFoundError, UserError):
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def remove(self, name: str) -> None:
        """Remove a file if it exists."""
        self._look(lambda: self._files.rm_file(self._path(name)))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _look(self, look: Callable[[], Result]) -> Result | None:
        try:
            with translated(self.shown):
                return look()
        except FileNotFoundError as error:
            if error.filename is not None:
                raise
            self._check_bucket()
            return None

    def _digest(self, name: str) -> str:
        content = hashlib.sha256()
        with self._files.open(self._path(name), "rb", cache_type="readahead", block_size=8 * BLOCK) as file:
            while block := file.read(BLOCK):
                content.update(block)
        return content.hexdigest()

    def _check_bucket(self) -> None:
        """Raises UserError if the bucket is missing, which does not mean that its files are lost."""
        bucket = self._root.lstrip("/").partition("/")[0]
        try:
            with translated(self.shown):
                if self._in_buckets:
                    self._files.info(bucket)
        except FileNotFoundError as error:
            raise UserError(
                f"the store {self.shown} has no bucket {bucket}: create it, or correct LABELLOOP_STORE"
            ) from error


@contextmanager
def translated(store: str) -> Iterator[None]:
    """Translate a library's errors to Unavailable or UserError. `store`: its name without credentials.

    FileNotFoundError, and errors with local files, are not changed.
    """
    try:
        yield
    except (TaskError, Unavailable, UserError, FileNotFoundError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise TaskError("disk-full", f"no space left for copies of {store}: free some space") from error
        if isinstance(error, OSError) and error.filename is not None:
            raise
        if _is_refused(error):
            raise UserError(
                f"the store {store} refuses ({line(error)}): check its credentials and what they allow"
            ) from error
        if isinstance(error, TypeError | ValueError | NotImplementedError | ImportError):
            raise UserError(
                f"the store {store} cannot be used ({line(error)}): "
                "check LABELLOOP_STORE and LABELLOOP_STORE_OPTIONS"
            ) from error
        raise away(store, line(error)) from error


def _is_refused(error: Exception) -> bool:
    if isinstance(error, PermissionError) or type(error).__name__ in UNANSWERABLE:
        return True
    # Google's store reports it with a code or a word.
    return str(getattr(error, "code", "")) in ("401", "403") or str(error).startswith("Forbidden")


def away(store: str, why: str) -> Unavailable:
    return Unavailable(f"the store {store} is unavailable ({why})", f"store {store}")


def line(error: BaseException) -> str:
    """An error as one line of at most 200 characters."""
    return (one_line(error.args[-1] if error.args else error) or type(error).__name__)[:200]

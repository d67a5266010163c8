"""Open the store at a location."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from labelloop.config.environment import STORE
from labelloop.config.locations import cache_folder
from labelloop.errors import UserError
from labelloop.store.base import Store
from labelloop.store.folder import FolderStore

OPTIONS = "LABELLOOP_STORE_OPTIONS"
CACHE_GB = "LABELLOOP_CACHE_GB"
DEFAULT_CACHE_GB = 10.0
QUICK = {"config_kwargs": {"retries": {"total_max_attempts": 2}}}
"""The services retry and report outages themselves. S3's own retries would hide an outage for minutes."""
DEFAULTS: Mapping[str, Mapping[str, Any]] = {"s3": QUICK, "s3a": QUICK}
PACKAGES = {"s3": ("s3fs", "s3"), "s3a": ("s3fs", "s3"), "gs": ("gcsfs", "gcs"), "gcs": ("gcsfs", "gcs")}


def open_store(location: str | Path, environment: Mapping[str, str] = STORE) -> Store:
    """The store at a folder, `file:///…`, or any URL that fsspec knows. Does not use the network.

    Options of fsspec's file system, and the cache's folder and size, come from the environment. Raises
    UserError.
    """
    text = str(location)
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    if "://" not in text:
        if not text:
            raise UserError("LABELLOOP_STORE is empty: give a folder or a URL such as s3://bucket/folder")
        return FolderStore(Path(text))
    return _remote(text.rstrip("/"), environment)


def without_credentials(url: str) -> str:
    """A URL without credentials, for messages."""
    scheme, separator, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{separator}{place.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def _remote(url: str, environment: Mapping[str, str]) -> Store:
    scheme = url.partition("://")[0]
    shown = without_credentials(url)
    package, extra = PACKAGES.get(scheme, ("fsspec", "s3"))
    if find_spec("fsspec") is None or find_spec(package) is None:
        raise UserError(f"the store {shown} needs {package}: run pip install 'labelloop[{extra}]'")
    from labelloop.store.objects import Objects
    from labelloop.store.remote import Cache, RemoteStore

    objects = Objects(url, {**DEFAULTS.get(scheme, {}), **_options(environment)}, shown)
    cache = Cache(cache_folder(environment), _cache_size(environment))
    cache.check()
    return RemoteStore(objects, cache)


def _options(environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        options = json.loads(environment.get(OPTIONS) or "{}")
        return {str(name): value for name, value in options.items()}
    except (ValueError, AttributeError):
        # The value may contain a secret, so neither it nor the error that quotes it is shown.
        raise UserError(f'{OPTIONS} is not a JSON object such as {{"anon": false}}') from None


def _cache_size(environment: Mapping[str, str]) -> int:
    text = environment.get(CACHE_GB) or str(DEFAULT_CACHE_GB)
    try:
        size = int(float(text) * 1e9)
    except (ValueError, OverflowError):
        size = 0
    if size <= 0:
        raise UserError(f"{CACHE_GB} is {text!r}: give a number of gigabytes, such as 10")
    return size

"""The store of pools and models: a folder, or a URL with a cache on this machine."""

from labelloop.store.base import Pools, SnapshotLost, Store, copy_snapshots, models_uri, pool_uri, what_if_uri
from labelloop.store.folder import FolderStore
from labelloop.store.opening import open_store

__all__ = [
    "FolderStore",
    "Pools",
    "SnapshotLost",
    "Store",
    "copy_snapshots",
    "models_uri",
    "open_store",
    "pool_uri",
    "what_if_uri",
]

"""The event log: append, own, follow, read."""

from labelloop.log.base import Arrived, Assigned, Change, Fenced, Follower, Log, Ownership, Record, Revoked
from labelloop.log.open import open_log

__all__ = [
    "Arrived",
    "Assigned",
    "Change",
    "Fenced",
    "Follower",
    "Log",
    "Ownership",
    "Record",
    "Revoked",
    "open_log",
]

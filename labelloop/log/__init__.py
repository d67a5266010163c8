"""The event log: append, own, follow, read."""

from labelloop.log.base import (
    Arrived,
    Assigned,
    Change,
    Fenced,
    Follower,
    Log,
    LogLost,
    Ownership,
    Record,
    Revoked,
)
from labelloop.log.open import create_log, open_log

__all__ = [
    "Arrived",
    "Assigned",
    "Change",
    "Fenced",
    "Follower",
    "Log",
    "LogLost",
    "Ownership",
    "Record",
    "Revoked",
    "create_log",
    "open_log",
]

"""A copy of a log's file that is whole, also while other processes write."""

import sqlite3
from contextlib import closing
from pathlib import Path

from labelloop.log.sqlite.ownership import end_all
from labelloop.log.sqlite.schema import check, connect, unusable


def back_up(path: Path, target: Path) -> None:
    """Copy the log to a new single file, in which nobody owns anything. Raises UserError if it is damaged."""
    try:
        with closing(connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            check(source, path)
            source.backup(copy)
            end_all(copy)
            copy.commit()
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise unusable(path, error) from error

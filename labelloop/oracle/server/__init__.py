"""The real Argilla server on one machine: SQLite, a search engine over its own tables, no Redis.

`python -P -m labelloop.oracle.server --home DIR` serves it; `credentials(DIR)` is its login.
"""

from labelloop.oracle.server.secrets import Credentials, credentials

__all__ = ["Credentials", "credentials"]

"""The embedded Argilla server: the real server with SQLite, a search engine over its tables, and no Redis.

`python -P -m labelloop.oracle.server --home DIR` runs it; `credentials(DIR)` returns its login.
"""

from labelloop.oracle.server.secrets import Credentials, credentials

__all__ = ["Credentials", "credentials"]

"""A search engine for Argilla over the server's SQLite tables. It has no index that could be stale."""

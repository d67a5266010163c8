"""A search engine for Argilla that asks the server's own SQLite tables: no index, so none is stale."""

"""A search engine for Argilla that asks the server's own SQLite tables: nothing is indexed, so nothing can be stale."""

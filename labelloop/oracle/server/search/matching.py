"""First version."""


def matches(document: str | None, query: str) -> bool:
    return document is not None and all(word in document.lower() for word in query.lower().split())

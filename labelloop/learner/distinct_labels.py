"""Picks multi-label texts of which a model is least sure, but a batch holds no near-copies of its texts."""

from small_text import QueryStrategy  # type: ignore[import-untyped]


class DistinctLabels(QueryStrategy):  # type: ignore[misc]
    """Not there yet."""

    def query(self, *args: object, **kwargs: object) -> object:
        raise NotImplementedError

"""small-text's SEALS with whichever index of vectors it is given."""

from typing import Any

from small_text import SEALS as SmallTextSEALS  # type: ignore[import-untyped]
from small_text import QueryStrategy, VectorIndexFactory


class SEALS(SmallTextSEALS):  # type: ignore[misc]
    """Lets another strategy pick among the `k` nearest texts of each labelled one.

    small-text's own asks for the package hnswlib also where another index is given, which need not be there.
    """

    def __init__(
        self,
        base_query_strategy: QueryStrategy,
        vector_index_factory: VectorIndexFactory,
        k: int = 100,
        normalize: bool = True,
    ) -> None:
        self.base_query_strategy = base_query_strategy
        self.vector_index_factory = vector_index_factory
        self.k = k
        self.embed_kwargs: dict[str, Any] = {}
        self.normalize = normalize
        self.vector_index = None

    def query(self, clf: Any, dataset: Any, indices_unlabeled: Any, *others: Any, n: int = 10) -> Any:
        """As many texts as are asked for, also where `k` is less."""
        self.k = max(self.k, n)
        return super().query(clf, dataset, indices_unlabeled, *others, n=n)

"""Leaving out what this server never runs: 3 of the 7 seconds that importing Argilla takes.

The jobs that talk to the Hugging Face Hub (with `datasets` and pandas behind them) are imported when they are
first used; the clients of Elasticsearch and OpenSearch give way to empty modules.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

LATE = {"argilla_server.jobs.hub_jobs"}
ABSENT = {
    "argilla_server.search_engine.elasticsearch": "ElasticSearchEngine",
    "argilla_server.search_engine.opensearch": "OpenSearchEngine",
}


class _Empty(Loader):
    def exec_module(self, module: ModuleType) -> None:
        setattr(module, ABSENT[module.__name__], None)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in ABSENT:
            return ModuleSpec(fullname, _Empty())
        spec = PathFinder.find_spec(fullname, path) if fullname in LATE else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def leave_out() -> None:
    """Make later imports of Argilla leave out what this server never runs."""
    sys.meta_path.insert(0, _Finder())

"""Start it: `python -P -m services.querier`."""

from labelloop.runtime.process import serve
from services.querier.service import Querier

if __name__ == "__main__":
    serve(Querier.name, Querier)

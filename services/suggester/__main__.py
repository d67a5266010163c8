"""Start it: `python -P -m services.suggester`."""

import os

from labelloop.runtime.process import serve
from services.suggester.service import Suggesters

if __name__ == "__main__":
    os.nice(5)  # People wait for picks, and do not wait for a suggestion.
    serve(Suggesters.name, Suggesters)

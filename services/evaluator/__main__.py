"""Start it: `python -P -m services.evaluator`."""

import os

from labelloop.runtime.process import serve
from services.evaluator.service import Evaluator

if __name__ == "__main__":
    os.nice(5)  # Annotators wait for trainings and queries, never for an evaluation.
    serve(Evaluator.name, Evaluator)

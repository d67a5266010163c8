"""Start it: `python -P -m services.trainer`."""

from labelloop.runtime.process import serve
from services.trainer.service import Trainer

if __name__ == "__main__":
    serve(Trainer.name, Trainer)

"""Start it: `python -P -m services.alerting`."""

from labelloop.runtime.process import launch
from services.alerting.service import main

if __name__ == "__main__":
    launch("alerting", main)

"""Start it: `python -P -m services.dashboard`."""

from labelloop.runtime.process import launch
from services.dashboard.service import main

if __name__ == "__main__":
    launch("dashboard", main)

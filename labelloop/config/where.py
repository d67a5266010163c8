"""Where a command works: a home, a log elsewhere, or both."""

from dataclasses import dataclass
from pathlib import Path

from labelloop.config.home import existing_home, find_home, open_home
from labelloop.config.locations import Elsewhere, Locations, check_log_is_there, choose_locations


@dataclass(frozen=True)
class Where:
    """What the user said; `home_given`: whether the home was named, or is the default."""

    home: Path
    home_given: bool
    elsewhere: Elsewhere

    def find(self) -> Locations:
        """For a command on what is there. Without the default home, a log that is given is enough.

        Raises UserError when there is neither.
        """
        without_home = self.elsewhere.log is not None and not self.home_given
        home = find_home(self.home) if without_home else existing_home(self.home)
        locations = choose_locations(home, self.elsewhere)
        check_log_is_there(locations)
        return locations

    def make(self) -> Locations:
        """For a command that begins something: makes the home, unless log and store are given without one.

        Raises UserError.
        """
        enough = self.elsewhere.log is not None and self.elsewhere.store is not None
        home = find_home(self.home) if enough and not self.home_given else open_home(self.home)
        locations = choose_locations(home, self.elsewhere)
        if self.elsewhere.log is None:
            check_log_is_there(locations)
        return locations

"""What a command works on: a home, another log, or both."""

from dataclasses import dataclass
from pathlib import Path

from labelloop.config.home import existing_home, find_home, open_home
from labelloop.config.locations import Elsewhere, Locations, check_log_is_there, choose_locations


@dataclass(frozen=True)
class Where:
    """The user's options. `home_given`: whether the home was given, or is the default."""

    home: Path
    home_given: bool
    elsewhere: Elsewhere

    def find(self) -> Locations:
        """The locations for a command on an existing home or log. A given log needs no home.

        Raises UserError if there is neither.
        """
        without_home = self.elsewhere.log is not None and not self.home_given
        home = find_home(self.home) if without_home else existing_home(self.home)
        return choose_locations(home, self.elsewhere)

    def make(self) -> Locations:
        """The locations for a command that creates something. Creates the home, unless both are given.

        Raises UserError.
        """
        enough = self.elsewhere.log is not None and self.elsewhere.store is not None
        home = find_home(self.home) if enough and not self.home_given else open_home(self.home)
        locations = choose_locations(home, self.elsewhere)
        if self.elsewhere.log is None:
            check_log_is_there(locations)
        return locations

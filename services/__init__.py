"""The services, each a package that `python -P -m labelloop.runtime NAME` starts."""

from labelloop.config.environment import prefer
from labelloop.startup import exit_unless_ours

exit_unless_ours()
# Otherwise pydantic reads the entry points of all that is installed, and checks what it made itself: a sixth
# of a start.
prefer({"PYDANTIC_DISABLE_PLUGINS": "__all__", "PYDANTIC_SKIP_VALIDATING_CORE_SCHEMAS": "1"})

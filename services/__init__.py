"""The services, each a package that `python -P -m services.NAME` starts."""

from labelloop.import_path import exit_unless_ours

exit_unless_ours()

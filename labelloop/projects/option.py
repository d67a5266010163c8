"""What an option of a project is, and which commands take it."""

from dataclasses import dataclass
from typing import Any

IMPORT = frozenset({"import"})
NEW = IMPORT | {"init", "up"}
DEMO = NEW | {"demo"}
READ = DEMO | {"add"}
ADOPT = NEW | {"adopt"}
FORK = ADOPT | {"fork"}
CHANGE = FORK | {"change"}
PLAY = CHANGE | {"what-if"}
"""Which commands take an option. `up` and `import` take what `init` takes of files."""


@dataclass(frozen=True)
class Option:
    """An option's help and use. Its name, type, bounds and default are those of the field.

    `by`: the commands that take it (`adopt` is a notebook's); options that `change` takes can be changed
    later. `recorded`: its field in ProjectCreated, such as `seed` or `classifier.name`. `absent`: its value
    if that field is None. `argument`: its name in help if it is a positional argument. `in_file`: on the
    command line, it is the path of a file that contains the value. `one_each`: of several values, each is
    given by the option once more.
    """

    help: str
    by: frozenset[str]
    recorded: str | None = None
    absent: Any = None
    argument: str | None = None
    in_file: bool = False
    one_each: bool = False

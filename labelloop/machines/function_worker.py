"""The process that runs label functions: `python -P -m labelloop.machines.function_worker`.

It reads a request from stdin, and writes a line about the functions, then one about each text. Of an error of
a function it tells the type alone: its message may quote the text.
"""

import json
import os
import signal
import sys
from typing import Any, BinaryIO

from labelloop.errors import UserError, one_line
from labelloop.machines.label_functions import FUNCTIONS, labels_of, of_rules, release_of
from labelloop.startup import stop_with_parent

MOST_SECONDS = 60
"""After so long on a text it ends itself, in case nobody is left to end it. A search holds up all threads."""
STRANGE = "what it returns is neither a label nor None"


def main() -> None:
    """Run the functions."""
    answers = os.fdopen(os.dup(1), "wb")
    # What functions print must not stand between our lines.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    stop_with_parent()
    request = json.load(sys.stdin)
    try:
        rules = request["rules"]
        functions = of_rules(rules) if rules is not None else FUNCTIONS.get(request["name"]).by_name
    except UserError as error:
        _tell(answers, {"error": one_line(error)})
        return
    _tell(answers, {"functions": [*functions], "release": release_of(functions)})
    # The labels of rules are their first names, whatever they are called now.
    names = {name if rules is not None else shown: name for name, shown in request["labels"].items()}
    for text in request["texts"]:
        votes: dict[str, Any] = {}
        failed = {}
        signal.alarm(MOST_SECONDS)
        for name, function in functions.items():
            try:
                labels = labels_of(function(text), names, several=request["several"])
            except Exception as error:
                failed[name] = type(error).__name__
                continue
            if labels is None:
                failed[name] = STRANGE
            elif labels:
                votes[name] = labels
        _tell(answers, {"votes": votes, "failed": failed})


def _tell(answers: BinaryIO, value: object) -> None:
    answers.write(json.dumps(value).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()

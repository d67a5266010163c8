"""What events say, in a few words."""

import pytest

from labelloop.projects.event_lines import about


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"model": "3", "labels": 80, "accuracy": 0.8566666666666667}, "model 3, labels 80, accuracy 0.857"),
        ({"batch": "0", "items": [{}]}, "batch 0, 1 text"),
        ({"batch": "0", "items": [{}, {}]}, "batch 0, 2 texts"),
        ({"suggester": "llm", "cost": 0.000012345}, "suggester llm, cost 1.234e-05"),
        (["no object"], ""),
    ],
)
def test_numbers_are_short(data: object, line: str) -> None:
    assert about(data) == line

"""What a user says of a project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ProjectOptions:
    """The options of `init`, `import`, `up` and `demo`; `given` names those that are more than defaults.

    `labelled`: where the texts are that have a label already (None: there are none); each is that text of
    the data set which has the same `match`: its text, its row (`source_row`), or the value of a column.
    `labels` None: those of the label column. `batches` None: until the pool is empty. `guidelines` is
    the text itself. `needs_gold`: every text must have its label, by which annotators are simulated.
    """

    name: str | None = None
    dataset: str | None = None
    config: str | None = None
    split: str | None = None
    revision: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    test: str | None = None
    test_split: str | None = None
    test_text_column: str | None = None
    test_label_column: str | None = None
    labelled: str | None = None
    labelled_text_column: str | None = None
    labelled_label_column: str | None = None
    match: str = "text"
    labels: tuple[str, ...] | None = None
    model: str = "all-MiniLM-L6-v2"
    model_revision: str | None = None
    classifier: str = "transformer"
    classifier_parameters: Mapping[str, Any] = field(default_factory=dict)
    strategy: str = "breaking-ties"
    strategy_parameters: Mapping[str, Any] = field(default_factory=dict)
    stopping: str = "none"
    stopping_parameters: Mapping[str, Any] = field(default_factory=dict)
    stop_when_advised: bool = False
    batches: int | None = None
    batch_size: int = 20
    lookahead: int = 1
    cold_start: str = "random"
    audit_share: float = 0.0
    min_submitted: int = 1
    ties: str = "label-order"
    seed: int = 0
    guidelines: str | None = None
    needs_gold: bool = False
    given: frozenset[str] = frozenset()

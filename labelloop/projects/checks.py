"""What must hold before a project begins. Every failure is a UserError."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.projects.data import ProjectData
from labelloop.projects.options import ProjectOptions


def check_learner(options: ProjectOptions) -> str:
    """Check classifier, strategy and model, which is fetched if need be; the model's name to record.

    A model's folder is recorded by its absolute path.
    """
    from labelloop.learner.base import resolve
    from labelloop.learner.classifiers.registry import check_classifier
    from labelloop.learner.strategies import check_strategy

    check_classifier(options.classifier, options.classifier_parameters)
    check_strategy(options.strategy, options.strategy_parameters, options.classifier)
    found = resolve(options.model, options.model_revision)
    folder = Path(options.model).expanduser()
    return str(folder.resolve()) if folder.is_dir() and found.folder == folder else options.model


def check_sizes(options: ProjectOptions, data: ProjectData) -> None:
    """Check batches against the pool, and the cold start against the gold labels."""
    size = data.pool.size
    if options.batch_size > size:
        raise UserError(
            f"a batch of {options.batch_size} is larger than the pool of {size} texts: "
            f"give --batch-size {size} or less, or more texts"
        )
    if options.cold_start == "balanced" and data.pool.label_column is None:
        raise UserError(
            "a balanced cold start needs gold labels: name their column by --label-column, "
            "or give --cold-start random"
        )

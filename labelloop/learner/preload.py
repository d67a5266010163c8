"""Loads what tasks need, once, in the process that children are forked from."""

import gc


def _load() -> None:
    gc.disable()
    import labelloop.learner.classifiers.linear
    import labelloop.learner.classifiers.transformer
    import labelloop.learner.tasks  # noqa: F401

    gc.enable()
    # A collection in a child would write to every object, and so copy the pages that it shares.
    gc.freeze()


_load()

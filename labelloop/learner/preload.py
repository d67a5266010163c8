"""Import what tasks need, once, in the process that children are forked from."""

import contextlib
import gc

from labelloop.errors import UserError


def _load() -> None:
    gc.disable()
    import labelloop.learner.tasks  # noqa: F401
    from labelloop.learner.classifiers.registry import CLASSIFIERS

    for classifier in CLASSIFIERS.all().values():
        if classifier.preload:
            # A plugin that cannot be loaded is reported by the task that uses it.
            with contextlib.suppress(UserError):
                classifier.loaded()
    # Otherwise each child makes this table when it loads a model: more than half a second.
    with contextlib.suppress(ImportError):
        from transformers.conversion_mapping import get_checkpoint_conversion_mapping

        get_checkpoint_conversion_mapping("bert")  # type: ignore[no-untyped-call]

    gc.enable()
    # A collection in a child would write to every object, and so copy the pages that it shares.
    gc.freeze()


_load()

"""Set up torch in a child: device, threads, determinism."""

import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import threadpoolctl  # type: ignore[import-untyped]
import torch
from transformers.utils import logging

PACKAGES = ("torch", "transformers", "small-text", "scikit-learn", "numpy")


def prepare(threads: int) -> torch.device:
    """Set the number of threads, make torch deterministic on this machine, and choose the device."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(threads)
    torch.set_deterministic_debug_mode("warn")
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return device()


def yield_to_others() -> None:
    """Let this process run only while nothing else wants the processor."""
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)
    # Linux may share the processor between sessions first, and look at priorities only within one.
    with suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text("19")


def device() -> torch.device:
    """The GPU if there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """The name of the device."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def versions() -> dict[str, str]:
    """Versions of the packages that influence a model."""
    return {package: version(package) for package in PACKAGES}

"""Set up torch in a child: device, threads, determinism."""

import hashlib
import os
import platform
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import threadpoolctl  # type: ignore[import-untyped]
import torch
from torch.nn import functional
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


def threads() -> int:
    """The number of threads that a computation uses."""
    return torch.get_num_threads()


def conditions() -> dict[str, str]:
    """What computed values depend on, besides the model, the texts and the number of threads."""
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        **versions(),
        "tokenizers": version("tokenizers"),
        "labelloop": _own_code(),
        "device": device_name(),
        "arithmetic": _arithmetic(),
    }


def _own_code() -> str:
    """A digest of the modules of the learner."""
    digest = hashlib.sha256()
    for module in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()[:16]


@torch.inference_mode()
def _arithmetic() -> str:
    """A digest of what this processor makes of a layer's operations: another kind rounds otherwise."""
    texts, size = 16, 384
    values = (torch.arange(texts * 32 * size, device=device()) % 97).float().reshape(texts, 32, size) / 97
    weight = (torch.arange(4 * size * size, device=device()) % 89).float().reshape(4 * size, size) / 89
    heads = values.reshape(texts, 32, 12, 32).transpose(1, 2)
    attended = functional.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2)
    hidden = functional.layer_norm(values + attended.reshape(values.shape), (size,))
    result = functional.gelu(functional.linear(hidden, weight)).softmax(dim=-1)
    return hashlib.sha256(result.cpu().numpy().tobytes()).hexdigest()[:16]

"""Seeds of torch for a while, and the global generators as they were before."""

from contextlib import contextmanager
from contextvars import ContextVar

import torch

IS_DETERMINISTIC = ContextVar("IS_DETERMINISTIC", default=True)


@contextmanager
def seeded(seed, device):
    """Seed torch while the context lasts, with deterministic algorithms of cuDNN."""
    devices = [torch.device(device)] if torch.device(device).type == "cuda" else []
    is_fixed = IS_DETERMINISTIC.get()
    with (
        torch.random.fork_rng(devices),
        torch.backends.cudnn.flags(
            enabled=True, benchmark=not is_fixed, deterministic=is_fixed, allow_tf32=True
        ),
    ):
        torch.manual_seed(seed)
        yield


@contextmanager
def fastest_algorithms():
    """Let cuDNN choose algorithms by their speed: on a GPU, a seed then fixes a run roughly."""
    token = IS_DETERMINISTIC.set(False)
    try:
        yield
    finally:
        IS_DETERMINISTIC.reset(token)


def choose_device(device):
    """Return the name of a device; ``"auto"`` is the first of CUDA, MPS and CPU there is.

    ``"all"`` is the first CUDA device: batches are split over the others too.
    """
    if device == "all":
        if not torch.cuda.is_available():
            raise ValueError(
                "device='all' splits batches over all CUDA devices, but torch finds none. Use "
                "device='auto'."
            )
        return "cuda"
    if device != "auto":
        return str(device)
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def computes_bfloat16(device):
    """Return whether a device has instructions for bfloat16; without, it takes longer than float32.

    Parameters
    ----------
    device : str or torch.device
    """
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind != "cpu":
        return True
    return any(there for name, there in torch.cpu.get_capabilities().items() if "bf16" in name)

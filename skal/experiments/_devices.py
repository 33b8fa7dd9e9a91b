"""Devices that nets are to train on."""


def check_device(device):
    """Raise a ValueError unless nets can train on a device; ``"auto"`` always can."""
    import torch

    try:
        torch.empty(1, device=None if device == "auto" else device)
    except (RuntimeError, AssertionError) as error:  # unknown, or torch is built without it
        raise ValueError(
            f"device must be auto, cpu, cuda or mps, and be there; got {device!r} "
            f"({str(error).splitlines()[0]})."
        ) from error

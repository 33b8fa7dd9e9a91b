"""Random changes of training images."""

import math

import torch
from torch import nn

MAX_SHIFT = 0.1  # share of the side
MAX_ROTATION_DEGREES = 10.0
MAX_SCALE = 0.1


def random_affine(batch):
    """Return images shifted, rotated and scaled a little, each in its own way.

    Shifts are up to 10 % of the side, rotations up to 10 degrees, scales 0.9 to 1.1; what comes in
    at the border repeats the border's pixels.

    Parameters
    ----------
    batch : tensor of shape (n, C, H, W)

    Returns
    -------
    tensor of shape (n, C, H, W)
    """
    n = len(batch)
    draws = torch.rand(4, n).mul_(2).sub_(1)  # on the CPU: the same draws on all devices
    angle = draws[0] * math.radians(MAX_ROTATION_DEGREES)
    scale = 1 + draws[1] * MAX_SCALE
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    aspect = batch.shape[2] / batch.shape[3]
    shift = 2 * MAX_SHIFT * draws[2:]  # the grid spans [-1, 1]
    rows = [torch.stack([cos, -sin * aspect, shift[0]]), torch.stack([sin / aspect, cos, shift[1]])]
    theta = torch.stack(rows).permute(2, 0, 1).to(batch.device, batch.dtype)  # (n, 2, 3)
    grid = nn.functional.affine_grid(theta, list(batch.shape), align_corners=False)
    return nn.functional.grid_sample(batch, grid, padding_mode="border", align_corners=False)

"""Random changes of training images, and of their masks with them."""

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
    return _sampled(batch, _grid(batch, _small_moves(batch)))


def random_moves(batch, masks):
    """Return images and masks moved alike: flipped, turned, shifted, rotated and scaled.

    Each image in its own way: by one of the eight symmetries of a square (of the four of a
    rectangle, where it is one), and as :func:`random_affine` does. What comes in at the border
    repeats the border's pixels, and has no label.

    Parameters
    ----------
    batch : tensor of float of shape (n, C, H, W)
    masks : tensor of int of shape (n, H, W)
        -1 where there is no label.

    Returns
    -------
    batch : tensor of shape (n, C, H, W)
    masks : tensor of shape (n, H, W)
    """
    is_square = batch.shape[2] == batch.shape[3]
    theta = _small_moves(batch)
    theta[:, :, :2] = _symmetries(len(batch), is_square).to(theta) @ theta[:, :, :2]
    grid = _grid(batch, theta)
    labels = (masks[:, None] + 1).to(grid.dtype)  # what lies outside becomes 0: no label
    moved = nn.functional.grid_sample(labels, grid, mode="nearest", align_corners=False)
    return _sampled(batch, grid), moved[:, 0].to(masks.dtype) - 1


def _small_moves(batch):
    """Return a matrix for each image, of shape (n, 2, 3)."""
    n = len(batch)
    draws = torch.rand(4, n).mul_(2).sub_(1)  # on the CPU: the same draws on all devices
    angle = draws[0] * math.radians(MAX_ROTATION_DEGREES)
    scale = 1 + draws[1] * MAX_SCALE
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    aspect = batch.shape[2] / batch.shape[3]
    shift = 2 * MAX_SHIFT * draws[2:]  # the grid spans [-1, 1]
    rows = [torch.stack([cos, -sin * aspect, shift[0]]), torch.stack([sin / aspect, cos, shift[1]])]
    return torch.stack(rows).permute(2, 0, 1)


def _symmetries(n, with_turns):
    """Return flips, and turns by 90 degrees with them, as matrices of shape (n, 2, 2)."""
    matrices = torch.diag_embed(torch.randint(0, 2, (n, 2)) * 2.0 - 1.0)
    is_turned = torch.randint(0, 2, (n,)).bool() & with_turns
    return torch.where(is_turned[:, None, None], matrices.flip(2), matrices)


def _grid(batch, theta):
    theta = theta.to(batch.device, batch.dtype)
    return nn.functional.affine_grid(theta, list(batch.shape), align_corners=False)


def _sampled(batch, grid):
    return nn.functional.grid_sample(batch, grid, padding_mode="border", align_corners=False)

"""Between the pixels of a micrograph and those of its smaller copy at working size.

Pixels are areas: what is at ``x`` comes to ``(x + 0.5) * factor - 0.5``, as :func:`fourier_crop`
has it. The factor of each side is that of its lengths, which are rounded.
"""

import numpy as np


def working_shape(shape, factor):
    """Return the shape of an image that is made smaller by a factor of at most 1."""
    return tuple(max(1, round(side * factor)) for side in shape)


def move_picks(picks, from_shape, to_shape):
    """Return picks of an image in pixels of a copy of another shape."""
    y_factor, x_factor = (to / old for to, old in zip(to_shape, from_shape, strict=True))
    x = (picks["x"] + 0.5) * x_factor - 0.5
    return picks.assign(x=x, y=(picks["y"] + 0.5) * y_factor - 0.5)


def is_within(picks, shape, border_px):
    """Return which picks are at least a border away from the edges of their image's area."""
    return _is_within(picks["y"], shape[0], border_px) & _is_within(picks["x"], shape[1], border_px)


def pixels_within(small, shape, border_px):
    """Return which pixels of a copy, by their centers, are beyond the border of the image."""
    rows, columns = (
        _is_within((np.arange(n) + 0.5) * (length / n) - 0.5, length, border_px)
        for n, length in zip(small, shape, strict=True)
    )
    return rows[:, None] & columns


def _is_within(positions, length, border_px):
    return (positions + 0.5 >= border_px) & (positions + 0.5 <= length - border_px)


def stack(images, **how):
    """Return images as one array of the largest height and width; `how` is for :func:`numpy.pad`.

    They are continued at the right and at the bottom.
    """
    shape = np.max([image.shape for image in images], axis=0)
    return np.stack([np.pad(i, [(0, n) for n in shape - i.shape], **how) for i in images])

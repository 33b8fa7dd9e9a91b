"""What a model of self-training sees and says of single images."""

import numpy as np

from ._pictures import new_figure

IMAGE_WIDTH = 2.6  # inches
LABELS = {1: ("particle", "#f4b942"), 0: ("background", "#20385c"), -1: ("no label", "#a6a6a6")}


def typical_image(labels):
    """Return the position of an image with a median number of particle pixels among those with any.

    Parameters
    ----------
    labels : ndarray of int of shape (n, H, W)
        Where 1 is a particle.
    """
    counts = (labels == 1).sum(axis=(1, 2))
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 0]
    return int(order[len(order) // 2]) if len(order) else 0


def draw_rows(rows, title):
    """Return a figure with a row of panels for each image.

    Parameters
    ----------
    rows : list of dict of str to ndarray
        Panels by their names: first an image of shape (H, W) or (C, H, W), then labels, which are
        integers, and maps of probabilities, of shape (H, W).
    title : str
        What stands above all.
    """
    n_columns = max(map(len, rows))
    heights = [_shape(row)[0] / _shape(row)[1] * IMAGE_WIDTH for row in rows]
    figure = new_figure(n_columns * IMAGE_WIDTH, sum(heights) + 0.25 * len(rows) + 0.8)
    axes = figure.subplots(len(rows), n_columns, squeeze=False, height_ratios=heights)
    for row, line in zip(rows, axes, strict=True):
        for ax in line[len(row) :]:
            ax.set_axis_off()
        for name, ax in zip(row, line, strict=False):
            ax.set_title(name, loc="left", fontsize="small")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        image, *maps = row.values()
        _draw_image(line[0], image)
        for ax, values in zip(line[1:], maps, strict=False):
            _draw_map(ax, values, is_last=ax in axes[-1])
    figure.suptitle(title, x=0.005, ha="left", fontsize="medium")
    _draw_legend(figure)
    return figure


def _shape(row):
    return next(iter(row.values())).shape[-2:]


def _draw_image(ax, image):
    gray = image.mean(axis=0) if image.ndim == 3 else image
    low, high = np.percentile(gray, [1, 99.5])
    ax.imshow(gray, cmap="gray", vmin=low, vmax=max(high, low + 1e-9))


def _draw_map(ax, values, is_last):
    """Draw labels, or probabilities; below the last of these stands their scale."""
    if values.dtype.kind in "iu":
        from matplotlib.colors import to_rgb

        colors = np.array([to_rgb(LABELS[label][1]) for label in (-1, 0, 1)])
        ax.imshow(colors[values + 1], interpolation="nearest")
        return
    image = ax.imshow(values, cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
    if is_last:
        scale = ax.inset_axes([0, -0.07, 1, 0.035])
        bar = ax.figure.colorbar(image, cax=scale, orientation="horizontal", ticks=[0, 0.5, 1])
        bar.outline.set_visible(False)
        scale.tick_params(labelsize="small", length=0)


def _draw_legend(figure):
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=color, label=name) for name, color in LABELS.values()]
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=3,
        frameon=False,
        fontsize="small",
        handlelength=1,
        handleheight=1,
    )

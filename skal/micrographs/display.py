"""Pictures of picks on their micrograph."""

import numpy as np

from ._checks import check_one_micrograph, validate_diameters, validate_image, validate_points
from .scoring import match_picks

__all__ = ["plot_picks"]

CONTRAST = (0.5, 99.5)  # percentiles shown as black and as white
MAX_SIDE = 2048  # pixels that are drawn; no screen shows more
# Okabe and Ito's colors, which color-blind readers tell apart; lines differ as well
STYLES = {
    "picked": {"edgecolor": "#56B4E9", "linewidth": 1.2},
    "matched": {"edgecolor": "#56B4E9", "linewidth": 1.1},
    "false": {"edgecolor": "#D55E00", "linewidth": 1.8},
    "missed": {"edgecolor": "#F0E442", "linewidth": 1.8, "linestyle": (0, (2, 1))},
}


def plot_picks(image, picks, truth=None, ax=None):
    """Draw picks as circles on their micrograph.

    With true particles, circles tell apart picks that match one, one to one and within half a
    diameter, those that do not, and particles that were missed.

    Parameters
    ----------
    image : array-like of shape (H, W)
        The micrograph. Its contrast is stretched: half a percent of pixels are black, and half a
        percent white.
    picks : pandas.DataFrame
        Columns x, y and diameter, in pixels of the image, of this micrograph alone.
    truth : pandas.DataFrame, default=None
        The true particles, with the same columns.
    ax : matplotlib Axes, default=None
        Where to draw; None makes a figure.

    Returns
    -------
    matplotlib Axes
        In pixels, y downwards. The legend counts the circles.

    Examples
    --------
    >>> from skal.micrographs import simulate_micrograph
    >>> image, truth = simulate_micrograph(9, (128, 128), 20, random_state=0)
    >>> ax = plot_picks(image, truth.iloc[:7], truth)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['matched 7', 'false 0', 'missed 2']
    """
    image = validate_image(image)
    groups = _groups(picks, truth)
    if ax is None:
        ax = _make_axes(image.shape)
    _draw_image(ax, image)
    handles = [_draw_circles(ax, name, table) for name, table in groups.items()]
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(handles),
        frameon=False,
        borderaxespad=0.2,
        handlelength=1,
        columnspacing=1.5,
    )
    return ax


def _groups(picks, truth):
    """Return the tables of circles by what they mean."""
    check_one_micrograph(picks)
    validate_diameters(picks)
    if truth is None:
        return {"picked": picks}
    pairs, _ = match_picks(picks, truth, validate_diameters(truth, name="truth") / 2)
    is_matched, is_found = np.zeros(len(picks), bool), np.zeros(len(truth), bool)
    is_matched[pairs[:, 0]] = True
    is_found[pairs[:, 1]] = True
    return {"matched": picks[is_matched], "false": picks[~is_matched], "missed": truth[~is_found]}


def _make_axes(shape):
    import matplotlib.pyplot as plt

    width = 7.2  # inches of the image; labels and legend need some beside and above it
    height = width * shape[0] / shape[1]
    return plt.subplots(figsize=(width + 0.8, height + 0.95), layout="constrained")[1]


def _draw_image(ax, image):
    height, width = image.shape
    step = -(-max(image.shape) // MAX_SIDE)
    low, high = np.percentile(image[::step, ::step], CONTRAST)
    ax.imshow(
        _binned(image, step),
        cmap="gray",
        vmin=low,
        vmax=high,
        extent=(-0.5, width - width % step - 0.5, height - height % step - 0.5, -0.5),
        interpolation="antialiased",
    )
    ax.set(xlabel="x (px)", ylabel="y (px)", xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))


def _binned(image, step):
    """Return the means of squares of pixels, without a rest at the far edges."""
    height, width = (n - n % step for n in image.shape)
    return image[:height, :width].reshape(height // step, step, -1, step).mean(axis=(1, 3))


def _draw_circles(ax, name, table):
    """Draw one group of circles, and return what stands for it in the legend."""
    from matplotlib.collections import EllipseCollection
    from matplotlib.lines import Line2D

    style, points = STYLES[name], validate_points(table, name)
    diameters = validate_diameters(table, name=name)
    ax.add_collection(
        EllipseCollection(
            diameters,
            diameters,
            np.zeros(len(table)),
            units="xy",
            offsets=points,
            offset_transform=ax.transData,
            facecolor="none",
            **style,
        )
    )
    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=10,
        markerfacecolor="none",
        markeredgewidth=2,
        markeredgecolor=style["edgecolor"],
        label=f"{name} {len(table)}",
    )

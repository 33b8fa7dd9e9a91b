"""Noise in images."""

import math
from numbers import Real

import numpy as np
from sklearn.utils import check_random_state

BLOCK_VALUES = 2**21  # values whose noise is drawn at a time: 16 MB
STRENGTHS = {"gaussian": 0.3, "salt_and_pepper": 0.1}  # the deviation; the share of pixels


def corrupt(
    X,
    kind="gaussian",
    rate=0.1,
    *,
    strength=None,
    channel_axis=None,
    value_range=None,
    random_state=None,
):
    """Return a copy of images, some of which have noise.

    Two things are easily confused, and are two arguments here: `rate` says **how many images** get
    noise, `strength` **how much** each of them gets.

    Parameters
    ----------
    X : array-like of shape (n_images, ...)
        Images of any shape, flattened ones too: floats in [0, 1], or bytes (uint8).
    kind : {"gaussian", "salt_and_pepper"}, default="gaussian"
        ``"gaussian"`` adds normal noise to every value, and clips to the range of the data.
        ``"salt_and_pepper"`` sets pixels to the largest value of the range (salt) or the smallest
        (pepper), each with probability one half.
    rate : float, default=0.1
        The share of images that get noise, in [0, 1]: ``round(rate * n_images)`` of them, drawn
        without replacement.
    strength : float, default=None
        For ``"gaussian"`` the standard deviation of the noise as a share of the range of values,
        positive; None is 0.3, about one standard deviation of MNIST's pixels. For
        ``"salt_and_pepper"`` the probability of each pixel to be set, in (0, 1]; None is 0.1.
    channel_axis : int, default=None
        The axis of `X` with the colors, so that salt is white and pepper is black: 1 for images
        with channels first, -1 for channels last. None sets every value on its own. Unused by
        ``"gaussian"``.
    value_range : tuple of two numbers, default=None
        The smallest and the largest value that there can be. None is (0, 1) for floats and (0, 255)
        for uint8; data of other types or in other units need it.
    random_state : int, RandomState instance or None, default=None
        Seeds the noise. With an integer, the same images get the same noise each time.

    Returns
    -------
    ndarray
        Of the shape and dtype of `X`, which stays as it is.

    Raises
    ------
    ValueError
        If an argument or a value of `X` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.full((1000, 28, 28), 0.5, np.float32)
    >>> noisy = corrupt(X, "salt_and_pepper", rate=0.2, strength=0.1, random_state=0)
    >>> has_noise = (noisy != X).any(axis=(1, 2))
    >>> int(has_noise.sum())
    200
    >>> [round(float((noisy[has_noise] == value).mean()), 2) for value in (0, 1)]
    [0.05, 0.05]
    """
    check_noise(kind, rate, strength)
    strength = STRENGTHS[kind] if strength is None else float(strength)
    noisy = np.array(X)  # always a copy
    low, high = _validate_range(noisy, value_range)
    rng = check_random_state(random_state)
    n_noisy = round(rate * len(noisy))
    chosen = np.sort(rng.permutation(len(noisy))[:n_noisy])
    for block in _blocks(chosen, noisy):
        images = noisy[block]
        if kind == "gaussian":
            noisy[block] = _with_gaussian(images, strength, low, high, rng)
        else:
            noisy[block] = _with_salt_and_pepper(images, strength, low, high, channel_axis, rng)
    return noisy


def check_rate(rate):
    """Raise unless `rate` is a share."""
    if not isinstance(rate, Real) or not 0 <= rate <= 1:
        raise ValueError(f"rate must be a share in [0, 1]; got {rate!r}.")


def check_noise(kind, rate, strength):
    """Raise unless these arguments of :func:`corrupt` are in their ranges."""
    if kind not in STRENGTHS:
        raise ValueError(f"kind must be one of {', '.join(STRENGTHS)}; got {kind!r}.")
    check_rate(rate)
    if strength is None:
        return
    most = math.inf if kind == "gaussian" else 1
    if not isinstance(strength, Real) or not 0 < strength <= most or strength == math.inf:
        expected = "a positive number" if kind == "gaussian" else "a share of pixels in (0, 1]"
        raise ValueError(f"strength of {kind} noise must be {expected}; got {strength!r}.")


def _validate_range(X, value_range):
    """Return the range of values, after a check that all are in it."""
    if X.dtype.kind not in "fui" or X.ndim < 2:
        raise ValueError(
            f"X must be images of numbers, of shape (n_images, ...); got {X.dtype} of shape "
            f"{X.shape}."
        )
    if value_range is None and X.dtype.kind != "f" and X.dtype != np.uint8:
        raise ValueError(
            f"the range of {X.dtype} images is not known: pass value_range=(low, high)."
        )
    low, high = value_range or ((0, 1) if X.dtype.kind == "f" else (0, 255))
    if not low < high:
        raise ValueError(f"value_range must be (low, high) with low < high; got {value_range!r}.")
    if X.size and not (X.min() >= low and X.max() <= high):  # NaN fails too
        raise ValueError(
            f"X must have values in [{low}, {high}]; got {X.min()} to {X.max()}. Corrupt images "
            f"before they are standardized, or pass their value_range."
        )
    return low, high


def _blocks(chosen, X):
    n = max(1, BLOCK_VALUES // max(1, X[:1].size))
    return [chosen[i : i + n] for i in range(0, len(chosen), n)]


def _with_gaussian(images, strength, low, high, rng):
    values = images + rng.normal(scale=strength * (high - low), size=images.shape)
    values = np.clip(values, low, high)
    return values if images.dtype.kind == "f" else np.rint(values)


def _with_salt_and_pepper(images, strength, low, high, channel_axis, rng):
    shape = list(images.shape)
    if channel_axis is not None:
        shape[channel_axis] = 1
    draw = rng.random_sample(shape)
    images = np.where(draw < strength / 2, low, images)
    return np.where(draw >= 1 - strength / 2, high, images)

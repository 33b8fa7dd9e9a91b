"""Smaller, smoother and standardized images."""

import numpy as np
import scipy.fft

from ._checks import check_positive, validate_image

__all__ = ["fourier_crop", "low_pass", "normalize"]

N_CLIPPINGS = 3  # rounds after which outliers no longer move mean and standard deviation
CLIP_AT = 3  # standard deviations, while these are estimated
LARGEST = 10  # standard deviations, in a normalized image


def fourier_crop(image, shape):
    """Make an image smaller by leaving out its high frequencies.

    Unlike binning it keeps all frequencies that the smaller image can hold at their full strength,
    and unlike taking every n-th pixel it folds none of the others into them.

    The new pixels cover the image as the old ones did: what is at `x` comes to
    ``(x + 0.5) * factor - 0.5``, where `factor` is the new width divided by the old one; `y`
    likewise. Cropping a spectrum alone would put it at ``x * factor``, up to half a pixel off.

    Parameters
    ----------
    image : array-like of shape (H, W)
        Real numbers. As in every Fourier transform, opposite edges are neighbors.
    shape : (int, int) or float
        The new height and width, at least 1 and at most the old; or the factor of both in
        (0, 1], after which they are rounded.

    Returns
    -------
    ndarray of float32 of shape `shape`
        The mean is that of `image`.

    Raises
    ------
    ValueError
        If the image would become larger, is not of two dimensions, or holds NaN.

    Examples
    --------
    >>> fourier_crop(np.full((4, 6), 7), 0.5)
    array([[7., 7., 7.],
           [7., 7., 7.]], dtype=float32)
    """
    image = validate_image(image)
    mean = image.mean(dtype=np.float64).astype(np.float32)
    cropped = image - mean  # float32 keeps more digits of what is left
    for axis, length in enumerate(_smaller_shape(image.shape, shape)):
        cropped = _crop_axis(cropped, axis, length)
    return cropped + mean


def _smaller_shape(given, shape):
    if np.ndim(shape) == 0:
        check_positive(shape, "the factor")
        shape = tuple(max(1, round(side * shape)) for side in given)
    new = tuple(int(side) for side in shape)
    if len(new) != 2 or any(not 1 <= n <= side for n, side in zip(new, given, strict=False)):
        raise ValueError(
            f"an image can only become smaller, and must keep a pixel; expected a factor in (0, 1] "
            f"or a shape of at most {given}, got {shape}."
        )
    return new


def _crop_axis(image, axis, length):
    given = image.shape[axis]
    if length == given:
        return image
    frequencies = np.arange(length // 2 + 1)
    shift = (given / length - 1) / 2  # old pixels, from the first old center to the first new one
    factors = np.exp(2j * np.pi * frequencies * shift / given) * (length / given)
    if length % 2 == 0:
        factors[-1] *= 2  # the highest frequency stands for itself and its negative
    spectrum = np.moveaxis(scipy.fft.rfft(image, axis=axis), axis, -1)[..., : len(factors)]
    spectrum = spectrum * factors.astype(np.complex64)
    return np.moveaxis(scipy.fft.irfft(spectrum, n=length), -1, axis)


def low_pass(image, resolution_angstrom, pixel_size_angstrom):
    """Smooth an image by a Gaussian low-pass filter.

    The filter does not ring: its response falls smoothly, to a half at the resolution. The image
    continues beyond its edges as in a mirror, so that opposite edges do not mix.

    Parameters
    ----------
    image : array-like of shape (H, W)
        Real numbers.
    resolution_angstrom : float
        The period whose amplitude is halved, at least two pixels.
    pixel_size_angstrom : float
        The side of a pixel.

    Returns
    -------
    ndarray of float32 of shape (H, W)
        The mean is that of `image`.

    Raises
    ------
    ValueError
        If the resolution is finer than two pixels, or a number is not positive.

    Examples
    --------
    >>> stripes = np.tile([[0.0, 2.0]], (4, 2))
    >>> bool(low_pass(stripes, 40, pixel_size_angstrom=2).std() < 0.01)
    True
    """
    image = validate_image(image)
    check_positive(pixel_size_angstrom, "pixel_size_angstrom")
    if not resolution_angstrom >= 2 * pixel_size_angstrom:
        raise ValueError(
            f"resolution_angstrom must be at least two pixels, {2 * pixel_size_angstrom:g}: finer "
            f"periods are not in the image; got {resolution_angstrom}."
        )
    period = resolution_angstrom / pixel_size_angstrom  # pixels
    return filter_isotropic(image, lambda squared: np.exp2(-(period**2) * squared))


def filter_isotropic(image, response):
    """Return a float32 image filtered by a response, the image continued as in a mirror.

    Parameters
    ----------
    image : ndarray of float32 of shape (H, W)
    response : callable
        Takes squared frequencies, in periods per pixel, and returns the factors of amplitudes.
    """
    rows, columns = (np.square(np.arange(n) / (2 * n), dtype=np.float32) for n in image.shape)
    spectrum = scipy.fft.dctn(image, norm="ortho")
    spectrum *= response(rows[:, None] + columns)
    return scipy.fft.idctn(spectrum, norm="ortho")


def normalize(image):
    """Bring an image to mean 0 and standard deviation 1, whatever its outliers.

    Mean and standard deviation are those after three rounds of clipping at three standard
    deviations, so that hot pixels or a piece of ice do not set the scale. (The median absolute
    deviation would be coarse, or zero, in images of 8 bits.)

    Parameters
    ----------
    image : array-like of shape (H, W)
        Real numbers.

    Returns
    -------
    ndarray of float32 of shape (H, W)
        In standard deviations, clipped to [-10, 10]. A constant image becomes zeros.

    Examples
    --------
    >>> normalize([[1, 3], [3, 1]])
    array([[-1.,  1.],
           [ 1., -1.]], dtype=float32)
    """
    image = validate_image(image)
    if image.min() == image.max():
        return np.zeros_like(image)
    mean, std = clipped_statistics(image)
    return ((image - mean) / std).clip(-LARGEST, LARGEST)


def clipped_statistics(image):
    """Return mean and standard deviation, as float32, of an image whose outliers are clipped."""
    for _ in range(N_CLIPPINGS):
        mean, std = image.mean(dtype=np.float64), image.std(dtype=np.float64)
        image = image.clip(np.float32(mean - CLIP_AT * std), np.float32(mean + CLIP_AT * std))
    return np.float32(image.mean(dtype=np.float64)), np.float32(image.std(dtype=np.float64))

"""Smaller, smoother and standardized images."""

import numpy as np
import pandas as pd
import pytest

from skal.micrographs import fourier_crop, low_pass, normalize, scale_picks


def blob(shape, x, y, sigma):
    """Return a Gaussian at (x, y)."""
    rows, columns = np.indices(shape)
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))


def center_of(image):
    """Return x and y of the center of mass."""
    rows, columns = np.indices(image.shape)
    return (columns * image).sum() / image.sum(), (rows * image).sum() / image.sum()


def slow_crop(signal, length):
    """Return a signal's low frequencies at the centers of fewer, wider pixels, by its sums."""
    n = len(signal)
    at = (np.arange(length) + 0.5) * n / length - 0.5
    kept = range(-(length // 2), length // 2 + 1)
    steps = np.arange(n)
    terms = [
        (signal * np.exp(-2j * np.pi * k * steps / n)).sum() * np.exp(2j * np.pi * k * at / n)
        for k in kept
    ]
    return np.real(sum(terms)) / n


@pytest.mark.parametrize("shape", [(8, 12), (7, 9), (1, 1), (2, 13), (11, 14), (15, 3)])
def test_fourier_crop_is_the_slow_transform(shape):
    image = np.random.RandomState(0).normal(100, 3, (15, 14))
    rows = np.apply_along_axis(slow_crop, 0, image, shape[0]) if shape[0] < 15 else image
    slow = np.apply_along_axis(slow_crop, 1, rows, shape[1]) if shape[1] < 14 else rows
    fast = fourier_crop(image, shape)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, slow, rtol=1e-6)
    assert fast.mean() == pytest.approx(image.mean(), rel=1e-6)


@pytest.mark.parametrize("shape", [(60, 40), (61, 41), (37, 53), (100, 97)])
def test_particles_come_to_where_scaled_picks_are(shape):
    image = blob((120, 97), x=40.3, y=70.8, sigma=6)
    small = fourier_crop(image, shape)
    x, y = center_of(small)
    assert x == pytest.approx((40.3 + 0.5) * shape[1] / 97 - 0.5, abs=1e-3)
    assert y == pytest.approx((70.8 + 0.5) * shape[0] / 120 - 0.5, abs=1e-3)


@pytest.mark.parametrize("factor", [0.5, 0.25, 0.75])
def test_scaled_picks_stay_on_their_particles(factor):
    picks = pd.DataFrame({"x": [41.7], "y": [60.2]})
    small = fourier_crop(blob((120, 96), *picks.loc[0], sigma=6), factor)
    assert center_of(small) == pytest.approx(tuple(scale_picks(picks, factor).loc[0]), abs=1e-3)


def test_a_factor_is_of_both_sides():
    image = np.random.RandomState(0).rand(10, 13)
    np.testing.assert_array_equal(fourier_crop(image, 0.5), fourier_crop(image, (5, 6)))
    np.testing.assert_allclose(fourier_crop(image, 1), image, rtol=1e-6)


def test_low_frequencies_keep_their_strength_and_high_ones_are_gone():
    steps = np.arange(32)
    wave = np.sin(2 * np.pi * 3 * (steps + 0.5) / 32)
    noise = np.sin(2 * np.pi * 13 * (steps + 0.5) / 32)
    small = fourier_crop(np.tile(wave + noise, (4, 1)), (4, 16))
    np.testing.assert_allclose(small[0], np.sin(2 * np.pi * 3 * (steps[:16] + 0.5) / 16), atol=1e-6)


@pytest.mark.parametrize("shape", [(11, 5), (5, 0), 1.5, 0, (5,), (5, 5, 5)])
def test_images_do_not_grow(shape):
    with pytest.raises(ValueError, match=r"smaller|positive"):
        fourier_crop(np.zeros((10, 10)), shape)


@pytest.mark.parametrize("n", [64, 65])
@pytest.mark.parametrize("period", [4, 8, 16])
def test_low_pass_halves_waves_at_the_resolution(n, period):
    wave = np.cos(np.pi * (np.arange(n) + 0.5) * round(2 * n / period) / n)  # a mirror continues it
    at = 2 * n / round(2 * n / period)
    smooth = low_pass(np.tile(wave, (10, 1)), at * 1.5, pixel_size_angstrom=1.5)
    np.testing.assert_allclose(smooth, np.tile(wave / 2, (10, 1)), atol=1e-5)
    finer = low_pass(np.tile(wave, (10, 1)), 2 * at, pixel_size_angstrom=1)
    np.testing.assert_allclose(finer[0], wave / 16, atol=1e-5)


def test_low_pass_blurs_as_a_gaussian_does():
    image = blob((101, 101), 48, 52, 3)
    smooth = low_pass(image, 20, pixel_size_angstrom=2)
    added = 10 * np.sqrt(np.log(2) / 2) / np.pi  # the filter's own width
    sigma = np.hypot(3, added)
    np.testing.assert_allclose(smooth, blob((101, 101), 48, 52, sigma) * 9 / sigma**2, atol=1e-4)


def test_low_pass_does_not_mix_opposite_edges():
    image = np.zeros((40, 40))
    image[:, :3] = 1
    assert low_pass(image, 8, 1)[:, -5:].max() < 1e-3


def test_low_pass_refuses_what_no_image_holds():
    with pytest.raises(ValueError, match=r"at least two pixels, 3: .*got 2\.9"):
        low_pass(np.zeros((4, 4)), 2.9, 1.5)
    with pytest.raises(ValueError, match="pixel_size_angstrom must be a positive number; got 0"):
        low_pass(np.zeros((4, 4)), 10, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float64])
def test_hot_pixels_do_not_set_the_scale(dtype):
    image = np.random.RandomState(0).normal(100, 10, (200, 200)).round()
    image[::50, ::50] = 255 if dtype == np.uint8 else 30_000
    normal = normalize(image.astype(dtype))
    rest = np.ones_like(image, bool)
    rest[::50, ::50] = False
    assert normal.dtype == np.float32
    assert abs(normal[rest].mean()) < 0.02
    assert normal[rest].std() == pytest.approx(1, abs=0.03)
    assert normal.max() == 10


@pytest.mark.parametrize("value", [0, 0.1, 1e30, -7])
def test_a_constant_image_becomes_zeros(value):
    assert not normalize(np.full((5, 5), value)).any()


def test_an_image_of_few_outliers_stays_finite():
    image = np.zeros((100, 100))
    image[3, 4] = 1
    normal = normalize(image)
    assert np.isfinite(normal).all()
    assert normal.argmax() == 304


def test_bad_images_are_refused():
    with pytest.raises(ValueError, match=r"shape \(height, width\); got shape \(2, 3, 4\)"):
        normalize(np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match="2 pixels are NaN or infinity"):
        normalize([[np.nan, 1], [np.inf, 2]])
    with pytest.raises(TypeError, match="real numbers; got an array of dtype complex128"):
        normalize(np.zeros((2, 2), complex))

"""Noise in images, against slow and obvious versions."""

import numpy as np
import pytest

from skal.datasets import corrupt

GRAY = np.full((400, 9, 11), 0.5, np.float32)


def noisy_images(noisy, clean):
    return (noisy != clean).reshape(len(clean), -1).any(axis=1)


@pytest.mark.parametrize("kind", ["gaussian", "salt_and_pepper"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(50, 30), (50, 5, 6), (50, 3, 5, 6)])
def test_shape_and_dtype_stay_and_the_images_given_do_not_change(kind, dtype, shape):
    X = np.random.RandomState(0).random_sample(shape)
    X = (X * 255).astype(dtype) if dtype == np.uint8 else X.astype(dtype)
    before = X.copy()
    noisy = corrupt(X, kind, 0.5, random_state=0)
    assert (noisy.shape, noisy.dtype) == (shape, dtype)
    np.testing.assert_array_equal(X, before)
    assert noisy_images(noisy, X).sum() == 25
    assert noisy.min() >= 0
    assert noisy.max() <= (255 if dtype == np.uint8 else 1)


@pytest.mark.parametrize("kind", ["gaussian", "salt_and_pepper"])
def test_the_same_seed_gives_the_same_noise_and_another_seed_another(kind):
    first, again, other = (corrupt(GRAY, kind, 0.3, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("kind", ["gaussian", "salt_and_pepper"])
@pytest.mark.parametrize("rate", [0, 0.1, 0.333, 1])
def test_the_rate_is_the_share_of_images_with_noise(kind, rate):
    noisy = corrupt(GRAY, kind, rate, random_state=0)
    assert noisy_images(noisy, GRAY).sum() == round(rate * len(GRAY))


def test_gaussian_noise_has_the_deviation_asked_for():
    noise = corrupt(GRAY, "gaussian", 1, strength=0.1, random_state=0) - GRAY
    assert abs(noise.std() - 0.1) < 0.002
    assert abs(noise.mean()) < 0.002


def test_gaussian_noise_of_bytes_is_that_of_floats_times_255():
    X = np.full((200, 64), 128, np.uint8)
    noise = corrupt(X, "gaussian", 1, strength=0.1, random_state=0).astype(float) - X
    assert abs(noise.std() - 25.5) < 0.5
    assert abs(noise.mean()) < 0.5  # rounded, not cut off


def test_salt_and_pepper_are_both_there_in_equal_shares_and_all_else_stays():
    noisy = corrupt(GRAY, "salt_and_pepper", 1, strength=0.2, random_state=0)
    shares = [(noisy == value).mean() for value in (0, 0.5, 1)]
    np.testing.assert_allclose(shares, [0.1, 0.8, 0.1], atol=0.01)


def test_salt_and_pepper_of_bytes_are_0_and_255():
    noisy = corrupt(np.full((9, 8, 8), 7, np.uint8), "salt_and_pepper", 1, random_state=0)
    assert set(np.unique(noisy)) == {0, 7, 255}


@pytest.mark.parametrize("channel_axis", [1, -1])
def test_salt_is_white_and_pepper_is_black_where_the_color_axis_is_known(channel_axis):
    X = np.moveaxis(np.full((20, 3, 8, 8), 0.5), 1, channel_axis)
    noisy = corrupt(X, "salt_and_pepper", 1, channel_axis=channel_axis, random_state=0)
    assert (np.ptp(noisy, axis=channel_axis) == 0).all()
    alone = corrupt(X, "salt_and_pepper", 1, random_state=0)
    assert (np.ptp(alone, axis=channel_axis) > 0).any()


def test_many_images_get_noise_that_does_not_repeat_from_block_to_block():
    X = np.full((30, 500, 500), 0.5, np.float32)
    noisy = corrupt(X, "gaussian", 1, random_state=0)
    assert len(np.unique(noisy[:, 0, :4], axis=0)) == 30


def test_a_range_of_values_can_be_given():
    X = np.full((50, 30), -1.0)
    noisy = corrupt(X, "salt_and_pepper", 1, value_range=(-2, 3), random_state=0)
    assert set(np.unique(noisy)) == {-2, -1, 3}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "poisson"}, "one of gaussian, salt_and_pepper; got 'poisson'"),
        ({"rate": 1.1}, r"share in \[0, 1\]; got 1.1"),
        ({"rate": float("nan")}, "got nan"),
        ({"strength": 0}, "must be a positive number; got 0"),
        ({"kind": "salt_and_pepper", "strength": 2}, r"share of pixels in \(0, 1\]; got 2"),
        ({"value_range": (1, 0)}, "low < high"),
        ({"X": GRAY + 1}, "before they are standardized"),
        ({"X": np.full((2, 3), np.nan)}, "got nan"),
        ({"X": np.zeros((2, 3), np.int16)}, "range of int16 images is not known"),
        ({"X": np.zeros(3)}, r"images of numbers"),
        ({"X": [["a"], ["b"]]}, r"images of numbers"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        corrupt(**{"X": GRAY, **arguments})

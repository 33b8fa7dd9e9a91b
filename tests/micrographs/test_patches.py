"""Square patches of micrographs and their masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skal.micrographs import extract_patches, sample_patches

FEW = settings(max_examples=50, deadline=None, derandomize=True)


def numbered(height, width):
    return np.arange(height * width).reshape(height, width)


@FEW
@given(data=st.data(), height=st.integers(1, 20), width=st.integers(1, 20))
def test_every_pixel_is_in_a_patch_where_it_says(data, height, width):
    size = data.draw(st.integers(1, min(height, width)))
    stride = data.draw(st.integers(1, size))
    image = numbered(height, width)
    patches = extract_patches(image, -image, size, stride=stride)
    assert set(patches.images.ravel()) == set(image.ravel())
    for patch, mask, (x, y) in zip(*patches, strict=True):
        np.testing.assert_array_equal(patch, image[y : y + size, x : x + size])
        np.testing.assert_array_equal(mask, -patch)
    assert len(np.unique(patches.corners, axis=0)) == len(patches.corners)


def test_the_last_patch_is_set_against_the_edge():
    patches = extract_patches(numbered(4, 11), None, 4, stride=3)
    assert patches.corners.tolist() == [[0, 0], [3, 0], [6, 0], [7, 0]]
    assert patches.masks is None


def test_patches_are_copies():
    image = numbered(4, 4)
    extract_patches(image, image, 2).images[:] = 0
    assert image.sum() == 120


def test_patches_keep_their_dtype():
    image, mask = numbered(6, 6).astype(np.uint16), np.zeros((6, 6), np.int8)
    for patches in (extract_patches(image, mask, 3), sample_patches(image, mask, 3, 2, **NONE)):
        assert patches.images.dtype == np.uint16
        assert patches.masks.dtype == np.int8


NONE = {"positive_share": 0}


@FEW
@given(
    share=st.floats(0, 1),
    n=st.integers(1, 12),
    size=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_share_with_particles_is_as_asked(share, n, size, seed):
    mask = np.zeros((15, 12), np.int8)
    mask[0, 0] = mask[7:9, 8:11] = 1
    mask[10:, :] = -1
    image = numbered(15, 12)
    drawn = sample_patches(image, mask, size, n, positive_share=share, random_state=seed)
    has_particle = (drawn.masks == 1).any(axis=(1, 2))
    assert len(drawn.images) == n
    assert has_particle.sum() == round(n * share)
    assert (drawn.masks[~has_particle] == 0).any(axis=(1, 2)).all()
    for patch, (x, y) in zip(drawn.images, drawn.corners, strict=True):
        np.testing.assert_array_equal(patch, image[y : y + size, x : x + size])


def test_particles_lie_anywhere_in_a_patch():
    mask = np.zeros((50, 50), np.uint8)
    mask[25, 20] = 1
    drawn = sample_patches(mask, mask, 7, 2000, positive_share=1, random_state=0)
    counts = drawn.masks.sum(axis=0)
    assert drawn.masks.sum() == 2000
    assert counts.min() > 15  # about 2000 / 49 = 41 each
    assert counts.max() < 75


def test_patches_without_particles_are_drawn_from_all_places():
    mask = np.zeros((9, 9), np.uint8)
    mask[4, 4] = 1
    drawn = sample_patches(mask, mask, 3, 3000, positive_share=0, random_state=0)
    counts = np.zeros((7, 7), int)
    np.add.at(counts, (drawn.corners[:, 1], drawn.corners[:, 0]), 1)
    assert not counts[2:5, 2:5].any()
    assert np.count_nonzero(counts) == 40


def test_the_same_seed_draws_the_same_patches():
    mask = np.eye(20, dtype=np.uint8)
    first, again, other = (
        sample_patches(mask, mask, 4, 10, random_state=seed).corners for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_patches_that_are_not_to_be_had_are_refused():
    empty, full = np.zeros((8, 8)), np.ones((8, 8))
    with pytest.raises(ValueError, match=r"2 patches with particles .* no pixel of the mask is 1"):
        sample_patches(empty, empty, 4, 4)
    with pytest.raises(ValueError, match=r"2 patches without .* 4 x 4 pixels hold one"):
        sample_patches(full, full, 4, 4)
    with pytest.raises(ValueError, match="mask says where particles are"):
        sample_patches(full, None, 4, 4)
    with pytest.raises(ValueError, match=r"size=9 .* shape \(8, 8\)"):
        extract_patches(full, None, 9)
    with pytest.raises(ValueError, match=r"from 1 to size=3, .* got 4"):
        extract_patches(full, None, 3, stride=4)
    with pytest.raises(ValueError, match=r"shape of its image, \(8, 8\); got \(7, 8\)"):
        extract_patches(full, empty[1:], 3)
    with pytest.raises(ValueError, match="n_patches must be at least 1; got 0"):
        sample_patches(full, full, 4, 0)
    with pytest.raises(ValueError, match=r"positive_share must be in \[0, 1\]; got 1.1"):
        sample_patches(full, full, 4, 1, positive_share=1.1)

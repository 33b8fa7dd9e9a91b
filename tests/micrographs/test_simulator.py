"""Simulated micrographs are what they say."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from skal.micrographs import (
    contrast_transfer,
    log_picks,
    make_mask,
    match_picks,
    score_picks,
    simulate_micrograph,
)


def slow_transfer(frequency, defocus, voltage_kv, cs_mm, amplitude):
    """Return the textbook form, from physical constants, in meters."""
    h, m, e, c = 6.62607015e-34, 9.1093837e-31, 1.602176634e-19, 299792458.0
    energy = e * voltage_kv * 1e3
    wavelength = h / np.sqrt(2 * m * energy * (1 + energy / (2 * m * c**2)))
    f, defocus, cs = frequency * 1e10, defocus * 1e-10, cs_mm * 1e-3
    chi = np.pi * wavelength * defocus * f**2 - np.pi / 2 * cs * wavelength**3 * f**4
    return -(np.sqrt(1 - amplitude**2) * np.sin(chi) + amplitude * np.cos(chi))


@pytest.mark.parametrize("voltage_kv", [100.0, 200.0, 300.0])
@pytest.mark.parametrize(("defocus", "cs_mm", "amplitude"), [(15e3, 2.7, 0.1), (-5e3, 0.01, 0.07)])
def test_the_transfer_is_that_of_the_textbook(voltage_kv, defocus, cs_mm, amplitude):
    frequency = np.linspace(0, 0.3, 50)
    fast = contrast_transfer(
        frequency,
        defocus_angstrom=defocus,
        voltage_kv=voltage_kv,
        cs_mm=cs_mm,
        amplitude_contrast=amplitude,
    )
    slow = slow_transfer(frequency, defocus, voltage_kv, cs_mm, amplitude)
    np.testing.assert_allclose(fast, slow, atol=5e-4)


def test_the_transfer_is_zero_where_waves_cancel():
    wavelength, defocus = 0.0196875, 20_000  # angstrom, of 300 kV
    zeros = np.sqrt(np.arange(1, 6) / (wavelength * defocus))
    optics = {"defocus_angstrom": defocus, "cs_mm": 0, "amplitude_contrast": 0}
    np.testing.assert_allclose(contrast_transfer(zeros, **optics), 0, atol=1e-4)
    shifted = np.sqrt((np.arange(1, 6) - np.arcsin(0.1) / np.pi) / (wavelength * defocus))
    optics["amplitude_contrast"] = 0.1
    np.testing.assert_allclose(contrast_transfer(shifted, **optics), 0, atol=1e-4)
    assert contrast_transfer(0, **optics) == pytest.approx(-0.1)


@pytest.mark.parametrize("snr", [0.05, 0.5, 3.0])
def test_the_ratio_of_signal_and_noise_is_as_asked(snr):
    settings = {"n_ice": 2, "carbon_edge": True, "random_state": 3}
    noisy, picks = simulate_micrograph(15, (300, 260), 24, snr=snr, **settings)
    clean, _ = simulate_micrograph(15, (300, 260), 24, snr=np.inf, **settings)
    shade, _ = simulate_micrograph(0, (300, 260), 24, snr=np.inf, **settings)
    signal = np.sqrt(snr) * (clean - shade)
    noise = noisy - shade - signal
    in_discs = make_mask(picks, noisy.shape) == 1
    assert signal[in_discs].var() / noise.var() == pytest.approx(snr, rel=1e-3)
    assert noise.var() == pytest.approx(1, rel=1e-3)
    assert abs(np.corrcoef(noise[in_discs], signal[in_discs])[0, 1]) < 0.05


def test_particles_are_where_their_picks_are():
    image, picks = simulate_micrograph(1, (150, 170), 30, snr=np.inf, random_state=1)
    rows, columns = np.indices(image.shape)
    x, y = (columns * image).sum() / image.sum(), (rows * image).sum() / image.sum()
    assert (x, y) == pytest.approx(tuple(picks.loc[0, ["x", "y"]]), abs=0.05)


def test_all_particles_are_dark_and_within_their_discs():
    image, picks = simulate_micrograph(30, (300, 400), 30, snr=np.inf, random_state=0)
    squared = image.astype(float) ** 2
    in_discs = make_mask(picks, image.shape) == 1
    assert squared[in_discs].sum() > 0.9 * squared.sum()
    labels = ndimage.label(in_discs)[0]
    assert (ndimage.mean(image, labels, range(1, labels.max() + 1)) < -0.2).all()


def test_particles_are_apart_and_whole():
    _, picks = simulate_micrograph(60, (256, 300), 20.5, random_state=2)
    points = picks[["x", "y"]].to_numpy()
    distances = np.hypot(*(points[:, None] - points).T)
    assert distances[np.triu_indices(60, 1)].min() >= 20.5
    assert points.min() >= 20.5 / 2 - 0.5
    assert (points.max(axis=0) <= np.array([300, 256]) - 0.5 - 20.5 / 2 + 0.5).all()


def test_particles_are_not_on_carbon_or_ice():
    settings = {"n_ice": 3, "carbon_edge": True, "random_state": 5, "snr": np.inf}
    picks = simulate_micrograph(20, (300, 300), 24, **settings)[1]
    without, none = simulate_micrograph(0, (300, 300), 24, **settings)
    assert not len(none)
    assert without.std() > 0.5
    assert abs(without[make_mask(picks, without.shape) == 1]).max() < 0.05


def test_the_same_seed_gives_the_same_micrograph_and_the_particle_has_its_own():
    first, picks = simulate_micrograph(8, (128, 128), 20, random_state=0)
    again, same = simulate_micrograph(8, (128, 128), 20, random_state=0)
    np.testing.assert_array_equal(first, again)
    pd.testing.assert_frame_equal(picks, same)
    other, moved = simulate_micrograph(8, (128, 128), 20, random_state=1)
    assert not np.allclose(first, other)
    assert not len(match_picks(picks, moved, 0.5)[0])
    changed, kept = simulate_micrograph(8, (128, 128), 20, random_state=0, particle_seed=1)
    pd.testing.assert_frame_equal(picks, kept)
    assert not np.allclose(first, changed)


def test_particles_can_be_found():
    image, picks = simulate_micrograph(60, (512, 512), 32, snr=0.3, random_state=0)
    found = log_picks(image, 32, threshold=3)
    scores = score_picks(found.assign(micrograph="a"), picks.assign(micrograph="a"))
    assert scores.f1_score > 0.9


def test_an_image_without_particles_is_noise():
    image, picks = simulate_micrograph(0, (64, 64), 10, random_state=0)
    assert image.var() == pytest.approx(1, rel=1e-4)
    assert list(picks) == ["x", "y", "diameter"]


def test_what_cannot_be_simulated_is_refused():
    with pytest.raises(ValueError, match=r"500 particles do not fit: there was room for \d+ "):
        simulate_micrograph(500, (128, 128), 20)
    with pytest.raises(ValueError, match="snr must be positive, inf for no noise; got 0"):
        simulate_micrograph(5, (128, 128), 20, snr=0)
    with pytest.raises(ValueError, match=r"at least 4 .*; got 3 for 100 x 128 pixels"):
        simulate_micrograph(5, (128, 100), 3)
    with pytest.raises(ValueError, match="n_particles must be at least 0; got -1"):
        simulate_micrograph(-1, (128, 128), 20)
    with pytest.raises(ValueError, match=r"amplitude_contrast must be in \[0, 1\]; got 2"):
        simulate_micrograph(1, (128, 128), 20, amplitude_contrast=2)

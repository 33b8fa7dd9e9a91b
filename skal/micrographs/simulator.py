"""Micrographs whose particles are known, for tests, examples and first steps."""

import numpy as np
import pandas as pd
import scipy.fft
from scipy import ndimage
from scipy.spatial.transform import Rotation
from sklearn.utils import check_random_state

from ._checks import check_positive
from .masks import make_mask

__all__ = ["contrast_transfer", "simulate_micrograph"]

N_BLOBS = 60  # Gaussians that a particle is made of
BLOB_SIGMA = 0.07  # of the diameter
LOW_SHARE = 0.2  # of the noise's variance that is of low frequency
CARBON_SHADE = 1.5  # standard deviations of the noise that carbon is darker
ICE_DEPTHS = (1.5, 4)  # standard deviations of the noise, smallest and largest
ICE_SIZES = (0.5, 1.5)  # of the diameter


def contrast_transfer(
    frequency, *, defocus_angstrom, voltage_kv=300.0, cs_mm=2.7, amplitude_contrast=0.1
):
    """Return by what factor a microscope shows each frequency: its contrast transfer function.

    It is ``-sin(chi + arcsin(A))`` with ``chi = pi lambda f^2 (D - lambda^2 f^2 Cs / 2)``, for the
    amplitude contrast A, the defocus D, the spherical aberration Cs and the relativistic wavelength
    lambda of electrons [1]_. There is no astigmatism and no envelope.

    Parameters
    ----------
    frequency : array-like
        Spatial frequencies, in periods per angstrom.
    defocus_angstrom : float
        Underfocus is positive. Dense matter is then dark at low frequencies.
    voltage_kv : float, default=300.0
        The acceleration voltage, in kilovolts.
    cs_mm : float, default=2.7
        The spherical aberration, in millimeters.
    amplitude_contrast : float, default=0.1
        The share of amplitude contrast, in [0, 1].

    Returns
    -------
    ndarray of the shape of `frequency`
        Values in [-1, 1]; ``-amplitude_contrast`` at frequency 0.

    References
    ----------
    .. [1] Rohou and Grigorieff (2015), "CTFFIND4: Fast and accurate defocus estimation from
       electron micrographs", Journal of Structural Biology 192.

    Examples
    --------
    >>> contrast_transfer([0.0, 0.02], defocus_angstrom=15_000).round(3)
    array([-0.1  , -0.454])
    """
    if not 0 <= amplitude_contrast <= 1:
        raise ValueError(f"amplitude_contrast must be in [0, 1]; got {amplitude_contrast}.")
    check_positive(voltage_kv, "voltage_kv")
    volts = 1e3 * voltage_kv
    wavelength = 12.2643 / np.sqrt(volts + 0.978466e-6 * volts**2)  # angstrom
    squared = np.square(np.asarray(frequency, dtype=np.float64))
    path = defocus_angstrom - wavelength**2 * squared * (cs_mm * 1e7) / 2
    return -np.sin(np.pi * wavelength * squared * path + np.arcsin(amplitude_contrast))


def simulate_micrograph(
    n_particles,
    shape,
    diameter_px,
    *,
    snr=0.1,
    pixel_size_angstrom=4.0,
    defocus_angstrom=15_000.0,
    voltage_kv=300.0,
    cs_mm=2.7,
    amplitude_contrast=0.1,
    n_ice=0,
    carbon_edge=False,
    particle_seed=0,
    random_state=None,
):
    """Simulate a micrograph of one kind of particle.

    A particle is a clump of Gaussians, projected in random orientations; its picks are at its
    center of mass. Particles do not overlap, and lie neither on carbon, nor on ice, nor across an
    edge. The contrast transfer function makes them dark, with fringes; white noise and some noise
    of low frequency follow. It is a toy: no astigmatism, no envelope, no structured background.

    Parameters
    ----------
    n_particles : int
        How many particles there are; 0 gives noise only.
    shape : (int, int)
        Height and width, in pixels.
    diameter_px : float
        The diameter of a particle, at least 4 pixels, and the least distance of two.
    snr : float, default=0.1
        The variance of the particles' signal in the discs around them, divided by the variance of
        the noise. ``inf`` leaves out the noise.
    pixel_size_angstrom : float, default=4.0
        The side of a pixel.
    defocus_angstrom, voltage_kv, cs_mm, amplitude_contrast : float
        See :func:`contrast_transfer`.
    n_ice : int, default=0
        How many dark crystals of ice there are.
    carbon_edge : bool, default=False
        Whether the edge of a hole in the carbon crosses a corner.
    particle_seed : int, default=0
        The kind of particle: micrographs with the same show the same one.
    random_state : int, RandomState instance or None, default=None
        The source of all other draws.

    Returns
    -------
    image : ndarray of float32 of shape `shape`
        Noise has variance 1, signal `snr`; with ``snr=inf`` there is no noise, and the signal has
        variance 1. Neither ice nor carbon counts as noise.
    picks : pandas.DataFrame
        Columns x, y and diameter, in pixels.

    Raises
    ------
    ValueError
        If not all particles have room, or an argument is out of range.

    Examples
    --------
    >>> image, picks = simulate_micrograph(5, (128, 192), 20, snr=0.2, random_state=0)
    >>> image.shape, list(picks)
    ((128, 192), ['x', 'y', 'diameter'])
    """
    _check_arguments(n_particles, shape, diameter_px, snr, pixel_size_angstrom)
    rng = check_random_state(random_state)
    shade, is_free = _draw_obstacles(shape, diameter_px, n_ice, carbon_edge, rng)
    points = _draw_points(n_particles, is_free, diameter_px, rng)
    picks = pd.DataFrame(points, columns=["x", "y"]).assign(diameter=float(diameter_px))
    optics = {
        "defocus_angstrom": defocus_angstrom,
        "voltage_kv": voltage_kv,
        "cs_mm": cs_mm,
        "amplitude_contrast": amplitude_contrast,
    }
    density = _draw_particles(points, shape, diameter_px, particle_seed, rng)
    signal = _unit_variance(_transfer(density, pixel_size_angstrom, optics), picks, diameter_px)
    if np.isinf(snr):
        return (signal + shade).astype(np.float32), picks
    noise = _draw_noise(shape, diameter_px, rng)
    return (np.sqrt(snr) * signal + shade + noise).astype(np.float32), picks


def _check_arguments(n_particles, shape, diameter_px, snr, pixel_size_angstrom):
    check_positive(pixel_size_angstrom, "pixel_size_angstrom")
    if n_particles < 0:
        raise ValueError(f"n_particles must be at least 0; got {n_particles}.")
    if not snr > 0:
        raise ValueError(f"snr must be positive, inf for no noise; got {snr}.")
    if not 4 <= diameter_px <= min(shape) - 1:
        raise ValueError(
            f"diameter_px must be at least 4 and less than the image is wide; got {diameter_px} "
            f"for {shape[1]} x {shape[0]} pixels."
        )


def _draw_obstacles(shape, diameter, n_ice, carbon_edge, rng):
    """Return what carbon and ice add to an image, and where centers of particles may be."""
    shade = np.zeros(shape)
    is_covered = np.zeros(shape, bool)
    if carbon_edge:
        is_covered |= _draw_carbon(shade, diameter, rng)
    for _ in range(n_ice):
        is_covered |= _draw_ice(shade, diameter, rng)
    margin = int(np.ceil(diameter / 2))
    is_free = np.zeros(shape, bool)
    is_free[margin:-margin, margin:-margin] = True
    if is_covered.any():
        is_free &= ndimage.distance_transform_edt(~is_covered) > diameter / 2 + 1
    return shade, is_free


def _draw_carbon(shade, diameter, rng):
    """Add carbon beyond the edge of a hole, and return where it and its fringe are."""
    rows, columns = np.indices(shade.shape)
    size = min(shade.shape)
    corner = rng.randint(2, size=2) * (np.array(shade.shape) - 1)
    inward = np.where(corner == 0, 1, -1)
    center = corner + inward * rng.uniform(1.05, 1.25, 2) * size
    depth = np.hypot(rows - center[0], columns - center[1]) - 1.25 * size  # pixels into the carbon
    is_carbon = depth > 0
    grain = _unit(ndimage.gaussian_filter(rng.normal(size=shade.shape), diameter / 6))
    fringe = np.exp(-((depth / (0.15 * diameter)) ** 2))
    shade += is_carbon * (0.5 * grain - CARBON_SHADE) + 2 * fringe
    return depth > -0.3 * diameter


def _draw_ice(shade, diameter, rng):
    """Add a crystal, an irregular dark blob with a bright rim, and return where they are."""
    rows, columns = np.indices(shade.shape)
    y, x = rng.uniform(0, shade.shape)
    angle, distance = np.arctan2(rows - y, columns - x), np.hypot(rows - y, columns - x)
    waves = [
        rng.uniform(0, 0.2 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 5)
    ]
    depth = rng.uniform(*ICE_SIZES) * diameter * (1 + sum(waves)) - distance
    soft = 0.1 * diameter
    shade -= rng.uniform(*ICE_DEPTHS) / (1 + np.exp(-(depth / soft).clip(-50, 50)))
    shade += np.exp(-((depth / soft + 2) ** 2))
    return depth > -3 * soft


def _draw_points(n, is_free, diameter, rng):
    """Return random x and y, none nearer to another than a diameter."""
    is_free = is_free.copy()
    reach = int(np.ceil(diameter)) + 2
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    is_far = np.hypot(rows, columns) > diameter + np.sqrt(2)  # each moves by up to half a pixel
    points = []
    for at in rng.permutation(np.flatnonzero(is_free)):
        if len(points) == n:
            break
        y, x = divmod(at, is_free.shape[1])
        if is_free[y, x]:
            points.append((x, y))
            _clear_around(is_free, x, y, is_far)
    if len(points) < n:
        raise ValueError(
            f"{n} particles do not fit: there was room for {len(points)} without overlap. Ask for "
            "fewer, for smaller ones, or for a larger image."
        )
    return np.reshape(points, (n, 2)) + rng.uniform(-0.5, 0.5, (n, 2))


def _clear_around(is_free, x, y, is_far):
    reach = len(is_far) // 2
    top, left = max(0, y - reach), max(0, x - reach)
    window = is_free[top : y + reach + 1, left : x + reach + 1]
    rows = slice(top - y + reach, top - y + reach + window.shape[0])
    columns = slice(left - x + reach, left - x + reach + window.shape[1])
    window &= is_far[rows, columns]


def _draw_particles(points, shape, diameter, particle_seed, rng):
    """Return the density projected along the beam, on a canvas that is larger on all sides."""
    margin = _margin(diameter)
    density = np.zeros((shape[0] + 2 * margin, shape[1] + 2 * margin))
    centers, weights = _make_particle(diameter, np.random.RandomState(particle_seed))
    sigma = BLOB_SIGMA * diameter
    reach = int(np.ceil(diameter / 2 + 2 * sigma))
    steps = np.arange(-reach, reach + 1)
    for (x, y), quaternion in zip(points + margin, rng.normal(size=(len(points), 4)), strict=True):
        column, row = round(x), round(y)
        at = Rotation.from_quat(quaternion).apply(centers)[:, :2] + [x - column, y - row]
        profiles = np.exp(-((steps[:, None, None] - at) ** 2) / (2 * sigma**2))  # (steps, blobs, 2)
        window = density[row - reach : row + reach + 1, column - reach : column + reach + 1]
        window += (profiles[:, :, 1] * weights) @ profiles[:, :, 0].T
    return density


def _margin(diameter):
    return int(2 * np.ceil(diameter))


def _make_particle(diameter, rng):
    """Return centers, around the center of mass, and weights of the Gaussians of a particle."""
    directions = rng.normal(size=(N_BLOBS, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centers = directions * rng.uniform(size=(N_BLOBS, 1)) ** (1 / 3) * [1, 0.85, 0.7]
    weights = rng.uniform(0.2, 1, N_BLOBS)
    centers -= weights @ centers / weights.sum()
    radius = diameter / 2 - 2 * BLOB_SIGMA * diameter  # what is beyond two sigma is faint
    return centers * radius / np.linalg.norm(centers, axis=1).max(), weights


def _transfer(density, pixel_size_angstrom, optics):
    """Return density as the microscope shows it."""
    rows = scipy.fft.fftfreq(density.shape[0], pixel_size_angstrom)
    columns = scipy.fft.rfftfreq(density.shape[1], pixel_size_angstrom)
    factors = contrast_transfer(np.hypot(rows[:, None], columns), **optics)
    return scipy.fft.irfft2(scipy.fft.rfft2(density) * factors, s=density.shape)


def _unit_variance(canvas, picks, diameter):
    """Return the image within the canvas, scaled to variance 1 in the discs of particles."""
    margin = _margin(diameter)
    signal = canvas[margin:-margin, margin:-margin]
    if not len(picks):
        return signal
    return signal / signal[make_mask(picks, signal.shape) == 1].std()


def _draw_noise(shape, diameter, rng):
    white, smooth = rng.normal(size=(2, *shape))
    low = _unit(ndimage.gaussian_filter(smooth, diameter))
    return _unit(np.sqrt(1 - LOW_SHARE) * _unit(white) + np.sqrt(LOW_SHARE) * low)


def _unit(values):
    """Return values with mean 0 and standard deviation 1."""
    return (values - values.mean()) / values.std()

"""Particles found by a segmenter that has learned from a few picked micrographs."""

import json
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from .._compat import HasMethods, Interval, StrOptions
from .._files import write_folder
from ..exceptions import SavedNetError
from .coordinates import micrograph_stem
from .filters import fourier_crop
from .images import Micrograph, read_micrograph
from .masks import make_mask
from .picks import find_picks
from .scoring import best_threshold, score_picks

__all__ = ["ParticlePicker"]

FILE = "picker.json"
LEAST_SCORE = 0.05  # of picks among which the best threshold is looked for


class ParticlePicker(BaseEstimator):
    """Find particles in micrographs, after learning from a few that somebody has picked.

    Micrographs are made smaller, so that a particle is `working_diameter_px` wide, and segmented
    into particles and background; peaks of the map are the picks, in pixels of the original.

    Parameters
    ----------
    segmenter : estimator, default=None
        What learns, such as :class:`skal.nets.AttentionUNetSegmenter`, which None stands for.
    diameter_px : float, default=None
        The diameter of a particle in pixels of the micrographs; None takes the median of the
        column `diameter` of the picks.
    working_diameter_px : float, default=16.0
        The diameter that particles are made to have before anything is learned. Micrographs of
        smaller particles stay as they are.
    radius_scale : float, default=0.8
        The radius of the discs that are learned, as a share of the particles'. Below 1 it keeps
        neighbors apart.
    threshold : float or "auto", default=0.5
        The least score of a pick, in [0, 1]. ``"auto"`` takes the one that finds the training picks
        best: lower than 0.5 where many particles were not picked.
    border_px : float, default=0.0
        Pixels of the original along the edges that are neither learned nor picked.

    Attributes
    ----------
    segmenter_ : estimator
        The fitted segmenter.
    diameter_px_, threshold_ : float
        What was given or found.

    Examples
    --------
    >>> from skal.micrographs import simulate_micrograph
    >>> from skal.nets import UNetSegmenter
    >>> image, picks = simulate_micrograph(12, (128, 128), 16, snr=1.0, random_state=0)
    >>> picker = ParticlePicker(UNetSegmenter(width=4, depth=2, max_epochs=3), diameter_px=16)
    >>> picker.fit({"one": image}, picks.assign(micrograph="one")).predict_map(image).shape
    (128, 128)
    """

    _parameter_constraints = {  # noqa: RUF012
        "segmenter": [HasMethods(["fit", "predict_proba"]), None],
        "diameter_px": [Interval(Real, 0, None, closed="neither"), None],
        "working_diameter_px": [Interval(Real, 4, None, closed="left")],
        "radius_scale": [Interval(Real, 0, 2, closed="right")],
        "threshold": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "border_px": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        segmenter=None,
        *,
        diameter_px=None,
        working_diameter_px=16.0,
        radius_scale=0.8,
        threshold=0.5,
        border_px=0.0,
    ):
        self.segmenter = segmenter
        self.diameter_px = diameter_px
        self.working_diameter_px = working_diameter_px
        self.radius_scale = radius_scale
        self.threshold = threshold
        self.border_px = border_px

    # Training ------------------------------------------------------------------------------

    def fit(self, micrographs, picks):
        """Learn from micrographs whose particles are picked.

        Parameters
        ----------
        micrographs : dict of str to ndarray, or sequence of Micrograph or path
            Images of shape (H, W), by name. One that no pick names holds no particles.
        picks : pandas.DataFrame
            Columns micrograph, x, y; diameter unless `diameter_px` is given. Names are matched
            without folders, endings and cryoSPARC's numbers.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If no pick is on any of the micrographs, or the diameter is not known.
        """
        self._validate_params()
        X, y = self.prepare(micrographs, picks)
        segmenter = _default_segmenter() if self.segmenter is None else clone(self.segmenter)
        self.segmenter_ = segmenter.fit(X, y)
        self.threshold_ = self.threshold
        if self.threshold == "auto":
            self.threshold_ = self._best_threshold(micrographs, picks)
        return self

    def prepare(self, micrographs, picks):
        """Return what the segmenter learns from: small images, and masks of their particles.

        Parameters
        ----------
        micrographs, picks
            As for :meth:`fit`.

        Returns
        -------
        X : ndarray of float32 of shape (n, h, w)
            Micrographs of other sizes than the largest are continued at the right and the bottom.
        y : ndarray of int8 of shape (n, h, w)
            1 in particles, 0 in the background, -1 in borders and outside of the micrograph.
        """
        self.diameter_px_ = self._find_diameter(picks)
        by_name = dict(list(picks.groupby(_stems(picks["micrograph"]))))
        pairs = [
            self._prepare_one(image, by_name.get(name)) for name, image in _images(micrographs)
        ]
        if not any((mask == 1).any() for _, mask in pairs):
            raise ValueError(
                f"no pick is on any of the {len(pairs)} micrographs: picks name "
                f"{_few(by_name)}, micrographs are called "
                f"{_few(name for name, _ in _images(micrographs))}."
            )
        shape = np.max([image.shape for image, _ in pairs], axis=0)
        X = np.stack([_padded(image, shape, mode="edge") for image, _ in pairs])
        y = np.stack([_padded(mask, shape, constant_values=-1) for _, mask in pairs])
        return X, y

    def working_picks(self, micrographs, picks):
        """Return picks in pixels of what :meth:`prepare` returns, without those in borders.

        Parameters
        ----------
        micrographs, picks
            As for :meth:`fit`.

        Returns
        -------
        pandas.DataFrame
            Columns micrograph, the position among the micrographs as text, x, y and diameter.
        """
        self.diameter_px_ = self._find_diameter(picks)
        by_name = dict(list(picks.groupby(_stems(picks["micrograph"]))))
        tables = []
        for i, (name, image) in enumerate(_images(micrographs)):
            there = by_name.get(name, picks.iloc[:0])
            inside = there[self._is_inside(there, image.shape)]
            tables.append(self._working_picks(inside, image.shape).assign(micrograph=str(i)))
        return pd.concat(tables, ignore_index=True)

    def _working_picks(self, picks, shape):
        """Return picks of one micrograph of a shape."""
        small = self._working_shape(shape)
        diameter = self.diameter_px_ * small[1] / shape[1]
        return _moved(picks[["x", "y"]], shape, small).assign(diameter=diameter)

    @property
    def working_border_px(self):
        """The border in pixels of what :meth:`prepare` returns."""
        return self.border_px * min(1.0, self.working_diameter_px / self.diameter_px_)

    def _is_inside(self, picks, shape):
        low, high = self.border_px, [side - 1 - self.border_px for side in shape]
        return picks["y"].between(low, high[0]) & picks["x"].between(low, high[1])

    def _prepare_one(self, image, picks):
        small = self._shrink(image)
        mask = np.zeros(small.shape, np.int8)
        if picks is not None:
            moved = self._working_picks(picks, image.shape)
            mask[make_mask(moved, small.shape, radius_scale=self.radius_scale) > 0] = 1
        border = round(self.border_px * small.shape[1] / image.shape[1])
        if border:
            inner = mask[border:-border, border:-border].copy()
            mask[:] = -1
            mask[border:-border, border:-border] = inner
        return small, mask

    def _find_diameter(self, picks):
        if self.diameter_px is not None:
            return float(self.diameter_px)
        if "diameter" not in picks or picks["diameter"].isna().all():
            raise ValueError(
                "the diameter of particles is not known: the picks have no column diameter. Pass "
                "diameter_px=..., in pixels of the micrographs."
            )
        return float(picks["diameter"].median())

    def _best_threshold(self, micrographs, picks):
        self.threshold_ = LEAST_SCORE
        found = self.predict(micrographs)
        truth = picks.assign(micrograph=_stems(picks["micrograph"]), diameter=self.diameter_px_)
        found = found.assign(micrograph=_stems(found["micrograph"]))
        return float(best_threshold(found, truth[truth["micrograph"].isin(found["micrograph"])]))

    def _working_shape(self, shape):
        factor = min(1.0, self.working_diameter_px / self.diameter_px_)
        return tuple(max(1, round(side * factor)) for side in shape)

    def _shrink(self, image):
        return fourier_crop(np.asarray(image, np.float32), self._working_shape(np.shape(image)))

    # Picking -------------------------------------------------------------------------------

    def predict_map(self, image):
        """Return how probable it is that a pixel is in a particle, at working size.

        Parameters
        ----------
        image : ndarray of shape (H, W)

        Returns
        -------
        ndarray of float32 of shape (h, w)
            In [0, 1].
        """
        check_is_fitted(self)
        return self.segmenter_.predict_proba(self._shrink(image)[None])[0, 1]

    def predict(self, micrographs):
        """Return the picks of micrographs.

        Parameters
        ----------
        micrographs : dict of str to ndarray, or sequence of Micrograph or path
            Read one by one.

        Returns
        -------
        pandas.DataFrame
            Columns micrograph, x, y, score and diameter, in pixels of the micrographs; of each
            micrograph the best first.
        """
        check_is_fitted(self)
        tables = [self._pick(name, image) for name, image in _images(micrographs, full_names=True)]
        columns = ["micrograph", "x", "y", "score", "diameter"]
        tables = [table for table in tables if len(table)]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)

    def _pick(self, name, image):
        score_map = self.predict_map(image)
        factor = score_map.shape[1] / image.shape[1]
        found = find_picks(
            score_map,
            self.diameter_px_ * factor,
            threshold=self.threshold_,
            border=self.border_px * factor,
        )
        found = _moved(found, score_map.shape, image.shape).assign(diameter=self.diameter_px_)
        found.insert(0, "micrograph", name)
        return found[["micrograph", "x", "y", "score", "diameter"]]

    def score(self, micrographs, picks):
        """Return the mean F1 score of the picks of micrographs; see :func:`score_picks`.

        Parameters
        ----------
        micrographs, picks
            As for :meth:`fit`; picks are the truth.

        Returns
        -------
        float
            In [0, 1].
        """
        found = self.predict(micrographs)
        found = found.assign(micrograph=_stems(found["micrograph"]))
        names = [name for name, _ in _images(micrographs)]
        truth = picks.assign(micrograph=_stems(picks["micrograph"]), diameter=self.diameter_px_)
        return score_picks(found, truth, micrographs=names).f1_score

    # Files ---------------------------------------------------------------------------------

    def save(self, folder):
        """Write the fitted picker into a folder, with its segmenter's weights as safetensors.

        Parameters
        ----------
        folder : str or path
            Made if need be. A picker that is there is replaced.
        """
        check_is_fitted(self)
        folder = Path(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        params = {k: v for k, v in self.get_params(deep=False).items() if k != "segmenter"}
        fitted = {"diameter_px": self.diameter_px_, "threshold": self.threshold_}
        files = {FILE: {"format": 1, "params": params, "fitted": fitted}}
        write_folder(folder, files | self.segmenter_.to_files())

    @classmethod
    def load(cls, folder, *, device=None):
        """Return a picker that was saved. Nothing is unpickled.

        Parameters
        ----------
        folder : str or path
        device : str, optional
            Where to; by default the saved parameter.

        Returns
        -------
        ParticlePicker

        Raises
        ------
        SavedNetError
            If the folder holds no picker.
        """
        from ..nets import NetSegmenter

        folder = Path(folder)
        try:
            saved = json.loads((folder / FILE).read_text(encoding="utf-8"))
            picker = cls(**saved["params"])
            fitted = saved["fitted"]
            picker.diameter_px_, picker.threshold_ = fitted["diameter_px"], fitted["threshold"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SavedNetError(
                f"{str(folder)!r} holds no saved picker: {FILE} is missing or broken ({error})."
            ) from error
        picker.segmenter_ = NetSegmenter.load(folder, device=device)
        return picker

    def __sklearn_is_fitted__(self):
        return hasattr(self, "segmenter_")


def _default_segmenter():
    from ..nets import AttentionUNetSegmenter

    return AttentionUNetSegmenter(min_steps=300)


def _images(micrographs, full_names=False):
    """Yield names and images; names without folders, endings and numbers unless they are full."""
    pairs = micrographs.items() if hasattr(micrographs, "items") else map(_named, micrographs)
    for name, image in pairs:
        yield name if full_names else micrograph_stem(name), np.asarray(image)


def _named(micrograph):
    if not isinstance(micrograph, Micrograph):
        micrograph = read_micrograph(micrograph)
    return micrograph.name, micrograph.image


def _stems(names):
    return names.map(micrograph_stem)


def _few(names):
    names = sorted(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(repr, names[:3])) + more


def _moved(picks, from_shape, to_shape):
    """Return picks of an image in pixels of one of another size; pixels are areas, not points."""
    y_factor, x_factor = (to / old for to, old in zip(to_shape, from_shape, strict=True))
    x = (picks["x"] + 0.5) * x_factor - 0.5
    return picks.assign(x=x, y=(picks["y"] + 0.5) * y_factor - 0.5)


def _padded(image, shape, **how):
    return np.pad(
        image, [(0, to - side) for side, to in zip(image.shape, shape, strict=True)], **how
    )

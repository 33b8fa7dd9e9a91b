"""Particles found by a segmenter that has learned from a few picked micrographs."""

from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from .._compat import HasMethods, Interval, StrOptions
from ._checks import check_border, check_positive
from ._picked import by_micrograph, check_masks, on_images, validate_picks, warn_of
from ._saved_pickers import check_place, read_picker, save_picker
from ._sources import load, name_micrographs, naming
from ._working import is_within, move_picks, pixels_within, stack, working_shape
from .filters import fourier_crop
from .masks import make_mask
from .picks import find_picks
from .scoring import best_threshold, score_picks

__all__ = ["ParticlePicker"]

LEAST_SCORE = 0.05  # of picks among which the best threshold is looked for
COLUMNS = ["micrograph", "x", "y", "score", "diameter"]


class ParticlePicker(BaseEstimator):
    """Find particles in micrographs, after learning from a few that somebody has picked.

    Micrographs are made smaller, so that a particle is `working_diameter_px` wide, and segmented
    into particles and background; peaks of the map are the picks, in pixels of the original.

    Parameters
    ----------
    segmenter : estimator, default=None
        What learns, such as :class:`skal.nets.AttentionUNetSegmenter`, which None stands for, with
        at least 300 steps of training.
    diameter_px : float, default=None
        The diameter of a particle in pixels of the micrographs, which must all have pixels of one
        size; None takes the median of the column `diameter` of the picks.
    working_diameter_px : float, default=16.0
        The diameter that particles are made to have before anything is learned. Micrographs of
        smaller particles stay as they are.
    radius_scale : float, default=0.8
        The radius of the discs that are learned, as a share of the particles'. Below 1 it keeps
        neighbors apart.
    threshold : float or "auto", default=0.5
        The least score of a pick, in (0, 1]. ``"auto"`` takes the one, of at least 0.05, with which
        the training picks are found best: how high scores are depends on the net's loss and on how
        many particles were not picked.
    border_px : float, default=0.0
        Pixels of the original along the edges that are neither learned nor picked.

    Attributes
    ----------
    segmenter_ : estimator
        The fitted segmenter.
    diameter_px_, threshold_ : float
        What was given or found.

    Notes
    -----
    Particles that nobody has picked are learned as background. Where only some are picked, use
    ``threshold="auto"``.

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
        "threshold": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"})],
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
        """Learn from micrographs whose particles are picked, all or some of them.

        Parameters
        ----------
        micrographs : dict of str to ndarray, or list of path or Micrograph
            Images of shape (H, W), by name. Files are read one by one. One that no pick names holds
            no particles: leave out those that nobody has looked at.
        picks : pandas.DataFrame
            Columns micrograph, x, y; diameter unless `diameter_px` is given. Names are matched
            without folders, endings and cryoSPARC's numbers. Picks on other micrographs are left
            out, and those outside their image, with a warning.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If no pick is on any of the micrographs, a column is missing, the diameter is not known,
            two micrographs have one name, or an image holds NaN.

        Warns
        -----
        UserWarning
            Of picks outside their image, of micrographs that neither a pick nor
            ``picks.attrs["micrographs"]`` names, and of pixels of several sizes.
        """
        self._validate_params()
        sources, picks = name_micrographs(micrographs), validate_picks(picks)
        self.diameter_px_ = self._find_diameter(picks)
        X, y = self._prepare(sources, picks)
        segmenter = _default_segmenter() if self.segmenter is None else clone(self.segmenter)
        self.segmenter_ = segmenter.fit(X, y)
        is_auto = self.threshold == "auto"
        self.threshold_ = self._best_threshold(sources, picks) if is_auto else self.threshold
        return self

    def prepare(self, micrographs, picks):
        """Return what the segmenter learns from: small images, and masks of their particles.

        A picker that is not fitted sets `diameter_px_`.

        Parameters
        ----------
        micrographs, picks
            As for :meth:`fit`.

        Returns
        -------
        X : ndarray of float32 of shape (n, h, w)
            Micrographs of other sizes than the largest are continued at the right and the bottom,
            as in a mirror.
        y : ndarray of int8 of shape (n, h, w)
            1 in particles, 0 in the background, -1 in borders and outside of the micrograph.
        """
        sources, picks = name_micrographs(micrographs), validate_picks(picks)
        self._set_diameter(picks)
        return self._prepare(sources, picks)

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
        sources, picks = name_micrographs(micrographs), validate_picks(picks)
        self._set_diameter(picks)
        shapes = {name: load(source)[0].shape for name, source in sources.items()}
        truth = self._truth(on_images(picks, shapes)[0], shapes)
        tables = [
            self._working_picks(table, shapes[name]).assign(micrograph=str(i))
            for i, (name, table) in enumerate(by_micrograph(truth, shapes).items())
        ]
        return pd.concat(tables, ignore_index=True)

    @property
    def working_border_px(self):
        """The border in pixels of what :meth:`prepare` returns, as :func:`find_picks` takes it."""
        # there it begins at the center of the first pixel, and not at its edge
        return max(0.0, self.border_px * self._factor() - 0.5)

    def _prepare(self, sources, picks):
        images, shapes, sizes = [], {}, {}
        for name, source in sources.items():
            image, sizes[name] = load(source)
            with naming(name):
                images.append(self._shrink(image))
                check_border(self.border_px, image.shape)
            shapes[name] = image.shape
        there, report = on_images(picks, shapes, sizes)
        warn_of(report, picks.attrs["micrographs"], stacklevel=3)
        masks = [
            self._mask(table, shapes[name]) for name, table in by_micrograph(there, shapes).items()
        ]
        check_masks(masks)
        return stack(images, mode="symmetric"), stack(masks, constant_values=-1)

    def _mask(self, picks, shape):
        small = working_shape(shape, self._factor())
        moved = self._working_picks(picks, shape)
        mask = make_mask(moved, small, radius_scale=self.radius_scale).astype(np.int8)
        mask[~pixels_within(small, shape, self.border_px)] = -1
        return mask

    def _working_picks(self, picks, shape):
        """Return picks of one micrograph, of a shape, in pixels of its small copy."""
        small = working_shape(shape, self._factor())
        diameter = self.diameter_px_ * small[1] / shape[1]
        return move_picks(picks[["x", "y"]], shape, small).assign(diameter=diameter)

    def _truth(self, picks, shapes):
        """Return which of the picks on micrographs can be found, and the diameter of all."""
        sizes = np.array([shapes[name] for name in picks["micrograph"]])
        within = is_within(picks, sizes.T, self.border_px)
        return picks[within].assign(diameter=self.diameter_px_)

    def _set_diameter(self, picks):
        if not self.__sklearn_is_fitted__():
            self._validate_params()
            self.diameter_px_ = self._find_diameter(picks)

    def _find_diameter(self, picks):
        if self.diameter_px is not None:
            return float(self.diameter_px)
        if "diameter" not in picks or picks["diameter"].isna().all():
            raise ValueError(
                "the diameter of particles is not known: the picks have no column diameter. Pass "
                "diameter_px=..., in pixels of the micrographs."
            )
        diameter = float(picks["diameter"].median())
        check_positive(diameter, "the median diameter of the picks")
        return diameter

    def _best_threshold(self, sources, picks):
        found, shapes = self._pick_all(sources, LEAST_SCORE)
        if not len(found):
            raise ValueError(
                f"no threshold can be found: the segmenter is nowhere in the training micrographs "
                f"at least {LEAST_SCORE} sure of a particle. Train it for longer, with more "
                f"max_epochs or min_steps."
            )
        truth = self._truth(on_images(picks, shapes)[0], shapes)
        return float(best_threshold(found, truth, micrographs=list(shapes)))

    def _factor(self):
        return min(1.0, self.working_diameter_px / self.diameter_px_)

    def _shrink(self, image):
        return fourier_crop(image, working_shape(np.shape(image), self._factor()))

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
        return self._map(self._shrink(image))

    def _map(self, small):
        return self.segmenter_.predict_proba(small[None])[0, 1]

    def predict(self, micrographs):
        """Return the picks of micrographs.

        Parameters
        ----------
        micrographs : dict of str to ndarray, or list of path or Micrograph
            Files are read one by one.

        Returns
        -------
        pandas.DataFrame
            Columns micrograph (the name given, of a file without folders), x, y, score and
            diameter, in pixels of the micrographs; of each micrograph the best first.
        """
        check_is_fitted(self)
        return self._pick_all(name_micrographs(micrographs), self.threshold_)[0]

    def _pick_all(self, sources, threshold):
        """Return the picks of micrographs, and the shapes of these by name."""
        tables, shapes = [], {}
        for name, source in sources.items():
            image = load(source)[0]
            with naming(name):
                small = self._shrink(image)
            found = self._picks_of(self._map(small), image.shape, threshold)
            tables.append(found.assign(micrograph=name)[COLUMNS])
            shapes[name] = image.shape
        return pd.concat(tables, ignore_index=True), shapes

    def _picks_of(self, score_map, shape, threshold):
        """Return the picks of one micrograph, of a shape, that its map shows."""
        diameter = self.diameter_px_ * score_map.shape[1] / shape[1]
        found = find_picks(score_map, diameter, threshold=threshold)
        found = move_picks(found, score_map.shape, shape)
        return found[is_within(found, shape, self.border_px)].assign(diameter=self.diameter_px_)

    def score(self, micrographs, picks):
        """Return the mean F1 score of the picks of micrographs; see :func:`score_picks`.

        Parameters
        ----------
        micrographs, picks
            As for :meth:`fit`; picks are the truth. Those in borders do not count.

        Returns
        -------
        float
            In [0, 1].
        """
        check_is_fitted(self)
        sources, picks = name_micrographs(micrographs), validate_picks(picks)
        found, shapes = self._pick_all(sources, self.threshold_)
        there, report = on_images(picks, shapes)
        warn_of(report, picks.attrs["micrographs"], stacklevel=2)
        truth = self._truth(there, shapes)
        return score_picks(found, truth, micrographs=list(shapes)).f1_score

    # Files ---------------------------------------------------------------------------------

    def save(self, folder):
        """Write the fitted picker into a folder, with its segmenter's weights as safetensors.

        Parameters
        ----------
        folder : str or path
            Made if need be. A picker that is there is replaced.

        Raises
        ------
        FileExistsError
            If the folder holds anything else.
        TypeError
            If the segmenter is no net of skal.
        """
        check_is_fitted(self)
        check_place(folder)
        save_picker(self, Path(folder))

    @classmethod
    def from_segmenter(
        cls, segmenter, *, diameter_px, working_diameter_px=16.0, threshold=0.5, border_px=0.0
    ):
        """Return a fitted picker around a segmenter that has learned elsewhere.

        Parameters
        ----------
        segmenter : estimator
            Fitted on images whose particles were `working_diameter_px` wide.
        diameter_px, working_diameter_px, threshold, border_px
            As for the class; the threshold is a number.

        Returns
        -------
        ParticlePicker
        """
        picker = cls(
            segmenter,
            diameter_px=diameter_px,
            working_diameter_px=working_diameter_px,
            threshold=threshold,
            border_px=border_px,
        )
        picker._validate_params()
        picker.segmenter_, picker.diameter_px_ = segmenter, float(diameter_px)
        picker.threshold_ = float(threshold)
        return picker

    @classmethod
    def load(cls, folder, *, module=None, device=None):
        """Return a picker that was saved. Nothing is unpickled.

        Parameters
        ----------
        folder : str or path
        module : callable or torch.nn.Module, optional
            Of a picker whose segmenter is a :class:`skal.nets.NetSegmenter`: its module, of which
            only the weights are kept.
        device : str, optional
            Where to; by default the saved parameter.

        Returns
        -------
        ParticlePicker
            Fitted; its parameter `segmenter` is that of the net.

        Raises
        ------
        SavedNetError
            If the folder holds no picker, or one that is damaged.
        """
        from ..nets import NetSegmenter

        picker = read_picker(cls, Path(folder))
        picker.segmenter_ = NetSegmenter.load(folder, module=module, device=device)
        picker.segmenter = clone(picker.segmenter_)
        return picker

    def __sklearn_is_fitted__(self):
        return hasattr(self, "threshold_")


def _default_segmenter():
    from ..nets import AttentionUNetSegmenter

    return AttentionUNetSegmenter(min_steps=300)

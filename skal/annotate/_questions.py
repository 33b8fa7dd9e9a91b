"""An image that is asked for, and why."""

from dataclasses import dataclass

import numpy as np

from ._plan import unit

N_NEIGHBORS = 3


@dataclass(frozen=True)
class Neighbor:
    """A labeled image that looks like another.

    Attributes
    ----------
    item_id : int
        Its number.
    label : str
        Its label.
    similarity : float
        The cosine of both embeddings, in [-1, 1].
    """

    item_id: int
    label: str
    similarity: float


@dataclass(frozen=True)
class Question:
    """An image that somebody is asked for.

    Attributes
    ----------
    item_id : int
        Its number, for `Project.decide`.
    reason : str
        Why it is asked for, in words with numbers.
    strategy : str
        What has chosen it.
    score, percentile : float or None
        The score of the strategy, and the percentage of the pool that it ranks lower.
    is_blind : bool
        Whether nobody may see a prediction before answering.
    prediction : dict of str to float, or None
        What the model says, by label; None where it is blind, or there is no model.
    model_id : int or None
        The model that says so.
    """

    item_id: int
    reason: str
    strategy: str
    score: float | None
    percentile: float | None
    is_blind: bool
    prediction: dict | None
    model_id: int | None


@dataclass(frozen=True)
class Why:
    """Why an image is asked for.

    Attributes
    ----------
    reason : str
        In words with numbers.
    strategy : str or None
        What has chosen it; None where it was not asked for.
    score, percentile : float or None
        The score of the strategy, and the percentage of the pool that it ranks lower.
    nearest : list of Neighbor
        The labeled images most like it, at most three; none for one that is answered blind.
    """

    reason: str
    strategy: str | None
    score: float | None
    percentile: float | None
    nearest: list


def nearest_rows(x, X):
    """Return the rows of `X` most like one embedding, and the cosines of both.

    Parameters
    ----------
    x : ndarray of shape (d,)
        The embedding.
    X : ndarray of shape (n, d)
        Others.

    Returns
    -------
    rows : ndarray of int
        The most alike first, at most three.
    cosines : ndarray of float
    """
    cosines = (unit(X) @ unit(x[None]).T)[:, 0]
    rows = np.argsort(-cosines, kind="stable")[:N_NEIGHBORS]
    return rows, cosines[rows]

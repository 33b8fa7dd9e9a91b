"""Losses of segmentation that leave out pixels without a label.

All take logits of shape (n, n_classes, ...), or (n, 1, ...) and (n, ...) for one logit of the
positive class, and integer targets of shape (n, ...). They compute in float32 whatever comes in,
so that they are finite in half precision, and a batch without a labeled pixel costs 0.
"""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["DiceLoss", "FocalDiceLoss", "FocalLoss"]

IGNORE = -1
SMOOTH = 1.0
SHARES = (0.05, 0.95)  # of positive pixels, where a batch is asked in place of the whole data


class FocalLoss(nn.Module):
    """Cross-entropy in which pixels that are right already count less [1]_.

    The mean over labeled pixels of ``alpha_t * (1 - p_t) ** gamma * -log(p_t)``, where p_t is the
    probability of the pixel's class.

    Parameters
    ----------
    alpha : float, "auto" or None, default="auto"
        The weight of positive pixels, in [0, 1]; negative ones have 1 - alpha. ``"auto"`` weighs
        every class by one minus its share of the labeled pixels: a segmenter takes the share in its
        training data, and a loss on its own that in the batch. None weighs all by 1.
    gamma : float, default=2.0
        0 is cross-entropy.
    pos_weight : float or None, default=None
        A further factor for positive pixels, for two classes. Best left out where `alpha` is not
        None: both at once drive a net to call everything positive.
    ignore_index : int, default=-1
        The target of pixels that are left out.

    Notes
    -----
    alpha = 0.25, often copied from [1]_, weighs *positives* by a quarter. It was chosen for
    detectors with easy negatives and gamma = 2; where positives are rare and negatives hard, nets
    may learn to call everything negative.

    References
    ----------
    .. [1] Lin, Goyal, Girshick, He and Dollár (2017), "Focal loss for dense object detection",
       ICCV, eq. 5.

    Examples
    --------
    >>> logits, target = torch.zeros(1, 2, 2, 2), torch.tensor([[[0, 1], [1, -1]]])
    >>> FocalLoss(alpha=None, gamma=0.0)(logits, target)
    tensor(0.6931)
    """

    def __init__(self, alpha="auto", gamma=2.0, pos_weight=None, ignore_index=IGNORE):
        super().__init__()
        if not (alpha is None or alpha == "auto" or 0 <= float(alpha) <= 1):
            raise ValueError(f"alpha must be in [0, 1], 'auto' or None; got {alpha!r}.")
        if gamma < 0:
            raise ValueError(f"gamma must be at least 0; got {gamma!r}.")
        self.alpha = alpha
        self.gamma = gamma
        self.pos_weight = pos_weight
        self.ignore_index = ignore_index
        self.shares_ = None

    def learn_shares(self, shares):
        """Take the share of each class in the training data for ``alpha="auto"``.

        Parameters
        ----------
        shares : array-like of float of shape (n_classes,)
        """
        self.shares_ = torch.as_tensor(shares, dtype=torch.float32)

    def forward(self, logits, target):
        """Return the loss, a tensor of one number."""
        log_proba, target, known = _labeled(logits, target, self.ignore_index)
        log_p = log_proba.gather(1, target[:, None])[:, 0]
        losses = -((1 - log_p.exp()) ** self.gamma if self.gamma else 1.0) * log_p
        weights = self._class_weights(log_proba.shape[1], target, known)
        if weights is not None:
            losses = losses * weights.to(losses)[target]
        return (losses * known).sum() / known.sum().clamp(min=1)

    def _class_weights(self, n_classes, target, known):
        """Return a weight for each class, or None."""
        weights = None
        if self.alpha == "auto":
            shares = _shares(target, known, n_classes) if self.shares_ is None else self.shares_
            weights = 1 - shares
        elif self.alpha is not None:
            self._check_two(n_classes, "alpha")
            weights = torch.tensor([1 - self.alpha, self.alpha])
        if self.pos_weight is not None:
            self._check_two(n_classes, "pos_weight")
            weights = torch.ones(2) if weights is None else weights.cpu()
            weights = weights * torch.tensor([1.0, self.pos_weight])
        return weights

    def _check_two(self, n_classes, name):
        if n_classes != 2:
            raise ValueError(
                f"{name} is a weight of the positive of two classes; there are {n_classes}. Use "
                f"alpha='auto' or None, and pos_weight=None."
            )

    def extra_repr(self):
        """Return the parameters."""
        return f"alpha={self.alpha!r}, gamma={self.gamma:g}, pos_weight={self.pos_weight}"


class DiceLoss(nn.Module):
    """One minus the overlap of prediction and target, over all labeled pixels of a batch [1]_.

    ``1 - (2 * sum(p * t) + 1) / (sum(p) + sum(t) + 1)`` for the probabilities p of a class and its
    indicator t: of the positive class where there are two, else the mean over all classes but the
    first, which is the background.

    Parameters
    ----------
    ignore_index : int, default=-1
        The target of pixels that are left out, of both sums.

    References
    ----------
    .. [1] Milletari, Navab and Ahmadi (2016), "V-Net: fully convolutional neural networks for
       volumetric medical image segmentation", 3DV, with a plain sum in place of squares.

    Examples
    --------
    >>> logits, target = torch.zeros(1, 2, 2, 2), torch.tensor([[[0, 1], [1, -1]]])
    >>> DiceLoss()(logits, target)  # 1 - (2 * 1 + 1) / (1.5 + 2 + 1)
    tensor(0.3333)
    """

    def __init__(self, ignore_index=IGNORE):
        super().__init__()
        self.ignore_index = ignore_index

    def forward(self, logits, target):
        """Return the loss, a tensor of one number."""
        log_proba, target, known = _labeled(logits, target, self.ignore_index)
        losses = []
        for k in range(1, log_proba.shape[1]):
            p, t = log_proba[:, k].exp() * known, (target == k) * known
            overlap = (2 * (p * t).sum() + SMOOTH) / (p.sum() + t.sum() + SMOOTH)
            losses.append(1 - overlap)
        return torch.stack(losses).mean() * known.any()


class FocalDiceLoss(nn.Module):
    """A weighted sum of :class:`FocalLoss` and :class:`DiceLoss`.

    Parameters
    ----------
    focal_weight, dice_weight : float, default=0.7, 0.3
        At least 0.
    alpha, gamma, pos_weight
        As for :class:`FocalLoss`.
    ignore_index : int, default=-1
        The target of pixels that are left out of both terms.

    Examples
    --------
    >>> logits, target = torch.zeros(1, 2, 2, 2), torch.tensor([[[0, 1], [1, -1]]])
    >>> FocalDiceLoss()(logits, target) > 0
    tensor(True)
    """

    def __init__(
        self,
        focal_weight=0.7,
        dice_weight=0.3,
        alpha="auto",
        gamma=2.0,
        pos_weight=None,
        ignore_index=IGNORE,
    ):
        super().__init__()
        if min(focal_weight, dice_weight) < 0:
            raise ValueError(f"weights must be at least 0; got {focal_weight=} and {dice_weight=}.")
        self.focal_weight, self.dice_weight = focal_weight, dice_weight
        self.focal = FocalLoss(alpha, gamma, pos_weight, ignore_index)
        self.dice = DiceLoss(ignore_index)

    def learn_shares(self, shares):
        """Take the share of each class in the training data; see :class:`FocalLoss`."""
        self.focal.learn_shares(shares)

    def forward(self, logits, target):
        """Return the loss, a tensor of one number."""
        focal, dice = self.focal(logits, target), self.dice(logits, target)
        return self.focal_weight * focal + self.dice_weight * dice


def _labeled(logits, target, ignore_index):
    """Return log-probabilities, targets with 0 where there is no label, and where there is one.

    All with pixels in one axis: (n, n_classes, pixels) and twice (n, pixels).
    """
    if logits.ndim == target.ndim:
        logits = logits[:, None]
    if logits.shape[0] != target.shape[0] or logits.shape[2:] != target.shape[1:]:
        raise ValueError(
            f"logits must have shape (n, n_classes, *pixels) for targets of shape (n, *pixels); "
            f"got {tuple(logits.shape)} and {tuple(target.shape)}."
        )
    logits, target = logits.flatten(2).float(), target.flatten(1).long()
    if logits.shape[1] == 1:  # one logit of the positive class
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
    known = target != ignore_index
    return F.log_softmax(logits, dim=1), torch.where(known, target, 0), known


def _shares(target, known, n_classes):
    """Return the share of each class in a batch, none near 0 or 1."""
    counts = torch.stack([((target == k) & known).sum() for k in range(n_classes)]).float()
    return (counts / counts.sum().clamp(min=1)).clamp(*SHARES)

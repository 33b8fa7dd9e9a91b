"""Losses against slow versions, another library's, and numerical gradients."""

import math
import warnings

import numpy as np
import pytest
import torch

from skal.nets import DiceLoss, FocalDiceLoss, FocalLoss


@pytest.fixture
def batch():
    """Return logits (3, 2, 5, 4), and targets with pixels of no label."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 2, 5, 4, generator=generator)
    return logits, torch.randint(-1, 2, (3, 5, 4), generator=generator)


def labeled_pixels(logits, target):
    """Yield the probability of the positive class and the label of each labeled pixel."""
    proba = logits.double().softmax(dim=1)
    for i, row, column in np.ndindex(*target.shape):
        if target[i, row, column] != -1:
            yield float(proba[i, 1, row, column]), int(target[i, row, column])


def slow_focal(logits, target, alpha, gamma, pos_weight=1.0):
    losses = []
    for p, label in labeled_pixels(logits, target):
        p_t, alpha_t = (p, alpha * pos_weight) if label else (1 - p, 1 - alpha)
        losses.append(-alpha_t * (1 - p_t) ** gamma * math.log(p_t))
    return sum(losses) / len(losses)


def slow_dice(logits, target):
    pairs = list(labeled_pixels(logits, target))
    both = sum(p * label for p, label in pairs)
    return 1 - (2 * both + 1) / (sum(p for p, _ in pairs) + sum(label for _, label in pairs) + 1)


@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (0.7, 0.0), (0.5, 1.5)])
def test_focal_loss_is_the_mean_over_labeled_pixels(batch, alpha, gamma):
    assert float(FocalLoss(alpha, gamma)(*batch)) == pytest.approx(slow_focal(*batch, alpha, gamma))


def test_alpha_auto_is_one_minus_the_share_of_positives(batch):
    labels = [label for _, label in labeled_pixels(*batch)]
    alpha = 1 - np.mean(labels)
    assert float(FocalLoss()(*batch)) == pytest.approx(slow_focal(*batch, alpha, 2.0))
    learned = FocalLoss()
    learned.learn_shares([0.9, 0.1])
    assert float(learned(*batch)) == pytest.approx(slow_focal(*batch, 0.9, 2.0))


def test_pos_weight_multiplies_positives(batch):
    expected = slow_focal(*batch, 0.4, 2.0, pos_weight=3.0)
    assert float(FocalLoss(0.4, pos_weight=3.0)(*batch)) == pytest.approx(expected)


def test_dice_loss_is_that_of_labeled_pixels(batch):
    assert float(DiceLoss()(*batch)) == pytest.approx(slow_dice(*batch))


def test_the_sum_weighs_both_terms(batch):
    expected = 0.7 * slow_focal(*batch, 0.3, 2.0) + 0.3 * slow_dice(*batch)
    assert float(FocalDiceLoss(alpha=0.3)(*batch)) == pytest.approx(expected)


def test_without_focus_and_weights_it_is_cross_entropy(batch):
    logits, target = batch
    expected = torch.nn.functional.cross_entropy(logits, target, ignore_index=-1)
    assert torch.allclose(FocalLoss(alpha=None, gamma=0.0)(logits, target), expected)


def test_one_logit_of_the_positive_class_is_as_good_as_two(batch):
    logits, target = batch
    for loss in (FocalLoss(), DiceLoss(), FocalDiceLoss()):
        one = logits[:, 1] - logits[:, 0]
        assert torch.allclose(loss(one, target), loss(logits, target))
        assert torch.allclose(loss(one[:, None], target), loss(logits, target))


def test_several_classes_are_weighed_by_their_shares():
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 3, 6, generator=generator)
    target = torch.randint(-1, 3, (2, 6), generator=generator)
    known = target[target >= 0]
    weights = 1 - torch.bincount(known, minlength=3) / len(known)
    p = logits.softmax(dim=1).movedim(1, -1)[target >= 0]
    p_t = p[torch.arange(len(known)), known]
    expected = (weights[known] * (1 - p_t) ** 2 * -p_t.log()).mean()
    assert torch.allclose(FocalLoss()(logits, target), expected)
    dice = [
        1 - (2 * p[known == k, k].sum() + 1) / (p[:, k].sum() + (known == k).sum() + 1)
        for k in (1, 2)
    ]
    assert torch.allclose(DiceLoss()(logits, target), torch.stack(dice).mean())


def test_pixels_without_a_label_change_nothing_and_get_no_gradient(batch):
    logits, target = batch
    other = torch.where((target == -1)[:, None], 50.0, logits).requires_grad_()
    loss = FocalDiceLoss()(other, target)
    assert torch.allclose(loss, FocalDiceLoss()(logits, target))
    loss.backward()
    assert (other.grad[(target == -1)[:, None].expand_as(logits)] == 0).all()
    assert (other.grad[(target != -1)[:, None].expand_as(logits)] != 0).all()


def test_a_batch_without_labels_costs_nothing(batch):
    logits, target = batch
    logits.requires_grad_()
    for loss in (FocalLoss(), DiceLoss(), FocalDiceLoss()):
        value = loss(logits, torch.full_like(target, -1))
        value.backward()
        assert value == 0
    assert (logits.grad == 0).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [1e-4, 6e4])
def test_half_precision_is_finite(batch, dtype, size):
    logits = (batch[0].sign() * size).to(dtype).requires_grad_()
    loss = FocalDiceLoss(pos_weight=10.0)(logits, batch[1])
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("loss", [FocalLoss(0.3), FocalLoss(None, 0.0), DiceLoss()])
def test_gradients_are_those_of_differences(loss, batch):
    logits, target = batch[0].requires_grad_(), batch[1]
    loss(logits, target).backward()
    for at in [(0, 0, 0, 0), (1, 1, 2, 3), (2, 0, 4, 1)]:
        step = torch.zeros_like(logits)
        step[at] = 1e-2
        with torch.no_grad():
            slope = (loss(logits + step, target) - loss(logits - step, target)) / 2e-2
        assert float(logits.grad[at]) == pytest.approx(float(slope), abs=1e-4)


def test_monai_says_the_same(batch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        monai = pytest.importorskip("monai.losses")
    logits, target = batch
    one, labels = (logits[:, 1:] - logits[:, :1]), torch.where(target == -1, 255, target)[:, None]
    focal = monai.FocalLoss(alpha=0.25, gamma=2.0, ignore_index=255)(one, labels)
    assert torch.allclose(FocalLoss(0.25)(logits, target), focal)
    options = {"sigmoid": True, "ignore_index": 255, "batch": True}
    options |= {"smooth_nr": 1.0, "smooth_dr": 1.0}
    assert torch.allclose(DiceLoss()(logits, target), monai.DiceLoss(**options)(one, labels))


def test_the_famous_alpha_of_a_quarter_neglects_positives(batch):
    logits, target = torch.zeros(1, 2, 10), torch.tensor([[1, *[0] * 9]])
    logits.requires_grad_()
    FocalLoss(0.25)(logits, target).backward()
    of_positive, of_negatives = logits.grad[0, 1, 0].abs(), logits.grad[0, 1, 1:].abs().sum()
    assert of_negatives > 20 * of_positive
    logits.grad = None
    FocalLoss()(logits, target).backward()
    assert torch.allclose(logits.grad[0, 1, 0].abs(), logits.grad[0, 1, 1:].abs().sum())


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: FocalLoss(1.5), "alpha must be in"),
        (lambda: FocalLoss(gamma=-1), "gamma must be at least 0"),
        (lambda: FocalDiceLoss(dice_weight=-1), "weights must be at least 0"),
        (lambda: FocalLoss(0.5)(torch.zeros(1, 3, 4), torch.zeros(1, 4)), "of two classes"),
        (lambda: DiceLoss()(torch.zeros(1, 2, 4), torch.zeros(1, 5)), "logits must have shape"),
    ],
)
def test_bad_arguments_are_named(make, match):
    with pytest.raises(ValueError, match=match):
        make()

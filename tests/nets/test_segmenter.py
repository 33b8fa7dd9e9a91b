"""Segmenters: what they learn, what they see, and what they are as estimators."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from torch import nn

from skal.exceptions import SavedNetError
from skal.nets import AttentionUNetSegmenter, FocalDiceLoss, NetSegmenter, UNetSegmenter
from skal.nets import _images as images
from skal.nets._augment import random_moves
from skal.nets._unet import AttentionGate, UNet


def discs(n=6, shape=(32, 32), seed=0, radius=5):
    """Return noisy images with bright discs, and their masks."""
    rng = np.random.RandomState(seed)
    X, y = rng.normal(size=(n, *shape)).astype(np.float32), np.zeros((n, *shape), np.int8)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    for image, mask in zip(X, y, strict=True):
        row, column = (rng.randint(radius, side - radius) for side in shape)
        is_disc = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        image[is_disc] += 3
        mask[is_disc] = 1
    return X, y


def small(cls=AttentionUNetSegmenter, **params):
    return cls(**({"width": 4, "depth": 2, "max_epochs": 2, "random_state": 0} | params))


@pytest.fixture(scope="module")
def fitted():
    return small(dropout=0.4).fit(*discs())


def state_of(net):
    return torch.cat([v.flatten().float() for v in net.net_.module_.state_dict().values()])


# The networks ------------------------------------------------------------------------------


@pytest.mark.parametrize(("attention", "n_parameters"), [(False, 31_042_369), (True, 31_393_901)])
def test_at_full_size_the_networks_are_the_known_ones(attention, n_parameters):
    net = UNet((1, 8, 8), 1, width=64, depth=4, attention=attention)
    assert sum(p.numel() for p in net.parameters()) == n_parameters


def test_a_gate_is_additive_and_weighs_each_pixel():
    gate, generator = AttentionGate(4).eval(), torch.Generator().manual_seed(0)
    skip, signal = torch.randn(2, 1, 4, 3, 3, generator=generator)
    expected = torch.empty_like(skip)
    for row, column in np.ndindex(3, 3):
        seen = skip[0, :, row, column]
        below = signal[0, :, row, column]
        linear = [nn.functional.linear(x, conv[0].weight[:, :, 0, 0], conv[0].bias)
                  for x, conv in ((seen, gate.of_skip), (below, gate.of_signal))]  # fmt: skip
        norm = (1 + gate.of_skip[1].eps) ** -0.5  # batch norm that has seen nothing
        between = torch.relu(norm * (linear[0] + linear[1]))
        weight = gate.weight[0]
        logit = nn.functional.linear(between, weight.weight[:, :, 0, 0], weight.bias) * norm
        expected[0, :, row, column] = seen * torch.sigmoid(logit)
    assert torch.allclose(gate(skip, signal), expected, atol=1e-6)


@pytest.mark.parametrize("cls", [UNetSegmenter, AttentionUNetSegmenter])
def test_they_learn_discs(cls):
    X, y = discs(24)
    net = small(cls, width=8, max_epochs=25, batch_size=4, lr=5e-3).fit(X[:12], y[:12])
    assert net.score(X[12:], y[12:]) > 0.85


@pytest.mark.parametrize("loss", ["bce", FocalDiceLoss(alpha=0.7)])
def test_other_losses_train_too(loss):
    X, y = discs(12)
    net = small(width=8, max_epochs=25, lr=5e-3, loss=loss, augment=None).fit(X, y)
    assert net.score(X, y) > 0.8


def test_the_loss_knows_the_shares_of_all_training_pixels():
    X, y = discs()
    net = small().fit(X, y)
    assert net.net_.criterion_.focal.shares_[1] == pytest.approx(y.mean())
    net.set_params(warm_start=True).fit(X[:1], y[:1])
    assert net.net_.criterion_.focal.shares_[1] == pytest.approx(y[:1].mean())


# Pixels without labels -----------------------------------------------------------------------


def test_pixels_without_a_label_are_not_learned():
    X, y = discs()
    hidden, other = y.copy(), y.copy()
    hidden[:, 16:] = -1
    net = small().fit(X, hidden)
    assert net.classes_.tolist() == [0, 1]
    other[:, 16:] = -1
    assert torch.equal(state_of(net), state_of(small().fit(X, other.astype(np.int64))))
    assert not torch.equal(state_of(net), state_of(small().fit(X, y)))


def test_an_image_without_any_label_is_of_no_weight_in_the_score(fitted):
    X, y = discs(3)
    y[0] = -1
    assert fitted.score(X, y) == pytest.approx(fitted.score(X[1:], y[1:]))


def test_score_is_f1_of_all_labeled_pixels(fitted):
    X, y = discs(5, seed=3)
    y[:, :7] = -1
    predicted = fitted.predict(X)
    expected = f1_score(y[y != -1], predicted[y != -1])
    assert fitted.score(X, y) == pytest.approx(expected)


def test_classes_may_be_any_integers_or_true_and_false():
    X, y = discs()
    several = np.where(y == 1, 7, np.where(X > 1, 3, 0))
    net = small().fit(X, several)
    assert net.classes_.tolist() == [0, 3, 7]
    assert set(np.unique(net.predict(X))) <= {0, 3, 7}
    assert net.predict_proba(X).shape == (6, 3, 32, 32)
    assert small().fit(X, y == 1).predict(X).dtype == bool


# Augmentation --------------------------------------------------------------------------------


def test_image_and_mask_are_moved_alike():
    _, y = discs(40, (48, 48), radius=8)
    y[:, :4] = -1
    masks = torch.as_tensor(y)
    torch.manual_seed(0)
    moved, labels = random_moves(masks[:, None].float(), masks)
    known = labels >= 0
    is_edge = (moved[:, 0] - moved[:, 0].round()).abs() > 1e-3
    assert ((moved[:, 0].round() == labels) | is_edge | ~known).all()
    assert (known & ~is_edge).float().mean() > 0.6
    assert not torch.equal(labels, masks)


def test_what_comes_in_at_the_border_has_no_label():
    masks = torch.zeros(50, 20, 20, dtype=torch.int16)
    torch.manual_seed(0)
    _, labels = random_moves(torch.rand(50, 1, 20, 20), masks)
    assert set(labels.unique().tolist()) == {-1, 0}
    assert labels.dtype == masks.dtype


@pytest.mark.parametrize("shape", [(16, 16), (16, 24)])
def test_all_symmetries_come_up(shape, monkeypatch):
    for name in ("MAX_SHIFT", "MAX_ROTATION_DEGREES", "MAX_SCALE"):
        monkeypatch.setattr(f"skal.nets._augment.{name}", 0.0)
    image = torch.arange(float(np.prod(shape))).reshape(1, 1, *shape)
    torch.manual_seed(0)
    moved, _ = random_moves(image.repeat(200, 1, 1, 1), torch.zeros(200, *shape).int())
    corners = {tuple(m[0, [0, 0, -1], [0, -1, 0]].round().int().tolist()) for m in moved}
    assert len(corners) == (8 if shape[0] == shape[1] else 4)


def test_what_is_predicted_is_never_augmented():
    X, y = discs()
    calls = []

    def record(batch, masks):
        calls.append(len(batch))
        return batch, masks

    net = small(augment=record, validation_fraction=0.3).fit(X, y)
    n_calls = len(calls)
    assert n_calls > 0
    net.predict(X), net.embed(X), net.sample_proba(X, 2), net.score(X, y)
    assert len(calls) == n_calls


# Images of any size ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(33, 50), (8, 8), (5, 31)])
def test_images_of_any_size_are_segmented(fitted, shape):
    X = np.random.RandomState(0).normal(size=(2, *shape))
    proba = fitted.predict_proba(X)
    assert proba.shape == (2, 2, *shape)
    assert proba.dtype == np.float32
    assert np.allclose(proba.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("shape", [(150, 97), (64, 200)])
def test_parts_of_a_large_image_fit_without_seams(fitted, shape, monkeypatch):
    X = np.random.RandomState(0).normal(size=(2, *shape)).astype(np.float32)
    whole = [
        fitted.predict_proba(X),
        fitted.embed(X),
        fitted.sample_proba(X, 2),
        *fitted.predict_proba_and_embed(X),
    ]
    monkeypatch.setattr(images, "TILE", 32)
    parts = [
        fitted.predict_proba(X),
        fitted.embed(X),
        fitted.sample_proba(X, 2),
        *fitted.predict_proba_and_embed(X),
    ]
    for one, other in zip(whole, parts, strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 1e-5


def test_a_module_that_does_not_say_how_far_it_reaches_sees_whole_images(monkeypatch):
    monkeypatch.setattr(images, "TILE", 8)
    X, y = discs()
    net = NetSegmenter(nn.Conv2d(1, 2, 3, padding=1), max_epochs=1, random_state=0).fit(X, y)
    assert net.predict_proba(X).shape == (6, 2, 32, 32)
    with pytest.raises(ValueError, match="no layer called bottom"):
        net.embed(X)


def test_patches_cover_large_images_once_an_epoch():
    X, y = discs(3, (40, 64))
    seen = []

    def record(batch, masks):
        assert batch.shape[1:] == (1, 16, 16)
        assert masks.shape[1:] == (16, 16)
        seen.append(len(batch))
        return batch, masks

    small(patch_size=16, batch_size=8, max_epochs=1, augment=record).fit(X, y)
    assert sum(seen) == 3 * 3 * 4
    assert max(seen) - min(seen) <= 1


# Samples of any kind ---------------------------------------------------------------------------


def test_brightness_and_contrast_of_an_image_do_not_matter(fitted):
    X, _ = discs(3)
    other = X * np.array([1, 5, 0.1], np.float32)[:, None, None] + np.float32(40)
    assert np.allclose(fitted.predict_proba(other), fitted.predict_proba(X), atol=1e-3)
    assert np.isfinite(fitted.predict_proba(np.full((1, 16, 16), 7.0))).all()


def test_layouts_and_containers_agree(tmp_path):
    X, y = discs()
    X = np.clip(128 + 25 * X, 0, 255).astype(np.uint8)
    expected = small().fit(X, y).predict_proba(X)
    mapped = np.memmap(tmp_path / "X", np.uint8, "w+", shape=X.shape)
    mapped[:] = X
    paths = [tmp_path / f"{i}.png" for i in range(len(X))]
    for image, path in zip(X, paths, strict=True):
        Image.fromarray(image).save(path)
    for same in (X[:, None], X[..., None], X.astype(float), torch.as_tensor(X), mapped, paths):
        assert np.allclose(small().fit(same, y).predict_proba(same), expected, atol=1e-3)


def test_colors_are_channels():
    X, y = discs()
    X = np.repeat(X[:, None], 3, axis=1)
    net = small(standardize="data").fit(X, y)
    assert net.net_.module_.encoder[0][0].in_channels == 3
    last = small(standardize="data").fit(np.moveaxis(X, 1, -1), y)
    assert np.allclose(net.predict_proba(X), last.predict_proba(np.moveaxis(X, 1, -1)), atol=1e-5)


# An estimator ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_net():
    X, y = discs()
    assert torch.equal(state_of(small().fit(X, y)), state_of(small().fit(X, y)))
    other = small(random_state=1).fit(X, y)
    assert not torch.equal(state_of(small().fit(X, y)), state_of(other))


def test_clone_pickle_and_search(fitted):
    X, y = discs()
    assert clone(fitted).get_params() == fitted.get_params()
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    search = GridSearchCV(small(max_epochs=1), {"dropout": [0.1, 0.3]}, cv=2, n_jobs=2).fit(X, y)
    assert search.best_params_["dropout"] in (0.1, 0.3)
    assert cross_val_score(small(max_epochs=1), X, y, cv=2).shape == (2,)


def test_saved_and_loaded_it_predicts_the_same(fitted, tmp_path):
    X, y = discs(2, (40, 56))
    fitted.save(tmp_path)
    loaded = AttentionUNetSegmenter.load(tmp_path)
    assert np.array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    assert np.array_equal(loaded.sample_proba(X, 2), fitted.sample_proba(X, 2))
    assert loaded.get_params() == fitted.get_params()
    loaded.set_params(warm_start=True, random_state=1).fit(X, y)
    assert not np.array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    small(UNetSegmenter, max_epochs=1).fit(X, y).save(tmp_path)
    with pytest.raises(SavedNetError, match="Load it by UNetSegmenter"):
        AttentionUNetSegmenter.load(tmp_path)


def test_training_goes_on_where_asked():
    X, y = discs()
    net = small(max_epochs=1, warm_start=True).fit(X, y).fit(X, y)
    assert len(net.history_) == 2
    net.set_params(warm_epochs=3).fit(X, y)
    assert len(net.history_) == 5
    assert len(net.set_params(warm_start=False).fit(X, y).history_) == 1


@pytest.mark.parametrize(("n_images", "n_epochs"), [(1, 10), (2, 5), (6, 2)])
def test_few_images_are_trained_on_for_more_epochs(n_images, n_epochs):
    X, y = discs(n_images)
    net = small(min_steps=10, batch_size=4, patch_size=16).fit(X, y)  # four patches an image
    assert len(net.history_) == n_epochs


def test_the_cosine_schedule_spans_all_epochs():
    X, y = discs(1)
    net = small(min_steps=10, batch_size=4, patch_size=16, lr_schedule="cosine").fit(X, y)
    rates = [epoch["event_lr"] for epoch in net.history_]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.03 * rates[0]


def test_all_devices_are_those_of_cuda():
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="torch finds none"):
            small(device="all").fit(*discs())


def test_validation_images_are_whole_and_judge_epochs():
    X, y = discs()
    net = small(max_epochs=3, validation_fraction=0.34).fit(X, y)
    assert len(net.history_[:, "valid_loss"]) == 3
    given = small(max_epochs=3).fit(X[:4], y[:4], X_val=X[4:], y_val=y[4:])
    assert len(given.history_[:, "valid_loss"]) == 3


# What strategies ask for -----------------------------------------------------------------------


def test_the_embedding_is_the_mean_of_the_bottom(fitted):
    X, _ = discs(3)
    seen = []
    handle = fitted.net_.module_.bottom.register_forward_hook(lambda _, i, o: seen.append(i[0]))
    proba = fitted.predict_proba(X)
    handle.remove()
    assert np.allclose(fitted.embed(X), seen[0].mean(dim=(2, 3)).numpy(), atol=1e-6)
    both = fitted.predict_proba_and_embed(X)
    assert np.allclose(both[0], proba, atol=1e-6)
    assert np.array_equal(both[1], fitted.embed(X))


def test_draws_drop_channels_and_leave_batch_norm_alone(fitted):
    X, _ = discs(3)
    before = state_of(fitted)
    draws = fitted.sample_proba(X, 4)
    assert draws.shape == (4, 3, 2, 32, 32)
    assert np.abs(draws[0] - draws[1]).max() > 1e-3
    assert np.array_equal(draws, fitted.sample_proba(X, 4))
    assert np.allclose(draws[:, :1], fitted.sample_proba(X[:1], 4), atol=1e-6)
    assert torch.equal(before, state_of(fitted))


def test_draws_run_together_or_one_by_one_alike(fitted, monkeypatch):
    X, _ = discs(3)
    together = fitted.sample_proba(X, 4)
    monkeypatch.setattr("skal.nets._dropout.VALUES_AT_ONCE", 1)
    assert np.allclose(fitted.sample_proba(X, 4), together, atol=1e-6)


def test_a_net_without_dropout_draws_nothing():
    X, y = discs()
    net = small(dropout=0.0).fit(X, y)
    with pytest.raises(TypeError, match="dropout"):
        net.sample_proba(X)


# Bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X, y: (X, np.full_like(y, -1)), "no labeled pixel"),
        (lambda X, y: (X, y[:, :-1]), r"of shape \(6, 32, 32\); got \(6, 31, 32\)"),
        (lambda X, y: (X, y[:-1]), r"of shape \(6, 32, 32\); got \(5, 32, 32\)"),
        (lambda X, y: (X, y[:, 0]), "masks must have shape"),
        (lambda X, y: (X, y + 0.5), "masks must hold integers"),
        (lambda X, y: (X, None), "requires y"),
        (lambda X, y: (np.where(y == 1, np.nan, X), y), "NaN"),
        (lambda X, y: (X.reshape(6, -1), y), "images must have shape"),
    ],
)
def test_bad_images_and_masks_are_named(change, match):
    with pytest.raises(ValueError, match=match):
        small().fit(*change(*discs()))


def test_other_channels_are_refused(fitted):
    with pytest.raises(ValueError, match=r"must have shape \(n, H, W\)"):
        fitted.predict(np.zeros((2, 3, 32, 32)))


def test_validation_of_one_image_or_of_unknown_classes_is_refused():
    X, y = discs()
    with pytest.raises(ValueError, match="leaves none for training"):
        small(validation_fraction=0.5).fit(X[:1], y[:1])
    with pytest.raises(ValueError, match="labels that y does not"):
        small().fit(X, y, X_val=X, y_val=y + 5)

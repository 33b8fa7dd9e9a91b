"""Training: what it keeps, what it refuses, and what it costs others."""

import warnings

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EpochScoring, LRScheduler
from torch import nn

from skal.exceptions import DivergenceError
from skal.nets import CNNClassifier, LeNetClassifier, MLPClassifier, NetClassifier
from skal.nets import _training as training
from skal.nets._augment import random_affine
from skal.nets._seeds import computes_bfloat16


def weights_of(net):
    return torch.cat([p.detach().flatten() for p in net.net_.module_.parameters()])


def test_a_diverging_loss_stops_with_epoch_and_learning_rate(squares):
    X, y = squares
    net = MLPClassifier(lr=1e30, optimizer="sgd", random_state=0)
    with pytest.raises(DivergenceError, match=r"in epoch \d, at learning rate 1e\+30"):
        net.fit(X, y)
    assert torch.isfinite(weights_of(net)).all()
    assert np.isfinite(net.predict_proba(X)).all()


def test_the_best_epoch_by_validation_is_restored(squares):
    X, _ = squares
    y = np.arange(60) % 4  # there is nothing to learn
    kept = []

    class Watch(Callback):
        def on_epoch_end(self, net, **kwargs):
            kept.append(torch.cat([p.detach().flatten() for p in net.module_.parameters()]))

    net = MLPClassifier(
        max_epochs=12, lr=0.01, validation_fraction=0.3, callbacks=[Watch()], random_state=0
    ).fit(X, y)
    losses = [epoch["valid_loss"] for epoch in net.history_]
    assert np.argmin(losses) < 11
    assert torch.equal(weights_of(net), kept[np.argmin(losses)])
    assert net.net_.valid_data is None


def test_early_stopping_stops(squares):
    X, y = squares
    net = MLPClassifier(lr=0.5, max_epochs=200, early_stopping=3, random_state=0).fit(X, y)
    assert len(net.history_) < 200
    given = MLPClassifier(lr=0.5, max_epochs=200, early_stopping=3, random_state=0)
    given.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert "valid_loss" in given.history_[-1]
    assert len(given.history_) < 200


def test_validation_labels_must_be_known(squares):
    X, y = squares
    few = y < 3
    with pytest.raises(ValueError, match=r"y_val holds labels that y does not: \[3\]"):
        MLPClassifier().fit(X[few], y[few], X_val=X, y_val=y)
    with pytest.raises(ValueError, match="leaves none for validation"):
        MLPClassifier(validation_fraction=0.1).fit(X[:4], y[:4])


def test_every_class_keeps_a_sample_for_training(squares):
    X, y = squares
    net = MLPClassifier(max_epochs=1, validation_fraction=0.5).fit(X[:12], y[:12])
    assert np.array_equal(net.classes_, np.unique(y[:12]))


@pytest.mark.parametrize(
    "schedule",
    ["cosine", LRScheduler(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)],
    ids=["cosine", "of skorch"],
)
def test_the_learning_rate_follows_a_schedule(squares, schedule):
    X, y = squares
    net = MLPClassifier(lr_schedule=schedule, max_epochs=5).fit(X, y)
    rates = [epoch["event_lr"] for epoch in net.history_]
    assert rates[0] > rates[-1]
    net.set_params(warm_start=True).fit(X, y)
    assert [epoch["event_lr"] for epoch in net.history_[5:]] == rates  # it begins anew


def test_a_warm_start_of_a_saved_net_is_that_of_the_net_itself(squares, tmp_path):
    X, y = squares
    net = MLPClassifier(max_epochs=3, warm_start=True, random_state=0).fit(X, y)
    net.save(tmp_path)
    saved = MLPClassifier.load(tmp_path).fit(X, y)
    assert torch.equal(weights_of(saved), weights_of(net.fit(X, y)))


def test_callbacks_of_the_user_are_heard(squares):
    X, y = squares
    heard = []

    class Listen(Callback):
        def on_batch_end(self, net, batch=None, training=False, **kwargs):
            heard.append(net.history[-1, "batches", -1, "train_loss"])

    scoring = EpochScoring("accuracy", name="train_acc", on_train=True, lower_is_better=False)
    net = MLPClassifier(max_epochs=3, batch_size=20, callbacks=[Listen(), scoring]).fit(X, y)
    assert len(heard) == 9
    assert 0 <= net.history_[-1]["train_acc"] <= 1


def test_listening_changes_nothing(squares):
    X, y = squares

    class Listen(Callback):
        def on_batch_end(self, net, **kwargs):
            pass

    quiet = MLPClassifier(max_epochs=3, random_state=0).fit(X, y)
    heard = MLPClassifier(max_epochs=3, random_state=0, callbacks=[Listen()]).fit(X, y)
    assert torch.equal(weights_of(quiet), weights_of(heard))
    losses = [[epoch["train_loss"] for epoch in net.history_] for net in (quiet, heard)]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_an_interrupted_fit_leaves_a_net_that_predicts(squares):
    X, y = squares

    class Interrupt(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    net = MLPClassifier(max_epochs=9, callbacks=[Interrupt()]).fit(X, y)
    assert len(net.history_) == 2
    assert net.predict(X).shape == (60,)


def test_too_little_memory_of_a_gpu_halves_the_batch(squares, monkeypatch):
    X, y = squares
    sizes = []
    infer = training.Net.infer

    def small(self, x, **params):
        sizes.append(len(x))
        if len(x) > 16:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return infer(self, x, **params)

    monkeypatch.setattr(training.Net, "infer", small)
    net = MLPClassifier(max_epochs=2, batch_size=60, random_state=0)
    with pytest.warns(RuntimeWarning) as told:
        net.fit(X, y)
    assert "trying again with batches of 15 samples" in str(told[-1].message)
    with pytest.warns(RuntimeWarning) as told:
        assert net.predict(X).shape == (60,)
    assert len(told) == 2
    assert net.predict(X[:20]).shape == (20,)  # with the batches that fitted
    monkeypatch.undo()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = MLPClassifier(max_epochs=2, batch_size=15, random_state=0).fit(X, y)
    assert torch.equal(weights_of(net), weights_of(same))


def test_augmentation_is_for_training_only(squares):
    X, y = squares
    seen = []

    def watch(batch):
        seen.append(len(batch))
        return random_affine(batch)

    net = CNNClassifier(max_epochs=2, augment=watch, validation_fraction=0.2).fit(X, y)
    n_train = sum(seen)
    assert n_train < 2 * 60
    net.predict_proba(X), net.embed(X), net.sample_proba(X, 2), net.predict_proba_and_embed(X)
    assert sum(seen) == n_train


def test_affine_changes_move_each_image_a_little(squares):
    X, _ = squares
    batch = torch.as_tensor(X[:1]).float()[:, None].repeat(4, 1, 1, 1)
    moved = random_affine(batch)
    assert moved.shape == batch.shape
    assert not torch.equal(moved[0], moved[1])
    assert (moved - batch).abs().mean() < 60
    plain = torch.full((2, 1, 8, 12), 7.0)
    torch.testing.assert_close(random_affine(plain), plain)


def test_affine_needs_images(squares):
    X, y = squares
    with pytest.raises(ValueError, match="image_shape"):
        MLPClassifier(augment="affine").fit(X.reshape(60, -1), y)
    MLPClassifier(augment="affine", max_epochs=1).fit(X, y)


def test_a_last_batch_of_one_joins_the_one_before(squares):
    X, y = squares

    class Normed(nn.Sequential):
        def __init__(self, n_classes):
            super().__init__(nn.Flatten(), nn.BatchNorm1d(256), nn.Linear(256, n_classes))

    net = NetClassifier(Normed, max_epochs=1, batch_size=59, random_state=0).fit(X, y)
    assert net.predict(X).shape == (60,)


def test_weights_of_samples_count_in_the_loss(squares):
    X, y = squares
    twice, labels = np.concatenate([X, X]), np.concatenate([y, (y + 1) % 4])
    weight = np.repeat([5.0, 0.0], 60)
    net = MLPClassifier(max_epochs=30, random_state=0).fit(twice, labels, sample_weight=weight)
    assert net.score(X, y) > 0.9
    with pytest.raises(ValueError, match="one weight for each sample"):
        MLPClassifier().fit(X, y, sample_weight=weight[:-1])


def test_an_unknown_fit_argument_is_refused(squares):
    X, y = squares
    with pytest.raises(TypeError, match="epochs"):
        MLPClassifier().fit(X, y, epochs=3)


def test_a_warm_start_goes_on_and_a_new_class_begins_anew(squares):
    X, y = squares
    net = MLPClassifier(max_epochs=2, warm_start=True, random_state=0).fit(X, y)
    before = weights_of(net).clone()
    net.fit(X, y)
    assert len(net.history_) == 4
    assert not torch.equal(weights_of(net), before)
    net.fit(X, np.where(y == 3, 9, y))
    assert len(net.history_) == 2


def test_an_instance_is_copied_and_gives_the_first_weights(squares):
    X, y = squares
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 4))
    before = module[2].weight.detach().clone()
    net = NetClassifier(module, lr=1e-9, max_epochs=1).fit(X, y)
    assert torch.equal(module[2].weight, before)
    torch.testing.assert_close(net.net_.module_[2].weight.detach(), before, atol=1e-6, rtol=0)


def test_gradients_are_clipped(squares):
    X, y = squares
    net = MLPClassifier(lr=1.0, optimizer="sgd", momentum=0.0, clip_norm=1e-6, max_epochs=1)
    net.set_params(random_state=0).fit(X, y)
    still = MLPClassifier(lr=1e-30, max_epochs=1, random_state=0).fit(X, y)
    assert (weights_of(net) - weights_of(still)).norm() <= 1.1e-6


def test_mixed_precision_gives_nearly_the_same(squares, monkeypatch):
    monkeypatch.setattr("skal.nets._base.computes_bfloat16", lambda device: True)
    X, y = squares
    plain = LeNetClassifier(max_epochs=3, random_state=0).fit(X, y)
    mixed = LeNetClassifier(max_epochs=3, random_state=0, mixed_precision=True).fit(X, y)
    assert mixed.predict_proba(X).dtype == np.float32
    assert np.abs(plain.predict_proba(X) - mixed.predict_proba(X)).mean() < 0.05
    assert mixed.sample_proba(X, 2).dtype == np.float32


def test_processors_without_bfloat16_compute_in_float32(squares, monkeypatch):
    monkeypatch.setattr("skal.nets._base.computes_bfloat16", lambda device: False)
    X, y = squares
    plain = LeNetClassifier(max_epochs=2, random_state=0).fit(X, y)
    mixed = LeNetClassifier(max_epochs=2, random_state=0, mixed_precision=True).fit(X, y)
    assert torch.equal(weights_of(plain), weights_of(mixed))


@pytest.mark.parametrize(("found", "expected"), [({"avx512_bf16": True}, True), ({}, False)])
def test_whether_a_processor_computes_bfloat16_is_asked_of_torch(found, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": False} | found)
    assert computes_bfloat16("cpu") is expected


def test_a_seed_gives_the_same_net_and_leaves_torch_as_it_was(squares):
    X, y = squares
    state = torch.get_rng_state()
    nets = [
        CNNClassifier(max_epochs=2, augment="affine", random_state=3).fit(X, y) for _ in range(2)
    ]
    assert torch.equal(weights_of(nets[0]), weights_of(nets[1]))
    assert torch.equal(torch.get_rng_state(), state)
    other = CNNClassifier(max_epochs=2, augment="affine", random_state=4).fit(X, y)
    assert not torch.equal(weights_of(nets[0]), weights_of(other))


def test_validation_samples_must_be_like_the_training_samples(squares):
    X, y = squares
    with pytest.raises(ValueError, match=r"must have shape \(16, 16\) each"):
        CNNClassifier().fit(X, y, X_val=X[:, :8], y_val=y)

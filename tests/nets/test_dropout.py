"""Draws by dropout: what the slow, obvious way gives, and nothing else of the net changes."""

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn

from skal.nets import (
    CNNClassifier,
    LeNetClassifier,
    MLPClassifier,
    NetClassifier,
    ResNet18Classifier,
    _dropout,
    sample_proba,
)
from skal.nets._dropout import _Draws


class Functional(nn.Module):
    """Pooling and ReLU as functions, and batch norm."""

    def __init__(self, n_classes):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)
        self.drop, self.also = nn.Dropout2d(0.3), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(196, 16), nn.Linear(16, n_classes)

    def forward(self, x):
        x = self.drop(torch.relu(self.norm(self.conv(x))))
        x = torch.relu(self.fc1(nn.functional.max_pool2d(x, 2).flatten(1)))
        return self.fc2(self.also(x))


class Residual(nn.Module):
    """What comes after a dropout meets what came before it."""

    def __init__(self, n_classes):
        super().__init__()
        self.first, self.second = nn.Linear(256, 8), nn.Linear(8, 8)
        self.drop, self.last = nn.Dropout(0.5), nn.Linear(8, n_classes)

    def forward(self, x):
        x = self.first(x.flatten(1))
        return self.last(x + self.drop(self.second(x)))


class Sequence(nn.Sequential):
    """Layers between a dropout and its weights, so that these cannot take up the mask."""

    def __init__(self, n_classes):
        super().__init__(
            *[nn.Flatten(), nn.Linear(256, 8), nn.Dropout(0.5), nn.Sigmoid()],
            *[nn.Linear(8, 8), nn.AlphaDropout(0.2), nn.Linear(8, n_classes)],
        )


NETS = [
    MLPClassifier(),
    CNNClassifier(),
    LeNetClassifier(),
    LeNetClassifier(conv_dropout=0.5),
    ResNet18Classifier(),
    NetClassifier(Functional),
    NetClassifier(Residual),
    NetClassifier(Sequence),
]


@pytest.fixture(params=NETS, ids=lambda net: getattr(net.module, "__name__", ""))
def net(request, squares):
    X, y = squares
    return request.param.set_params(max_epochs=1, random_state=0).fit(X, y)


def fully_run(net, X, n_samples, monkeypatch):
    """Run the whole network for every draw."""
    monkeypatch.setattr(_dropout, "thin_sequence", lambda *args: None)

    def refuse(*args):
        raise _dropout._NotSplit

    monkeypatch.setattr(_Draws, "_run_split", refuse)
    return net.sample_proba(X, n_samples)


def test_draws_are_those_of_full_passes_with_the_same_masks(net, squares, monkeypatch):
    X, _ = squares
    fast = net.sample_proba(X, 4)
    np.testing.assert_allclose(fast, fully_run(net, X, 4, monkeypatch), atol=1e-6)


def test_draws_without_thinning_are_the_same(net, squares, monkeypatch):
    X, _ = squares
    fast = net.sample_proba(X, 4)
    monkeypatch.setattr(_dropout, "thin_sequence", lambda *args: None)
    np.testing.assert_allclose(fast, net.sample_proba(X, 4), atol=1e-6)


def test_only_dropout_draws_and_every_mode_is_restored(net, squares):
    X, _ = squares
    module = net.net_.module_
    module.train()
    list(module.modules())[-1].eval()
    modes = [layer.training for layer in module.modules()]
    state = {name: value.clone() for name, value in module.state_dict().items()}
    assert net.sample_proba(X, 4).std(axis=0).max() > 0
    assert [layer.training for layer in module.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_draws_per_sample_differ_between_equal_samples(net, squares):
    X, _ = squares
    alike = np.stack([X[0]] * 8)
    shared = net.sample_proba(alike, 3)
    np.testing.assert_allclose(shared, shared[:, :1].repeat(8, axis=1), atol=1e-6)
    own = net.sample_proba(alike, 3, per_sample=True)
    assert own.std(axis=1).max() > 1e-4
    assert own.shape == shared.shape


def test_masks_do_what_dropout_does():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Dropout(0.25), nn.Linear(400, 2, bias=False))
    net = NeuralNetClassifier(module, criterion=nn.CrossEntropyLoss, classes=[0, 1]).initialize()
    nn.init.zeros_(module[1].weight)
    module[1].weight.data[0] = 1 / 400
    proba = sample_proba(net, np.ones((1, 400), np.float32), 200)[:, 0, 0]
    logits = np.log(proba / (1 - proba))  # the mean of masked and scaled ones
    assert abs(logits.mean() - 1) < 0.01
    assert abs(logits.std() - np.sqrt(0.25 / 0.75 / 400)) < 0.005


def test_alpha_dropout_keeps_mean_and_variance():
    layer = nn.AlphaDropout(0.3)
    x = torch.randn(1, 100_000, generator=torch.Generator().manual_seed(0))
    keep = torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) >= 0.3
    masked = _dropout._masked(layer, x, keep)
    assert abs(masked.mean()) < 0.02
    assert abs(masked.std() - 1) < 0.02


def test_a_net_without_dropout_is_refused(squares):
    X, y = squares
    net = MLPClassifier(dropout=0.0, max_epochs=1).fit(X, y)
    with pytest.raises(TypeError, match="no dropout layer with a rate above 0"):
        net.sample_proba(X)


def test_modes_are_restored_after_an_error(squares):
    X, y = squares
    net = NetClassifier(Functional, max_epochs=1).fit(X, y)
    module = net.net_.module_.train()
    handle = module.fc2.register_forward_hook(lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        net.sample_proba(X)
    handle.remove()
    assert all(layer.training for layer in module.modules())
    assert net.sample_proba(X, 2).shape == (2, 60, 4)
    assert np.array_equal(net.predict_proba(X), net.predict_proba(X))


def test_the_layers_before_the_first_dropout_run_once(squares):
    X, y = squares
    net = NetClassifier(Functional, max_epochs=1).fit(X, y)
    seen = []
    net.net_.module_.conv.register_forward_hook(lambda _, inputs, out: seen.append(len(out)))
    net.sample_proba(X, 20)
    assert sum(seen) == 60


def test_a_users_net_with_samples_in_dicts_is_drawn_from():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop, self.fc = nn.Dropout(0.5), nn.Linear(4, 2)

        def forward(self, a, b):
            return self.fc(self.drop(a + b))

    X = {"a": np.ones((6, 4), np.float32), "b": np.ones((6, 4), np.float32)}
    net = NeuralNetClassifier(
        Named, criterion=nn.CrossEntropyLoss, max_epochs=1, train_split=None, verbose=0
    ).fit(X, np.arange(6) % 2)
    assert sample_proba(net, X, 3).shape == (3, 6, 2)


class OnRows(nn.Sequential):
    """A layer of weights over pixels, behind a dropout of channels: no mask of its inputs."""

    def __init__(self, n_classes):
        super().__init__(
            *[nn.Conv2d(1, 2, 3), nn.Dropout2d(0.5), nn.Linear(14, 4), nn.ReLU()],
            *[nn.Flatten(), nn.Linear(2 * 14 * 4, n_classes)],
        )


def test_weights_that_cannot_take_up_a_mask_are_left_whole(squares, monkeypatch):
    X, y = squares
    net = NetClassifier(OnRows, max_epochs=1, random_state=0).fit(X, y)
    fast = net.sample_proba(X, 4)
    np.testing.assert_allclose(fast, fully_run(net, X, 4, monkeypatch), atol=1e-6)


def test_hooks_of_the_user_are_respected(squares):
    X, y = squares
    net = MLPClassifier(max_epochs=1, random_state=0).fit(X, y)
    last = net.net_.module_[-1]
    handle = last.register_forward_hook(lambda _, inputs, output: output * 0)
    np.testing.assert_allclose(net.sample_proba(X, 2), 0.25, atol=1e-6)
    handle.remove()
    assert net.sample_proba(X, 2).std() > 0.01


def test_only_skal_s_own_sequences_and_the_like_are_thinned(squares, monkeypatch):
    X, y = squares
    made, thin = [], _dropout.thin_sequence
    monkeypatch.setattr(_dropout, "thin_sequence", lambda *a: made.append(thin(*a)) or made[-1])
    for known in (MLPClassifier(), LeNetClassifier(), CNNClassifier(), NetClassifier(Functional)):
        known.set_params(max_epochs=1).fit(X, y).sample_proba(X[:2], 2)
    assert [thinned is not None for thinned in made] == [True, True, True, False]

"""Nets that begin with weights of a file: which layers learn, and schedules of the rate."""

import functools

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from skal.nets import (
    CNNClassifier,
    EfficientNetB0Classifier,
    LeNetClassifier,
    MLPClassifier,
    NetClassifier,
    ResNet18Classifier,
    ResNet50Classifier,
    ViTB16Classifier,
)
from skal.nets._freezing import last_block, last_layers
from skal.nets.checks import check_channels_may_stand_last, check_net, check_saved_and_loaded

LARGE = [ResNet50Classifier, EfficientNetB0Classifier, ViTB16Classifier]


@pytest.fixture
def tiny_vit(monkeypatch):
    """Let a ViT have one layer of few numbers."""
    sizes = {"patch_size": 16, "num_layers": 1, "num_heads": 2, "hidden_dim": 8, "mlp_dim": 8}
    monkeypatch.setattr(models, "vit_b_16", functools.partial(models.VisionTransformer, **sizes))


def state_of(net):
    return {k: v.clone() for k, v in net.net_.module_.state_dict().items()}


def begin(net, X, y, path):
    """Return a fitted net whose weights are in a file now, and these weights."""
    fitted = net.fit(X, y)
    save_file({k: v.contiguous() for k, v in state_of(fitted).items()}, path)
    return state_of(fitted)


def moved(before, after):
    return {k for k in before if not torch.equal(before[k], after[k])}


@pytest.mark.parametrize(
    ("net", "trainable", "layers"),
    [
        (MLPClassifier, "last_layer", ["4"]),
        (MLPClassifier, "last_block", ["1", "4"]),
        (LeNetClassifier, "last_layer", ["13"]),
        (LeNetClassifier, "last_block", ["4", "10", "13"]),
        (CNNClassifier, "last_layer", ["14"]),
        (CNNClassifier, "last_block", ["6", "11", "14"]),
        (CNNClassifier, "all", ["0", "3", "6", "11", "14"]),
        (ResNet18Classifier, "last_layer", ["fc"]),
        (ResNet18Classifier, "last_block", ["layer4", "fc"]),
        (EfficientNetB0Classifier, "last_block", ["features.7", "features.8", "classifier"]),
        (ViTB16Classifier, "last_block", ["encoder.layers", "encoder.ln", "heads"]),
    ],
)
def test_exactly_the_layers_that_are_to_learn_move(
    squares, tmp_path, tiny_vit, net, trainable, layers
):
    X, y = np.stack([squares[0][:8]] * 3, axis=1), squares[1][:8] % 2
    before = begin(net(max_epochs=1, random_state=0), X, y, tmp_path / "w.safetensors")
    tuned = net(max_epochs=2, weights=tmp_path / "w.safetensors", trainable=trainable)
    after = state_of(tuned.set_params(lr=0.01, random_state=1).fit(X, y))
    expected = {k for k in before if any(k == n or k.startswith(f"{n}.") for n in layers)}
    still = {k for k in expected if torch.equal(before[k], after[k])}
    assert moved(before, after) <= expected
    assert {k.rpartition(".")[0] for k in still} <= {k.rpartition(".")[0] for k in expected}
    assert not any(k.endswith("weight") for k in still)


def test_what_the_weights_leave_out_learns_in_any_case(squares, tmp_path):
    X, y = squares
    path = tmp_path / "w.safetensors"
    before = begin(CNNClassifier(max_epochs=1), np.stack([X] * 3, axis=1), y, path)
    net = CNNClassifier(max_epochs=1, weights=path, trainable="last_layer", random_state=0)
    first = CNNClassifier(max_epochs=1, random_state=0, lr=1e-12).fit(X, y)
    after = state_of(net.fit(X, y))  # one channel: the first layer begins anew
    assert after["0.weight"].shape[1] == 1
    assert not torch.allclose(after["0.weight"], state_of(first)["0.weight"], atol=1e-6)
    assert torch.equal(after["3.weight"], before["3.weight"])


def test_a_net_that_is_taught_on_keeps_its_frozen_layers(squares, tmp_path):
    X, y = squares
    before = begin(CNNClassifier(max_epochs=1), X, y, tmp_path / "w.safetensors")
    net = CNNClassifier(
        max_epochs=1, weights=tmp_path / "w.safetensors", trainable="last_layer", warm_start=True
    )
    net.fit(X, y).fit(X, y)
    assert moved(before, state_of(net)) == {"14.weight", "14.bias"}
    net.set_params(trainable="all").fit(X, y)
    assert moved(before, state_of(net)) == set(before)


def test_layers_of_modules_of_ones_own():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    assert last_block(module) == [module[1], module[2], module[3]]
    with pytest.raises(ValueError, match="has no fully connected layer"):
        last_layers(module)
    assert last_block(nn.Sequential(nn.Linear(2, 2))) != []


@pytest.mark.parametrize("net", LARGE)
def test_nets_of_torchvision_keep_the_contract(tiny_vit, net):
    checks = [check_saved_and_loaded]
    if net is not ResNet50Classifier:  # the slowest; it shares its code with the tested ResNet18
        checks.append(check_channels_may_stand_last)
    check_net(net(max_epochs=1), checks=checks)


def test_weights_of_torchvision_fit(squares, tmp_path, tiny_vit):
    X, y = np.zeros((4, 32, 32, 3), np.uint8), [0, 1, 0, 1]
    made = models.vit_b_16(image_size=48, num_classes=7)
    save_file(made.state_dict(), tmp_path / "w.safetensors")
    net = ViTB16Classifier(max_epochs=1, weights=tmp_path / "w.safetensors", lr=1e-12).fit(X, y)
    begun = state_of(net)
    torch.testing.assert_close(begun["conv_proj.weight"], made.conv_proj.weight.detach())
    assert begun["encoder.pos_embedding"].shape == (1, 1 + 4, 8)
    token = made.encoder.pos_embedding[:, :1].detach()
    torch.testing.assert_close(begun["encoder.pos_embedding"][:, :1], token)
    with pytest.raises(ValueError, match="a multiple of 16 pixels"):
        ViTB16Classifier().fit(np.zeros((4, 40, 40, 3), np.uint8), y)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("step", [1, 1, 0.1, 0.1, 0.01, 0.01]),
        ("warmup", [0.5, 1, *(np.cos(np.pi * i / 5) / 2 + 0.5 for i in range(1, 5))]),
    ],
)
def test_schedules_by_name(squares, schedule, expected):
    net = MLPClassifier(lr_schedule=schedule, max_epochs=6, lr=0.01).fit(*squares)
    rates = [epoch["event_lr"] for epoch in net.history_]
    np.testing.assert_allclose(rates, 0.01 * np.array(expected), atol=1e-9)


def test_the_rate_falls_on_a_plateau(squares):
    X, y = squares
    net = MLPClassifier(lr_schedule="plateau", max_epochs=20, lr=3e-8, optimizer="sgd")
    rates = [e["event_lr"] for e in net.fit(X, y, X_val=X, y_val=y).history_]
    assert rates[0] == 3e-8
    assert rates[-1] == pytest.approx(3e-9)


def test_statistics_may_be_given(squares):
    X, y = squares
    net = MLPClassifier(image_shape=(16, 16), standardize=[[0.5], [0.25]], max_epochs=1)
    net.fit(X.reshape(60, -1), y)
    read = net.reader_.read(X.reshape(60, -1), slice(0, 2))
    torch.testing.assert_close(read[:, 0], (torch.tensor(X[:2]) / 255 - 0.5) / 0.25)
    with pytest.raises(ValueError, match="for each of 1 channels"):
        net.set_params(standardize=[[0.5, 0.5], [1, 1]]).fit(X.reshape(60, -1), y)
    with pytest.raises(ValueError, match="The 'trainable' parameter"):
        NetClassifier(nn.Linear(2, 2), trainable="some").fit(X, y)

"""Embeddings: the input of the last fully connected layer, or of a named one."""

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn

from skal.nets import LeNetClassifier, MLPClassifier, embed, predict_proba_and_embed


def test_the_embedding_is_what_the_last_layer_sees(squares):
    X, y = squares
    net = MLPClassifier(max_epochs=1).fit(X, y)
    last = net.net_.module_[-1]
    logits = net.embed(X) @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba, net.predict_proba(X), atol=1e-5)


def test_layers_have_names(squares):
    X, y = squares
    net = LeNetClassifier(max_epochs=1).fit(X, y)
    assert net.embed(X).shape == (60, 128)
    assert net.embed(X, layer="4").shape == (60, 32 * 6 * 6)
    with pytest.raises(ValueError, match=r"layer must be one of \['0', .*got 'fc'"):
        net.embed(X, layer="fc")


def test_a_net_without_a_fully_connected_layer_says_so():
    net = NeuralNetClassifier(
        nn.Sequential(nn.Conv1d(1, 2, 3), nn.Flatten()), train_split=None, verbose=0, max_epochs=1
    ).fit(np.ones((4, 1, 3), np.float32), np.arange(4) % 2)
    with pytest.raises(ValueError, match=r"no fully connected layer.*layer='...'"):
        embed(net, np.ones((4, 1, 3), np.float32))
    assert embed(net, np.ones((4, 1, 3), np.float32), layer="1").shape == (4, 2)


def test_probabilities_are_those_of_skorch():
    X = np.random.RandomState(0).rand(10, 4).astype(np.float32)
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2), nn.Softmax(dim=1))
    net = NeuralNetClassifier(module, train_split=None, verbose=0, max_epochs=1)
    net.fit(X, np.arange(10) % 2)
    proba, embedding = predict_proba_and_embed(net, X)
    np.testing.assert_allclose(proba, net.predict_proba(X), atol=1e-6)
    assert embedding.shape == (10, 3)


def test_no_hook_is_left(squares):
    X, y = squares
    net = MLPClassifier(max_epochs=1).fit(X, y)
    net.embed(X), net.sample_proba(X, 2)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.net_.module_.modules())


def test_asking_for_both_is_one_pass(squares):
    X, y = squares
    net = MLPClassifier(max_epochs=1).fit(X, y)
    seen = []
    net.net_.module_.register_forward_hook(lambda *args: seen.append(1))
    net.predict_proba_and_embed(X)
    assert seen == [1]
    assert torch.is_grad_enabled()

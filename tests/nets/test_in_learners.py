"""Nets in learners: every deep strategy asks them through the pool."""

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

from skal import ActiveLearner
from skal.nets import CNNClassifier, LeNetClassifier, MLPClassifier, NetClassifier
from skal.query import BADGE, BALD, BatchBALD, CoreSet, Hybrid, Margin, VariationRatio


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def squares(n=60, side=16, seed=0):
    """Return images with a bright square in one of four corners, and the corner."""
    rng = np.random.RandomState(seed)
    X = rng.randint(0, 60, (n, side, side)).astype(np.uint8)
    y = rng.randint(0, 4, n)
    half = side // 2
    for image, corner in zip(X, y, strict=True):
        i, j = divmod(corner, 2)
        image[i * half : (i + 1) * half, j * half : (j + 1) * half] += 150
    return X, y


STRATEGIES = [
    Margin(),
    CoreSet(),
    BALD(5),
    VariationRatio(5),
    BatchBALD(5),
    BADGE(),
    Hybrid(BALD(5), CoreSet()),
]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("net", [MLPClassifier, LeNetClassifier])
def test_every_deep_strategy_chooses_by_a_net(net, strategy):
    X, y = squares()
    learner = ActiveLearner(net(max_epochs=3), strategy, X[:20], y[:20], random_state=0)
    indices, instances = learner.query(X[20:], 5)
    assert len(set(indices)) == 5
    assert np.array_equal(indices, learner.query(X[20:], 5)[0])
    learner.teach(instances, y[20:][indices])
    assert learner.X_training.shape == (25, 16, 16)


class Users(nn.Module):
    """A user's network, with functional layers and batch norm."""

    def __init__(self, n_classes=4):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4 * 49, n_classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.norm(self.conv(x))), 2)
        return self.fc(self.drop(x.flatten(1)))


def users_net():
    torch.manual_seed(0)
    return NeuralNetClassifier(
        Users,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        max_epochs=2,
        train_split=None,
        verbose=0,
    )


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: type(s).__name__)
def test_a_users_own_skorch_net_does_the_same(strategy):
    X, y = squares()
    X = (X[:, None] / 255).astype(np.float32)
    learner = ActiveLearner(users_net(), strategy, X[:20], y[:20], random_state=0)
    indices = learner.query(X[20:], 5)[0]
    assert len(set(indices)) == 5
    assert np.array_equal(indices, learner.query(X[20:], 5)[0])


def test_a_users_torch_module_does_the_same():
    X, y = squares()
    net = NetClassifier(Users, max_epochs=2)
    learner = ActiveLearner(net, BALD(5), X[:20], y[:20], random_state=0)
    assert len(learner.query(X[20:], 5)[0]) == 5


@pytest.mark.parametrize("net", [LeNetClassifier(max_epochs=1), NetClassifier(Users, max_epochs=1)])
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_a_hybrid_of_margin_and_core_set_costs_one_forward_pass(net, in_pipeline):
    X, y = squares()
    model = make_pipeline(FunctionTransformer(), net) if in_pipeline else net
    learner = ActiveLearner(model, Hybrid(Margin(), CoreSet()), X[:20], y[:20], random_state=0)
    fitted = learner.estimator[-1] if in_pipeline else learner.estimator
    seen = []
    fitted.net_.module_.register_forward_hook(lambda _, inputs, output: seen.append(len(output)))
    learner.query(X[20:], 5)
    assert sum(seen) == 60  # 40 in the pool for both strategies, 20 labeled for the core set
    assert len(seen) == 2


def test_a_pipeline_embeds_and_draws_by_its_last_step():
    X, y = squares()
    X = X.reshape(60, -1).astype(np.float64)
    model = make_pipeline(StandardScaler(), MLPClassifier(max_epochs=2))
    learner = ActiveLearner(model, Hybrid(BALD(5), CoreSet()), X[:20], y[:20], random_state=0)
    assert len(learner.query(X[20:], 5)[0]) == 5


def test_core_set_needs_no_fitted_net():
    X, _ = squares()
    assert len(ActiveLearner(CNNClassifier(), CoreSet()).query(X, 3)[0]) == 3


def test_teaching_moves_the_draws_on_even_with_a_fixed_seed():
    X, y = squares()
    few = MLPClassifier(max_epochs=1, random_state=0).fit(X[:20], y[:20])
    more = MLPClassifier(max_epochs=1, random_state=0).fit(X[:21], y[:21])
    assert few.draw_seed_ != more.draw_seed_

"""Nets keep scikit-learn's conventions, and the contract of nets for images."""

import pytest
import torch
from sklearn.utils.estimator_checks import parametrize_with_checks

from skal.nets import (
    CNNClassifier,
    LeNetClassifier,
    MLPClassifier,
    NetClassifier,
    ResNet18Classifier,
)
from skal.nets._modules import CNN
from skal.nets.checks import NET_CHECKS, check_net

NETS = [
    LeNetClassifier(max_epochs=2),
    CNNClassifier(max_epochs=2),
    ResNet18Classifier(max_epochs=1),
    NetClassifier(CNN, max_epochs=2),
]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@parametrize_with_checks([MLPClassifier()])
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")  # a check's
def test_the_net_for_tables_follows_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", NET_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("net", NETS, ids=lambda net: type(net).__name__)
def test_nets_for_images_keep_the_contract(net, check):
    check_net(net, checks=[check])

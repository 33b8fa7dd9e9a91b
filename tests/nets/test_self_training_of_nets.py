"""Self-training of nets: they go on from their weights, with a folder and without."""

import numpy as np
import pytest
from segmenters import blobs

from skal.experiments import self_training
from skal.experiments.self_training import run_self_training
from skal.nets import AttentionUNetSegmenter, UNetSegmenter
from skal.self_training import SelfTrainingSegmenter


def data():
    X, y = blobs(12)
    y[6:] = -1
    return X, y


def segmenter(**params):
    net = UNetSegmenter(width=4, depth=2, max_epochs=8, lr=0.01, device="cpu", warm_start=True)
    settings = {"n_iterations": 2, "stop_early": False, "random_state": 0, **params}
    settings |= {"positive_threshold": 0.6, "negative_threshold": 0.3}
    return SelfTrainingSegmenter(net, retrain_params={"max_epochs": 3, "lr": 0.002}, **settings)


def test_a_net_goes_on_from_its_weights():
    iterations = list(segmenter(trust_background=False).iter_fit(*data()))
    assert [r.record["n_pseudo"][1] > 0 for r in iterations] == [False, True, True]
    first, second = (iteration.estimator for iteration in iterations[:2])
    assert len(first.history_) == 8
    assert len(second.history_) == 11
    assert (second.lr, second.max_epochs) == (0.002, 3)
    assert iterations[0].record["score"] > 0.5


def test_a_run_of_nets_that_was_killed_ends_like_one_that_was_not(monkeypatch, tmp_path):
    monkeypatch.setattr(self_training, "draw_rows", lambda rows, title: None)
    monkeypatch.setattr(self_training, "png", lambda figure: b"")
    whole = run_self_training(segmenter(), *data(), tmp_path / "whole")
    fit, calls = UNetSegmenter.fit, []

    def killed_fit(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fit(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(UNetSegmenter, "fit", killed_fit)
        with pytest.raises(KeyboardInterrupt):
            run_self_training(segmenter(), *data(), tmp_path / "killed")
    resumed = run_self_training(segmenter(), *data(), tmp_path / "killed", resume=True)
    X, _ = data()
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    assert [r["score"] for r in resumed.history_] == [r["score"] for r in whole.history_]
    assert (tmp_path / "whole" / "final_model" / "weights.safetensors").is_file()


def test_a_net_in_self_training_embeds_and_draws():
    net = AttentionUNetSegmenter(width=4, depth=2, max_epochs=1, device="cpu")
    X, y = data()
    fitted = SelfTrainingSegmenter(net, n_iterations=0, random_state=0).fit(X, y)
    assert fitted.embed(X).shape[0] == 12
    assert fitted.sample_proba(X[:2], 3).shape == (3, 2, 2, 32, 32)
    proba, embedding = fitted.predict_proba_and_embed(X[:2])
    assert proba.shape == (2, 2, 32, 32)
    assert len(embedding) == 2
    assert 0 <= fitted.score(X[:6], y[:6]) <= 1

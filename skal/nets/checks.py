"""The contract of nets for images, as checks that authors of other nets can run too.

scikit-learn's checks know tables only. Every check here has one signature, ``check_*(net)``, where
`net` is an estimator that is not fitted, for images of 16 x 16 pixels with one or three channels;
it is cloned, and each check raises AssertionError where the contract is broken.

>>> from skal.nets import CNNClassifier
>>> check_net(CNNClassifier(max_epochs=1), checks=NET_CHECKS[:2])
"""

import pickle
import tempfile

import numpy as np
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.validation import check_is_fitted

__all__ = ["NET_CHECKS", "check_net"]

N, SIDE = 12, 16


def check_net(net, *, checks=None):
    """Check that an estimator for images behaves as the nets of skal do.

    Parameters
    ----------
    net : estimator
        Not fitted; it stays as it is. It should train for an epoch or two only.
    checks : list of callable, optional
        Some of :data:`NET_CHECKS`; all of them by default.

    Raises
    ------
    AssertionError
        If it does not.
    """
    for check in NET_CHECKS if checks is None else checks:
        check(clone(net).set_params(random_state=0, device="cpu"))


def images(channels=None, seed=0):
    """Return uint8 images of two classes, and their labels."""
    rng = np.random.RandomState(seed)
    y = np.arange(N) % 2
    shape = (N, SIDE, SIDE) if channels is None else (N, channels, SIDE, SIDE)
    X = rng.randint(0, 100, shape, dtype=np.uint8)
    X[y == 1] += 100
    return X, y


def check_layouts_agree(net):
    """(n, H, W), (n, 1, H, W) and flat rows with ``image_shape`` are the same images."""
    X, y = images()
    expected = clone(net).fit(X, y).predict_proba(X)
    stacked = X[:, None]
    assert np.array_equal(clone(net).fit(stacked, y).predict_proba(stacked), expected)
    flat = X.reshape(N, -1)
    net.set_params(image_shape=(SIDE, SIDE))
    assert np.array_equal(net.fit(flat, y).predict_proba(flat), expected)


def check_channels_may_stand_last(net):
    """(n, H, W, 3) and (n, 3, H, W) are the same images."""
    X, y = images(3)
    last = np.moveaxis(X, 1, -1)
    expected = clone(net).fit(X, y).predict_proba(X)
    assert np.array_equal(net.fit(last, y).predict_proba(last), expected)


def check_containers_and_dtypes_agree(net):
    """Bytes, numbers in [0, 1] of any precision, and torch tensors are the same images."""
    X, y = images()
    expected = net.fit(X, y).predict_proba(X)
    for same in (X / 255, (X / 255).astype(np.float32), torch.as_tensor(X), X.copy(order="F")):
        np.testing.assert_allclose(net.predict_proba(same), expected, atol=1e-5)


def check_memory_maps_are_read(net):
    """A memory map gives what the array gives."""
    X, y = images()
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, X)
        mapped = np.load(file.name, mmap_mode="r")
        expected = net.fit(mapped, y).predict_proba(X)
        assert np.array_equal(net.predict_proba(mapped), expected)


def check_same_seed_same_result(net):
    """The same seed gives the same net, and torch's own generator is left as it was."""
    X, y = images()
    state = torch.get_rng_state()
    one, other = clone(net).fit(X, y), clone(net).fit(X, y)
    other_seed = clone(net).set_params(random_state=1).fit(X, y)
    assert np.array_equal(one.predict_proba(X), other.predict_proba(X))
    assert np.array_equal(one.sample_proba(X, 3), other.sample_proba(X, 3))
    assert not np.array_equal(one.predict_proba(X), other_seed.predict_proba(X))
    assert torch.equal(torch.get_rng_state(), state)


def check_fit_again_forgets(net):
    """A second fit gives what a first one gives, and no parameter changes."""
    X, y = images()
    params = net.get_params()
    first = net.fit(X, y).predict_proba(X)
    net.fit(X[:, :, ::-1][:6], y[:6])
    assert np.array_equal(net.fit(X, y).predict_proba(X), first)
    assert net.get_params() == params


def check_labels_of_any_kind(net):
    """Labels are words or numbers, and predictions are such labels."""
    X, y = images()
    for labels in (np.array(["cat", "dog"]), np.array([7, -3]), np.array(["a", "b"], object)):
        net.fit(X, labels[y])
        assert set(net.predict(X)) <= set(labels.tolist())
        assert np.array_equal(net.classes_, np.sort(labels))
        assert 0 <= net.score(X, labels[y]) <= 1


def check_predictions_do_not_depend_on_company(net):
    """A sample alone is predicted as among others, again and again: no dropout, no batch norm."""
    X, y = images()
    together = net.fit(X, y).predict_proba(X)
    alone = np.concatenate([net.predict_proba(X[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(alone, together[:3], atol=1e-5)
    assert np.array_equal(net.predict_proba(X), together)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)


def check_draws_differ_and_repeat(net):
    """Draws differ from each other, are the same when asked again, and for parts of the samples."""
    X, y = images()
    before = net.fit(X, y).predict_proba(X)
    state = {k: v.clone() for k, v in net.net_.module_.state_dict().items()}
    modes = [m.training for m in net.net_.module_.modules()]
    draws = net.sample_proba(X, 4)
    assert draws.shape == (4, N, 2)
    assert draws.std(axis=0).max() > 0
    np.testing.assert_allclose(net.sample_proba(X[:5], 4), draws[:, :5], atol=1e-5)
    assert np.array_equal(net.sample_proba(X, 4), draws)
    assert all(torch.equal(v, state[k]) for k, v in net.net_.module_.state_dict().items())
    assert [m.training for m in net.net_.module_.modules()] == modes
    assert np.array_equal(net.predict_proba(X), before)


def check_embedding(net):
    """Embeddings are float32 rows, and come with probabilities in one pass."""
    X, y = images()
    embedding = net.fit(X, y).embed(X)
    assert embedding.ndim == 2
    assert embedding.dtype == np.float32
    proba, same = net.predict_proba_and_embed(X)
    np.testing.assert_allclose(proba, net.predict_proba(X), atol=1e-6)
    assert np.array_equal(same, embedding)


def check_wrong_samples_are_refused(net):
    """NaN, other sizes and other numbers of channels raise ValueError."""
    X, y = images()
    bad = (X / 255).astype(np.float32)
    bad[3, 0, 0] = np.nan
    net.fit(X, y)
    for wrong in (bad, X[:, :-2], np.stack([X, X, X], axis=1)):
        _assert_raises(net.predict_proba, wrong)
    _assert_raises(clone(net).fit, bad, y)


def _assert_raises(function, *args):
    try:
        function(*args)
    except ValueError:
        return
    raise AssertionError(f"{function} must raise ValueError for samples of shape {args[0].shape}")


def check_clone_and_pickle(net):
    """A clone is not fitted; a pickle predicts and draws the same."""
    X, y = images()
    net.fit(X, y)
    assert not clone(net).__sklearn_is_fitted__()
    copied = pickle.loads(pickle.dumps(net))
    check_is_fitted(copied)
    assert np.array_equal(copied.predict_proba(X), net.predict_proba(X))
    assert np.array_equal(copied.sample_proba(X, 2), net.sample_proba(X, 2))


def check_saved_and_loaded(net):
    """A saved net predicts, embeds and draws the same."""
    X, y = images()
    net.fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        net.save(folder)
        module = {"module": net.module} if "module" in net.get_params() else {}
        loaded = type(net).load(folder, **module)
    assert np.array_equal(loaded.predict_proba(X), net.predict_proba(X))
    assert np.array_equal(loaded.sample_proba(X, 2), net.sample_proba(X, 2))
    assert np.array_equal(loaded.classes_, net.classes_)


def check_grid_search(net):
    """Parameters are searched."""
    X, y = images()
    search = GridSearchCV(net, {"lr": [1e-3, 1e-2]}, cv=2, error_score="raise").fit(X, y)
    assert search.predict(X).shape == (N,)


NET_CHECKS = [
    check_layouts_agree,
    check_channels_may_stand_last,
    check_containers_and_dtypes_agree,
    check_memory_maps_are_read,
    check_same_seed_same_result,
    check_fit_again_forgets,
    check_labels_of_any_kind,
    check_predictions_do_not_depend_on_company,
    check_draws_differ_and_repeat,
    check_embedding,
    check_wrong_samples_are_refused,
    check_clone_and_pickle,
    check_saved_and_loaded,
    check_grid_search,
]

"""The pool computes each view once, in blocks that do not show in the answer."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skal import ActiveLearner, Committee, CommitteeRegressor
from skal.query import BALD, CoreSet, Hybrid, Margin, Pool, QueryStrategy, Reduction, VoteEntropy
from skal.query import pool as pool_module
from skal.query.checks import all_strategies, example_learner

rng = np.random.RandomState(0)
X, X_POOL = rng.normal(size=(30, 4)), rng.normal(size=(101, 4))
y = np.digitize(X[:, 0], [-0.4, 0.4])
FOREST = RandomForestClassifier(n_estimators=5, random_state=0).fit(X, y)
SMALL = 0.002  # MiB: blocks of a few rows


class Recording(GaussianNB):
    """A model that remembers how many samples each call had."""

    def predict_proba(self, X):
        vars(self).setdefault("sizes_", []).append(len(X))
        return super().predict_proba(X)


# Blocks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", all_strategies(), ids=repr)
def test_blocks_do_not_show_in_the_answer(strategy):
    seeds = [name for name in strategy.get_params() if name.endswith("random_state")]
    strategy = clone(strategy).set_params(**dict.fromkeys(seeds, 0))
    learner = example_learner(strategy)
    expected = strategy(learner, X_POOL, 20)
    with sklearn.config_context(working_memory=SMALL):
        np.testing.assert_array_equal(strategy(learner, X_POOL, 20), expected)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.floats(1e-4, 0.02), st.integers(1, 101), st.integers(1, 101))
def test_blocks_of_any_size_give_the_same(working_memory, n_pool, n_instances):
    n_instances = min(n_instances, n_pool)
    strategy = Hybrid(BALD(), CoreSet(), share=0.5)
    expected = strategy(FOREST, X_POOL[:n_pool], n_instances)
    with sklearn.config_context(working_memory=working_memory):
        chosen = strategy(FOREST, X_POOL[:n_pool], n_instances)
    np.testing.assert_array_equal(chosen, expected)


def test_blocks_cover_the_pool_once_and_keep_to_the_working_memory():
    model = Recording().fit(X, y)
    with sklearn.config_context(working_memory=SMALL):
        Margin()(model, X_POOL)
    assert len(model.sizes_) > 2
    assert sum(model.sizes_) == len(X_POOL)
    row_bytes = 8 * (X.shape[1] + 3)
    assert max(model.sizes_) * row_bytes <= SMALL * 2**20


def test_all_at_once_if_it_fits():
    model = Recording().fit(X, y)
    Margin()(model, X_POOL)
    assert model.sizes_ == [len(X_POOL)]


def as_kinds(X):
    frame = pd.DataFrame(X, index=np.arange(len(X))[::-1])
    sparse = [sp.csr_matrix(X), sp.csc_array(X), sp.coo_array(X), sp.lil_array(X), sp.dok_array(X)]
    return [frame, X.tolist(), np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], *sparse]


@pytest.mark.parametrize("working_memory", [1024, SMALL])
@pytest.mark.parametrize("kind", range(len(as_kinds(X))))
def test_pools_of_any_kind_give_the_same(kind, working_memory):
    pool = as_kinds(X_POOL)[kind]
    model = LogisticRegression().fit(X, y)
    strategy = Hybrid(Margin(), CoreSet())
    expected = strategy(model, X_POOL, 15)
    with sklearn.config_context(working_memory=working_memory):
        np.testing.assert_array_equal(strategy(model, pool, 15), expected)


def test_a_sparse_pool_becomes_rows_once_not_once_a_block(monkeypatch):
    converted = []
    original = sp.csc_array.tocsr
    monkeypatch.setattr(
        sp.csc_array, "tocsr", lambda self, **k: converted.append(1) or original(self, **k)
    )
    pool = sp.csc_array(X_POOL)
    with sklearn.config_context(working_memory=SMALL):
        embedding = Pool(None, pool).embedding
    assert len(embedding) == len(X_POOL)
    assert len(converted) == 1


def test_memory_maps_are_read_and_left_alone(tmp_path):
    np.save(tmp_path / "pool.npy", X_POOL)
    pool = np.load(tmp_path / "pool.npy", mmap_mode="r")
    for strategy in (Margin(), CoreSet(), Hybrid(Margin(), CoreSet())):
        model = GaussianNB().fit(X, y)
        expected = strategy(model, X_POOL, 7)
        with sklearn.config_context(working_memory=SMALL):
            np.testing.assert_array_equal(strategy(model, pool, 7), expected)
    np.testing.assert_array_equal(np.load(tmp_path / "pool.npy"), X_POOL)


# Views -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("working_memory", [1024, SMALL])
def test_views_have_their_shapes_and_types(working_memory):
    learner = ActiveLearner(FOREST, Margin(), X, y).fit(X, y)
    with sklearn.config_context(working_memory=working_memory):
        pool = Pool(learner, X_POOL)
        assert len(pool) == pool.n_samples == 101
        assert pool.n_labeled == 30
        assert pool.proba.shape == (101, 3)
        assert pool.embedding.shape == (101, 4)
        assert pool.embedding.dtype == np.float32
        assert pool.labeled_embedding.shape == (30, 4)
        assert pool.labeled_embedding.dtype == np.float32
        assert pool.sample_proba().shape == (5, 101, 3)
        assert pool.sample_proba(2).shape == (5, 101, 3)  # its members, all of them
        assert pool.reduce(Reduction("votes", lambda votes: votes.T)).shape == (101, 5)
        np.testing.assert_allclose(pool.sample_proba().mean(axis=0), pool.proba, atol=1e-12)
    assert repr(pool) == "Pool(n_samples=101, n_labeled=30)"


def test_views_are_those_of_the_model():
    model = GaussianNB().fit(X, y)
    pool = Pool(model, X_POOL)
    np.testing.assert_array_equal(pool.proba, model.predict_proba(X_POOL))
    np.testing.assert_array_equal(pool.embedding, X_POOL.astype(np.float32))
    assert pool.n_labeled == 0
    assert pool.labeled_embedding.shape == (0, 4)


def test_each_view_is_computed_once():
    model = Recording().fit(X, y)
    pool = Pool(model, X_POOL)
    assert pool.proba is pool.proba
    assert pool.embedding is pool.embedding
    Margin().select(pool, 3)
    Margin().select(pool, 5)
    assert sum(model.sizes_) <= 3 * len(X_POOL)
    n_before = len(model.sizes_)
    strategy = Margin()
    pool = Pool(model, X_POOL, strategy)
    strategy.select(pool, 3)
    strategy.select(pool, 5)
    assert len(model.sizes_) == n_before + 1


def test_regressors_give_predictions_and_their_spread():
    values = X[:, 0] ** 2
    process = GaussianProcessRegressor(optimizer=None).fit(X, values)
    pool = Pool(process, X_POOL)
    mean, std = process.predict(X_POOL, return_std=True)
    with sklearn.config_context(working_memory=SMALL):
        np.testing.assert_allclose(pool.prediction, mean)
    np.testing.assert_allclose(pool.std, std)
    learner = ActiveLearner(DecisionTreeRegressor())
    committee = CommitteeRegressor(learner, n_members=4, bootstrap=True, random_state=0)
    committee.fit(X, values)
    np.testing.assert_allclose(Pool(committee, X_POOL).prediction, committee.predict(X_POOL))
    assert Pool(committee, X_POOL).std.shape == (101,)
    with pytest.raises(TypeError, match=r"standard deviation .* LinearRegression gives none"):
        _ = Pool(LinearRegression().fit(X, values), X_POOL).std


def test_the_probabilities_of_a_committee_are_the_mean_over_members():
    committee = Committee([ActiveLearner(GaussianNB()), ActiveLearner(DecisionTreeClassifier())])
    committee.fit(X, y)
    np.testing.assert_allclose(Pool(committee, X_POOL).proba, committee.predict_proba(X_POOL))
    assert Pool(committee, X_POOL).n_labeled == 30


# Embeddings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_the_embedding_of_a_pipeline_are_its_transformed_features(nested):
    last = make_pipeline(StandardScaler(), GaussianNB()) if nested else GaussianNB()
    model = make_pipeline(StandardScaler(), PCA(2, random_state=0), last)
    learner = ActiveLearner(model, CoreSet(), X, y)
    fitted = learner.estimator
    expected, labeled = fitted[:-1].transform(X_POOL), fitted[:-1].transform(X)
    if nested:
        expected, labeled = (fitted[-1][:-1].transform(Z) for Z in (expected, labeled))
    pool = Pool(learner, X_POOL)
    np.testing.assert_allclose(pool.embedding, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pool.labeled_embedding, labeled, rtol=1e-5, atol=1e-6)


def test_a_pipeline_that_is_not_fitted_leaves_the_samples_as_they_are():
    learner = ActiveLearner(make_pipeline(PCA(2), GaussianNB()), CoreSet())
    assert Pool(learner, X_POOL).embedding.shape == (101, 4)
    np.testing.assert_array_equal(learner.query(X_POOL, 5)[0], CoreSet()(None, X_POOL, 5))


def test_a_model_that_embeds_is_asked_for_its_embedding():
    class Net(GaussianNB):
        def embed(self, X):
            return np.tanh(X[:, :2])

    pool = Pool(ActiveLearner(make_pipeline(StandardScaler(), Net()), CoreSet(), X, y), X_POOL)
    Z = pool.model[0].transform(X_POOL)
    np.testing.assert_allclose(pool.embedding, np.tanh(Z[:, :2]), rtol=1e-5)
    assert pool.labeled_embedding.shape == (30, 2)


def test_images_flatten():
    images = rng.normal(size=(12, 3, 5, 2))
    assert Pool(None, images).embedding.shape == (12, 30)
    with sklearn.config_context(working_memory=1e-3):
        np.testing.assert_array_equal(
            CoreSet()(None, images, 6), CoreSet()(None, images.reshape(12, -1), 6)
        )


def test_numbers_in_a_list_are_samples_of_one_feature():
    assert CoreSet()(None, [0.0, 1.0, 1.1, 9.0], 2).tolist() == [2, 3]


def test_texts_are_measured_by_the_features_of_their_pipeline():
    texts = ["a good film", "a bad film", "good good", "bad bad", "nothing at all"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts[:4], [1, 0, 1, 0])
    assert Pool(model, texts).embedding.shape == (5, 3)
    with pytest.raises(TypeError, match=r"CoreSet measures distances and needs numbers"):
        CoreSet()(None, texts)


def test_a_sparse_embedding_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(pool_module, "MAX_EMBEDDING_BYTES", 4 * 101 * 4 - 1)
    with pytest.raises(ValueError, match=r"features are sparse, of shape .* TruncatedSVD"):
        CoreSet()(None, sp.csr_array(X_POOL))
    monkeypatch.setattr(pool_module, "MAX_EMBEDDING_BYTES", 4 * 101 * 4)
    assert Pool(None, sp.csr_array(X_POOL)).embedding.shape == (101, 4)


def test_a_large_sparse_embedding_is_refused_also_if_each_block_is_small(monkeypatch):
    monkeypatch.setattr(pool_module, "MAX_EMBEDDING_BYTES", 4 * 101 * 4 - 1)
    with (
        sklearn.config_context(working_memory=SMALL),
        pytest.raises(ValueError, match=r"features are sparse"),
    ):
        CoreSet()(None, sp.csr_array(X_POOL))


# Models that do not fit ------------------------------------------------------------------------


Y_SEVERAL = np.c_[X[:, 0] > 0, X[:, 1] > 0, X[:, 2] > 1].astype(int)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(n_estimators=3),
        MultiOutputClassifier(GaussianNB()),
        OneVsRestClassifier(GaussianNB()),
        ClassifierChain(GaussianNB()),
        MLPClassifier((3,), solver="lbfgs", random_state=0, max_iter=2000),
        make_pipeline(StandardScaler(), OneVsRestClassifier(GaussianNB())),
    ],
    ids=lambda model: type(model).__name__,
)
def test_models_of_several_labels_are_refused(model):
    model.fit(X, Y_SEVERAL)
    with pytest.raises(TypeError, match=r"needs one class a sample.* fits single-label"):
        Margin()(model, X_POOL)


def test_a_network_of_two_classes_is_not_taken_for_one_of_several_labels():
    model = MLPClassifier((3,), solver="lbfgs", random_state=0, max_iter=2000).fit(X, y > 0)
    assert len(Margin()(model, X_POOL, 3)) == 3


def test_the_error_of_a_view_names_the_strategy_or_the_query():
    with pytest.raises(TypeError, match="Margin needs class"):
        Margin()(LinearRegression().fit(X, y), X_POOL)
    with pytest.raises(TypeError, match="this query needs class"):
        _ = Pool(LinearRegression().fit(X, y), X_POOL).proba


def test_a_learner_without_labels_is_told_what_to_do():
    with pytest.raises(NotFittedError, match=r"VoteEntropy asks .* RandomSampling, CoreSet"):
        VoteEntropy()(ActiveLearner(RandomForestClassifier()), X_POOL)


def test_a_strategy_may_ask_for_more_views_than_it_announced():
    class Forgetful(QueryStrategy):
        def _select(self, pool, n_instances, chosen):
            return Margin()._select(pool, n_instances, chosen)

    model = GaussianNB().fit(X, y)
    np.testing.assert_array_equal(Forgetful()(model, X_POOL, 4), Margin()(model, X_POOL, 4))


@pytest.mark.parametrize(
    "ensemble",
    [RandomForestClassifier(7, max_depth=3), BaggingClassifier(GaussianNB(), 5, max_features=2)],
)
def test_an_ensemble_asked_for_opinions_and_their_mean_is_run_once(ensemble, monkeypatch):
    X, y = np.random.RandomState(0).normal(size=(60, 3)), np.arange(60) % 3
    ensemble = clone(ensemble).set_params(random_state=0).fit(X, y)
    margin = Margin()
    strategy = Hybrid(Hybrid(margin, VoteEntropy(), combine="score"), BALD(), combine="score")
    expected = strategy(ensemble, X, 10)
    proba = ensemble.predict_proba(X)
    monkeypatch.setattr(type(ensemble), "predict_proba", None)
    pool = Pool(ensemble, X, strategy)
    np.testing.assert_array_equal(strategy.select(pool, 10).indices, expected)
    second, first = np.sort(proba, axis=1)[:, -2:].T
    np.testing.assert_allclose(margin.score(pool), second - first, atol=1e-12)

"""Self-training: what trains, what judges, what is kept."""

import pickle

import numpy as np
import pytest
from segmenters import PixelSegmenter, blobs
from sklearn.base import BaseEstimator, clone

from skal import ActiveLearner, ActiveLearningLoop
from skal._pseudo_labels import IGNORE
from skal.query import CoreSet, RandomSampling
from skal.self_training import Iteration, SelfTrainingSegmenter

LOG: list = []  # of the fits of Scripted, over all copies


@pytest.fixture(autouse=True)
def _empty_log():
    LOG.clear()


class Scripted(BaseEstimator):
    """A segmenter that knows the truth, the pixels above 0.5, but errs on rows by a script.

    Each fit is logged. The model of fit k is wrong in the ``errors[k]`` first rows of every image,
    those of later fits are as the last, and all are as sure as `sureness`.
    """

    def __init__(self, errors=(0,), sureness=0.99, warm_start=False, max_epochs=1):
        self.errors = errors
        self.sureness = sureness
        self.warm_start = warm_start
        self.max_epochs = max_epochs

    def fit(self, X, y):
        began_with = getattr(self, "number_", None) if self.warm_start else None
        self.number_ = len(LOG)
        self.classes_ = np.unique(y[y != IGNORE])
        self.asked_ = []
        LOG.append({"X": X.copy(), "y": y.copy(), "model": self, "began_with": began_with})
        return self

    def predict_proba(self, X):
        self.asked_.append(np.array(X))
        is_positive = np.array(X) > 0.5
        is_positive[:, : self.errors[min(self.number_, len(self.errors) - 1)]] ^= True
        p = np.where(is_positive, self.sureness, 1 - self.sureness)
        return np.stack([1 - p, p], axis=1).astype(np.float32)


def truth_images(n=20, seed=0):
    """Return images that are their own truth, and labels; every image differs from the others."""
    rng = np.random.RandomState(seed)
    y = (rng.rand(n, 8, 8) < 0.4).astype(int)
    return y + 0.3 * rng.rand(*y.shape) * (1 - 2 * y), y


def scripted(errors, **params):
    inner = Scripted(errors, warm_start=params.pop("inner_warm_start", True))
    return SelfTrainingSegmenter(inner, **{"random_state": 0, "n_iterations": 5, **params})


def half_labeled():
    X, y = truth_images()
    y[10:] = -1
    return X, y


# What is kept ---------------------------------------------------------------------------------


def test_the_best_model_is_kept_and_not_the_last():
    segmenter = scripted([4, 2, 3, 1, 5, 5], stop_early=False).fit(*half_labeled())
    assert [r["kept"] for r in segmenter.history_] == [True, True, False, True, False, False]
    assert segmenter.estimator_ is LOG[3]["model"]
    scores = [r["score"] for r in segmenter.history_]
    assert scores[3] == max(scores)
    np.testing.assert_array_equal(
        segmenter.predict_proba(X := truth_images()[0]), LOG[3]["model"].predict_proba(X)
    )


def test_an_iteration_goes_on_from_the_best_model():
    scripted([4, 2, 3, 1, 5, 5], stop_early=False).fit(*half_labeled())
    assert [fit["began_with"] for fit in LOG] == [None, 0, 1, 1, 3, 3]


def test_it_ends_after_an_iteration_that_does_not_help():
    segmenter = scripted([4, 2, 3, 1]).fit(*half_labeled())
    assert [r["kept"] for r in segmenter.history_] == [True, True, False]
    assert segmenter.estimator_ is LOG[1]["model"]


def test_the_same_score_is_no_help():
    assert len(scripted([2, 2, 0]).fit(*half_labeled()).history_) == 2


def test_pseudo_labels_are_those_of_the_model_that_is_kept():
    segmenter = scripted([4, 2, 0, 1], n_iterations=3).fit(*half_labeled())
    assert [r["kept"] for r in segmenter.history_] == [True, True, True, False]
    labels = segmenter.pseudo_labels_
    assert labels.shape == (20, 8, 8)
    trained = LOG[2]["y"][-10:]
    np.testing.assert_array_equal(labels[10:], trained)
    assert {c: (labels == c).sum() for c in (0, 1)} == segmenter.history_[2]["n_pseudo"]


def test_no_iteration_leaves_the_supervised_model():
    segmenter = scripted([0], n_iterations=0).fit(*half_labeled())
    assert [r["stage"] for r in segmenter.history_] == ["supervised"]
    assert (segmenter.pseudo_labels_ == -1).all()


# What trains ----------------------------------------------------------------------------------


def slow_pseudo_labels(best, X, human, held, record):
    """Return pseudo-labels without a cap, pixel by pixel."""
    p = best.predict_proba(X)[:, 1]
    labels = np.full(p.shape, -1)
    for i, r, c in np.ndindex(*p.shape):
        if i in held or human[i, r, c] != -1:
            continue
        if p[i, r, c] >= np.float32(record["positive_threshold"]):
            labels[i, r, c] = 1
        elif p[i, r, c] <= np.float32(record["negative_threshold"]) + 1e-7:
            labels[i, r, c] = 0
    return labels


def test_pseudo_labels_are_those_of_a_slow_version():
    X, truth = blobs(16, noise=0.8)
    y = truth.copy()
    y[8:] = -1
    y[:8, :10] = -1
    segmenter = SelfTrainingSegmenter(
        PixelSegmenter(), max_pseudo_ratio=None, stop_early=False, random_state=0
    )
    iterations = list(segmenter.iter_fit(X, y))
    assert len(iterations) == 4
    held = [i for i in range(16) if any(np.array_equal(X[i], x) for x in iterations[0].X_val)]
    assert len(held) == 1
    best = iterations[0]
    for iteration in iterations[1:]:
        expected = slow_pseudo_labels(best.estimator, X, y, held, iteration.record)
        np.testing.assert_array_equal(iteration.pseudo_labels, expected)
        best = iteration if iteration.record["kept"] else best


@pytest.mark.parametrize("trust", [True, False])
def test_human_labels_are_never_overwritten(trust):
    X, y = half_labeled()
    y[:10, 4:] = -1
    # the first model is wrong everywhere: all that it is sure of contradicts the human labels
    scripted([8, 0], trust_background=trust, n_iterations=1, max_pseudo_ratio=None).fit(X, y)
    rows = [next(i for i in range(20) if np.array_equal(X[i], x)) for x in LOG[1]["X"]]
    known = (y[rows] != -1) if trust else (y[rows] == 1)
    np.testing.assert_array_equal(LOG[1]["y"][known], y[rows][known])
    is_free = ~known
    wrong = 1 - (X[rows] > 0.5)
    assert is_free.any()
    np.testing.assert_array_equal(LOG[1]["y"][is_free], wrong[is_free])


def test_human_background_that_is_not_trusted_serves_the_supervised_phase():
    X, y = half_labeled()
    scripted([0, 0], trust_background=False).fit(X, y)
    assert set(np.unique(LOG[0]["y"])) == {0, 1}
    # with perfect predictions it comes back as pseudo-labels
    assert (LOG[1]["y"] == 0).any()


def test_what_the_model_is_unsure_of_stays_without_a_label():
    segmenter = SelfTrainingSegmenter(Scripted([0, 0], sureness=0.9), random_state=0)
    X, y = half_labeled()
    segmenter.fit(X, y)
    assert len(LOG) == 1
    last = segmenter.history_[-1]
    assert last["n_pseudo"] == {0: 0, 1: 0}
    assert last["score"] is None
    assert not last["kept"]


def test_relaxed_thresholds_reach_what_the_first_did_not():
    inner = Scripted([1, 0], sureness=0.92)
    segmenter = SelfTrainingSegmenter(inner, n_iterations=4, stop_early=False, random_state=0).fit(
        *half_labeled()
    )
    assert [r["kept"] for r in segmenter.history_][:4] == [True, False, False, True]
    thresholds = [r["positive_threshold"] for r in segmenter.history_[1:]]
    np.testing.assert_allclose(thresholds, [0.95, 0.93, 0.91, 0.89])
    thresholds = [r["negative_threshold"] for r in segmenter.history_[1:]]
    np.testing.assert_allclose(thresholds, [0.05, 0.07, 0.09, 0.11])


def test_static_thresholds_stay():
    segmenter = scripted([3, 2, 1, 0, 0], decay=0).fit(*half_labeled())
    assert {r["positive_threshold"] for r in segmenter.history_[1:]} == {0.95}


@pytest.mark.parametrize("ratio", [0.3, 2.0])
def test_pseudo_labels_of_a_class_are_capped_by_its_human_labels(ratio):
    X, y = truth_images(60)
    y[6:] = -1
    segmenter = scripted([1, 0], n_iterations=1, max_pseudo_ratio=ratio).fit(X, y)
    human = {c: (LOG[0]["y"] == c).sum() for c in (0, 1)}
    n_pseudo = segmenter.history_[1]["n_pseudo"]
    assert n_pseudo == {c: int(ratio * human[c]) for c in (0, 1)}


def test_images_without_any_label_do_not_train():
    X, y = truth_images(30)
    y[3:] = -1
    scripted([1, 0], n_iterations=1, max_pseudo_ratio=0.1).fit(X, y)
    assert len(LOG[0]["X"]) == 2
    assert len(LOG[1]["X"]) == 2 + (LOG[1]["y"][2:] != -1).any(axis=(1, 2)).sum() < 30


def test_images_are_predicted_in_blocks_and_only_those_with_something_to_label(monkeypatch):
    monkeypatch.setattr("skal.self_training.BLOCK_PIXELS", 2 * 3 * 64)  # three images at once
    X, y = half_labeled()
    a = scripted([2, 0], n_iterations=1, max_pseudo_ratio=None).fit(X[5:], y[5:], X_unlabeled=X[:4])
    asked = LOG[0]["model"].asked_[1:]
    assert [len(images) for images in asked] == [3, 3, 3, 3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(asked), np.concatenate([X[8:], X[:4]]))
    is_sure = a.pseudo_labels_ != -1
    wrong = np.concatenate([X[5:], X[:4]]) > 0.5
    wrong[:, :2] ^= True
    np.testing.assert_array_equal(a.pseudo_labels_[is_sure], wrong[is_sure])


def test_unlabeled_images_may_be_in_X_or_apart():
    X, y = half_labeled()
    a = scripted([2, 0], n_iterations=1).fit(X, y)
    LOG.clear()
    b = scripted([2, 0], n_iterations=1).fit(X[:10], y[:10], X_unlabeled=X[10:])
    np.testing.assert_array_equal(a.pseudo_labels_, b.pseudo_labels_)
    assert a.history_[1]["score"] == b.history_[1]["score"]


# Inference ------------------------------------------------------------------------------------


class Flipping(Scripted):
    """A segmenter that trains on flipped images, as augmentation would."""

    def fit(self, X, y):
        return super().fit(X[:, ::-1], y[:, ::-1])


def test_pseudo_labels_come_from_images_as_they_are():
    X, y = half_labeled()
    SelfTrainingSegmenter(Flipping([0, 0]), random_state=0, max_pseudo_ratio=None).fit(X, y)
    _, asked = LOG[0]["model"].asked_  # the first are the validation images
    np.testing.assert_array_equal(asked, X)
    back = LOG[1]["y"][:, ::-1]
    is_pseudo = back != -1
    np.testing.assert_array_equal(back[is_pseudo], (LOG[1]["X"][:, ::-1] > 0.5)[is_pseudo])


# What judges ----------------------------------------------------------------------------------


def is_among(image, images):
    return any(np.array_equal(image, other) for other in images)


def test_validation_images_never_train():
    X, y = half_labeled()
    iterations = list(scripted([3, 2, 1], n_iterations=2, validation_fraction=0.3).iter_fit(X, y))
    assert len(iterations[0].X_val) == 3
    for fit in LOG:
        assert not any(is_among(image, fit["X"]) for image in iterations[0].X_val)
    for iteration in iterations:
        np.testing.assert_array_equal(iteration.X_val, iterations[0].X_val)
    rows = [i for i in range(20) if is_among(X[i], iterations[0].X_val)]
    np.testing.assert_array_equal(y[rows], iterations[0].y_val)
    assert (iterations[1].pseudo_labels[rows] == -1).all()


def test_of_a_single_labeled_image_a_strip_judges_and_gets_no_label_at_all():
    X, y = truth_images(4)
    y[1:] = -1
    iterations = list(
        scripted([3, 1], n_iterations=1, validation_fraction=0.25, trust_background=False).iter_fit(
            X, y
        )
    )
    judged = iterations[0].y_val[0] != -1
    assert judged.sum() == 2 * 8
    for fit in LOG:
        assert (fit["y"][0][judged] == -1).all()
    assert (iterations[1].pseudo_labels[0][judged] == -1).all()
    np.testing.assert_array_equal(iterations[0].X_val, X[:1])


def test_validation_data_that_are_given_judge_and_all_labels_train():
    X, y = half_labeled()
    X_val, y_val = truth_images(3, seed=9)
    y_val[0, :4] = -1
    iterations = list(scripted([2, 0], n_iterations=1).iter_fit(X, y, X_val=X_val, y_val=y_val))
    assert len(LOG[0]["X"]) == 10
    assert iterations[0].X_val is X_val
    known, wrong = y_val != -1, np.zeros(y_val.shape, bool)
    wrong[:, :2] = True
    predicted = np.where(wrong, 1 - (X_val > 0.5), X_val > 0.5)
    tp = (predicted & y_val)[known].sum()
    expected = 2 * tp / (predicted[known].sum() + y_val[known].sum())
    assert iterations[0].record["score"] == pytest.approx(expected)
    assert iterations[0].proba.shape == (3, 2, 8, 8)


def test_the_split_is_fixed_by_the_seed():
    X, y = half_labeled()

    def held(seed):
        return next(scripted([0], random_state=seed).iter_fit(X, y)).X_val

    LOG.clear()
    first = held(3)
    for seed in (3, 4):
        LOG.clear()
        assert np.array_equal(held(seed), first) == (seed == 3)


class Judged(PixelSegmenter):
    """A segmenter that keeps the validation data it got."""

    def fit(self, X, y, X_val=None, y_val=None):
        self.judge_ = X_val, y_val
        return super().fit(X, y)


def test_an_estimator_that_takes_validation_data_gets_them():
    X, y = blobs(10)
    iteration = next(SelfTrainingSegmenter(Judged(), random_state=0).iter_fit(X, y))
    np.testing.assert_array_equal(iteration.estimator.judge_[0], iteration.X_val)
    np.testing.assert_array_equal(iteration.estimator.judge_[1], iteration.y_val)


# Parameters of the estimator ------------------------------------------------------------------


def test_retraining_has_parameters_of_its_own():
    scripted([2, 1], n_iterations=1, retrain_params={"max_epochs": 30}).fit(*half_labeled())
    models = [fit["model"] for fit in LOG]
    assert [model.max_epochs for model in models] == [1, 30]
    assert [model.warm_start for model in models] == [True, True]


def test_an_estimator_without_warm_start_begins_anew():
    class Cold(Scripted):
        def __init__(self, errors=(0,), sureness=0.99):
            super().__init__(errors, sureness)

    SelfTrainingSegmenter(Cold([2, 1, 0]), random_state=0).fit(*half_labeled())
    assert [fit["began_with"] for fit in LOG] == [None] * 4


def test_a_warm_start_goes_on_from_the_model_of_the_last_fit():
    segmenter = scripted([2, 1, 1, 0], retrain_params={"max_epochs": 30}, n_iterations=1)
    segmenter.set_params(warm_start=True).fit(*half_labeled()).fit(*half_labeled())
    assert [fit["began_with"] for fit in LOG] == [None, 0, 1, 2]
    assert [fit["model"].max_epochs for fit in LOG] == [1, 30, 1, 30]


def test_seeds_come_from_the_seed_and_move_on():
    X, y = blobs(12)
    y[6:] = -1
    iterations = list(
        SelfTrainingSegmenter(PixelSegmenter(), random_state=5, stop_early=False).iter_fit(X, y)
    )
    seeds = [iteration.estimator.random_state for iteration in iterations]
    assert len(set(seeds)) == 4
    again = SelfTrainingSegmenter(PixelSegmenter(), random_state=5).iter_fit(X, y)
    assert next(again).estimator.random_state == seeds[0]


def test_the_users_estimator_stays_as_it_is():
    inner = PixelSegmenter()
    before = dict(vars(inner))
    X, y = blobs(12)
    y[6:] = -1
    state = np.random.get_state()[1].copy()
    segmenter = SelfTrainingSegmenter(inner, retrain_params={"C": 2.0}, random_state=0)
    params = dict(segmenter.get_params())
    segmenter.fit(X, y)
    assert vars(inner) == before
    assert segmenter.get_params() == params
    assert (np.random.get_state()[1] == state).all()


def test_it_is_cloned_pickled_and_searched_by_name():
    segmenter = SelfTrainingSegmenter(PixelSegmenter(), decay=0.0)
    copy = clone(segmenter).set_params(estimator__sigma=2.0)
    assert (copy.decay, copy.estimator.sigma, segmenter.estimator.sigma) == (0.0, 2.0, 1.0)
    X, y = blobs(6)
    fitted = segmenter.fit(X, y)
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
    assert "SelfTrainingSegmenter(" in repr(segmenter)


def test_a_second_fit_forgets_the_first():
    X, y = blobs(12)
    y[6:] = -1
    segmenter = SelfTrainingSegmenter(PixelSegmenter(), random_state=0).fit(X[:8], y[:8])
    again = SelfTrainingSegmenter(PixelSegmenter(), random_state=0).fit(X, y)
    segmenter.fit(X, y)
    np.testing.assert_array_equal(segmenter.predict_proba(X), again.predict_proba(X))
    assert len(segmenter.history_) == len(again.history_)


# Going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_done", [1, 2, 3])
def test_going_on_after_what_is_done_gives_the_same(n_done):
    X, y = blobs(12, noise=0.9)
    y[6:] = -1
    arguments = {"stop_early": False, "random_state": 0}
    whole = SelfTrainingSegmenter(PixelSegmenter(warm_start=True), **arguments)
    iterations = list(whole.iter_fit(X, y))
    last = max(i for i in range(n_done) if iterations[i].record["kept"])
    done = [
        iteration if i == last else Iteration(iteration.record)
        for i, iteration in enumerate(iterations[:n_done])
    ]
    resumed = SelfTrainingSegmenter(PixelSegmenter(warm_start=True), **arguments)
    rest = list(resumed.iter_fit(X, y, done=done))
    assert len(rest) == 4 - n_done
    for a, b in zip(iterations[n_done:], rest, strict=True):
        np.testing.assert_array_equal(a.pseudo_labels, b.pseudo_labels)
        assert a.record["score"] == b.record["score"]
    np.testing.assert_array_equal(whole.pseudo_labels_, resumed.pseudo_labels_)
    np.testing.assert_array_equal(whole.predict_proba(X), resumed.predict_proba(X))


# More than two classes ------------------------------------------------------------------------


def three_classes():
    rng = np.random.RandomState(0)
    y = rng.randint(0, 3, (20, 1, 1)).repeat(12, 1).repeat(12, 2)
    y[:, :4], y[:, 4:8], y[:, 8:] = 0, 1, 2
    X = (y + rng.normal(0, 0.3, y.shape)).astype(np.float32)
    y[6:] = -1
    return X, y


def test_classes_have_thresholds_by_name():
    X, y = three_classes()
    thresholds = {1: 0.6, 2: 0.9}
    segmenter = SelfTrainingSegmenter(
        PixelSegmenter(), positive_threshold=thresholds, max_pseudo_ratio=None, random_state=0
    )
    first, second, *_ = list(segmenter.iter_fit(X, y))
    proba = first.estimator.predict_proba(X[6:])
    expected = np.full((14, 12, 12), -1)
    for label, least in {0: 0.95, **thresholds}.items():
        expected[proba[:, label] >= least] = label
    np.testing.assert_array_equal(second.pseudo_labels[6:], expected)
    assert second.record["positive_threshold"] == thresholds


def test_a_threshold_for_a_class_that_is_missing_is_an_error():
    segmenter = SelfTrainingSegmenter(PixelSegmenter(), positive_threshold={1: 0.6})
    with pytest.raises(ValueError, match=r"each class but the first, \[1, 2\]; got \{1: 0.6\}"):
        segmenter.fit(*three_classes())


# In learners and loops ------------------------------------------------------------------------


def test_a_learner_gives_it_unlabeled_images_with_every_fit():
    X, y = blobs(20)
    learner = ActiveLearner(
        SelfTrainingSegmenter(PixelSegmenter(), n_iterations=1, random_state=0),
        RandomSampling(),
        X_unlabeled=X[10:],
        random_state=0,
    )
    learner.fit(X[:4], y[:4])
    assert learner.estimator.pseudo_labels_.shape == (14, 32, 32)
    indices, images = learner.query(X[4:10], n_instances=2)
    learner.teach(images, y[4:10][indices])
    assert learner.estimator.pseudo_labels_.shape == (16, 32, 32)
    assert len(learner.estimator.history_) == 2
    assert learner.score(X[10:], y[10:]) > 0.8


def test_it_learns_in_a_loop_and_gives_it_embeddings():
    X, y = blobs(20)
    inner = SelfTrainingSegmenter(PixelSegmenter(), n_iterations=1)
    loop = ActiveLearningLoop(
        ActiveLearner(inner, CoreSet()), n_initial=4, n_instances=2, n_queries=2, random_state=0
    )
    loop.set_params(learner__estimator__estimator__sigma=1.5)
    loop.fit(X, y, X_val=X, y_val=y, X_unlabeled=X)
    assert [record["n_labels"] for record in loop.history_] == [24, 26, 28]
    assert len(loop.learner_.estimator.history_) == 2
    assert loop.learner_.estimator.estimator_.sigma == 1.5


def test_a_loop_gives_it_what_is_left_in_the_pool():
    X, y = truth_images(12)
    inner = Scripted([1, 0], warm_start=True)
    learner = ActiveLearner(SelfTrainingSegmenter(inner, n_iterations=1), RandomSampling())
    loop = ActiveLearningLoop(
        learner, n_initial=4, n_instances=4, n_queries=2, use_pool=True, random_state=0
    )
    seen = []
    for record in loop.iter_fit(X, y):
        labels = loop.learner_.estimator.pseudo_labels_
        seen.append(len(labels))
        is_left = np.setdiff1d(np.arange(12), loop.labeled_indices_)
        n_labeled = record["n_labels"]
        trained = labels[n_labeled:]
        expected = X[is_left] > 0.5  # the model is wrong in the first row
        np.testing.assert_array_equal(
            trained[:, 1:][trained[:, 1:] != -1], expected[:, 1:][trained[:, 1:] != -1]
        )
        assert (trained != -1).any() or len(seen) > 1  # later models are right at once
    assert seen == [12, 12, 12]


def test_a_learner_that_warm_starts_lets_it_go_on():
    X, y = blobs(12)
    segmenter = SelfTrainingSegmenter(PixelSegmenter(), n_iterations=0)
    learner = ActiveLearner(segmenter, RandomSampling(), warm_start=True, random_state=0)
    learner.fit(X[:4], y[:4]).teach(X[4:6], y[4:6])
    assert learner.estimator.estimator_.n_fits_ == 2


def test_it_can_do_what_its_estimator_can():
    segmenter = SelfTrainingSegmenter(PixelSegmenter())
    assert hasattr(segmenter, "embed")
    assert not hasattr(segmenter, "sample_proba")
    assert not hasattr(SelfTrainingSegmenter(Scripted()), "score")


# Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda X, y: (X, y[:, :4]), ValueError, r"X must have shape .* got \(20, 8, 8\) and"),
        (lambda X, y: (X[0], y), ValueError, "X must have shape"),
        (lambda X, y: (X, y.astype(float)), TypeError, "y must hold integers.*float64"),
        (lambda X, y: (X, y - 1), ValueError, "labels from 0 on, or -1 for none; got -2"),
        (lambda X, y: (X, np.minimum(y, 0)), ValueError, r"at least two classes.*got \[0\]"),
        (lambda X, y: (X, y[:, 0]), ValueError, r"y must have shape \(n, H, W\)"),
        (lambda X, y: (X, y, X[:, :4]), ValueError, "X_unlabeled must hold images like those"),
        (lambda X, y: (X, y, None, X), ValueError, "belong together"),
        (lambda X, y: (X, y, None, X, 0 * y), ValueError, "y_val must hold the classes of y"),
        (lambda X, y: (X, y, None, X, 2 * y * y), ValueError, "y_val must hold the classes of y"),
    ],
)
def test_wrong_data_are_named(change, error, message):
    with pytest.raises(error, match=message):
        scripted([0]).fit(*change(*half_labeled()))


def test_an_estimator_of_other_classes_is_refused():
    class Other(Scripted):
        def fit(self, X, y):
            super().fit(X, y)
            self.classes_ = np.array([-1, 0, 1])
            return self

    with pytest.raises(ValueError, match=r"without -1, \[0, 1\]; got \[-1, 0, 1\]"):
        SelfTrainingSegmenter(Other()).fit(*half_labeled())


def test_parameters_that_do_not_exist_are_an_error_before_any_training():
    with pytest.raises(ValueError, match="Invalid parameter 'epochs'"):
        scripted([0], retrain_params={"epochs": 3}).fit(*half_labeled())
    assert not LOG


@pytest.mark.parametrize(
    "params", [{"positive_threshold": 0.5}, {"negative_threshold": 0.5}, {"n_iterations": -1}]
)
def test_thresholds_lie_on_their_side(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        scripted([0], **params).fit(*half_labeled())

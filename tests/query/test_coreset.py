"""Sensitivity sampling: bounds, draws, weights, and the limits where it becomes something else."""

import tracemalloc

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.utils._param_validation import InvalidParameterError

from skal import ActiveLearner
from skal.query import Hybrid, Margin, Pool, Prefilter, RandomSampling, SensitivitySampling
from skal.query._clusters import RoundedClusters
from skal.query.coreset import draw
from skal.query.scores import entropy, margin

rng = np.random.RandomState(0)
X = rng.normal(size=(60, 3)) + 6 * rng.randint(0, 3, size=(60, 1))
LOSSES = rng.gamma(1.0, size=60)
X_FAR = make_blobs(60, 3, centers=4, random_state=0)[0]


def known(indices):
    return LOSSES[indices]


def strategy(n_clusters=5, **params):
    return SensitivitySampling(
        n_clusters, **{"loss": known, "lipschitz": 0.5, "random_state": 0, **params}
    )


def clusters_of(X, n_clusters, seed=0):
    return RoundedClusters(np.asarray(X, np.float32), n_clusters, np.random.RandomState(seed))


# Clusters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_clusters", [1, 3, 60])
def test_centers_are_the_samples_nearest_to_the_mean_of_their_cluster(n_clusters):
    found = clusters_of(X, n_clusters)
    for i, center in enumerate(found.centers):
        rows = np.flatnonzero(found.labels == i)
        to_mean = np.linalg.norm(X[rows] - X[rows].mean(axis=0), axis=1)
        assert center == rows[to_mean.argmin()]
        expected = np.square(X[rows] - X[center]).sum(axis=1)
        np.testing.assert_allclose(found.squared_distances[rows], expected, rtol=1e-4)


def test_clusters_of_samples_that_are_alike_are_left_out():
    found = clusters_of(np.repeat([[0.0], [4.0]], [3, 5], axis=0), 6)
    assert sorted(found.centers) == [0, 3]
    assert found.labels.tolist() in ([0] * 3 + [1] * 5, [1] * 3 + [0] * 5)
    assert not found.squared_distances.any()


def test_clusters_far_from_the_origin_are_those_at_the_origin():
    near, far = clusters_of(X_FAR.round(2), 4), clusters_of(X_FAR.round(2) + 4096, 4)
    assert set(near.centers) == set(far.centers)


@pytest.mark.parametrize("n_features", [2, 16])
def test_clusters_of_a_subsample_are_nearly_as_good_as_those_of_all(n_features):
    X, _ = make_blobs(20_000, n_features, centers=40, cluster_std=3, random_state=0)
    X = X.astype(np.float32)
    ratios = []
    for seed in range(3):
        labels = clusters_of(X, 10, seed).labels
        inertia = sum(np.square(X[labels == i] - X[labels == i].mean(0)).sum() for i in range(10))
        ratios.append(inertia / KMeans(10, n_init=1, random_state=seed).fit(X).inertia_)
    assert np.mean(ratios) < 1.05


# Bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [1, 2, 3.5])
@pytest.mark.parametrize("lipschitz", [0, 0.5])
def test_scores_are_the_loss_of_the_center_plus_the_distance_to_it(z, lipschitz):
    asked = []

    def loss(indices):
        asked.extend(indices)
        return LOSSES[indices]

    q = strategy(z=z, lipschitz=lipschitz, loss=loss).score(Pool(None, X))
    assert len(set(asked)) == len(asked) == 5
    centers = np.array(asked)
    nearest = np.linalg.norm(X[:, None] - X[centers], axis=2)
    candidates = LOSSES[centers] + lipschitz * nearest**z
    assert np.isclose(q[:, None], candidates, rtol=1e-4).any(axis=1).all()
    np.testing.assert_allclose(q[centers], LOSSES[centers])


def test_the_selection_has_the_scores_of_its_samples():
    selection = strategy().select(Pool(None, X), 7)
    q = strategy().score(Pool(None, X))
    np.testing.assert_array_equal(selection.scores, q[selection.indices])


@pytest.mark.parametrize(("loss", "expected"), [("entropy", entropy), ("margin", margin)])
def test_stand_ins_come_from_the_probabilities(loss, expected):
    model = LogisticRegression().fit(X, X[:, 0] > 5)
    losses = expected(model.predict_proba(X))
    losses = 1 - losses if loss == "margin" else losses
    pool = Pool(model, X)
    by_name = strategy(loss=loss).score(pool)
    np.testing.assert_allclose(by_name, strategy(loss=losses.__getitem__).score(pool))


def test_the_estimated_constant_is_the_largest_ratio_times_the_logarithm_of_n():
    values = np.arange(50.0)[:, None]
    slope = SensitivitySampling(
        1, loss=lambda i: 3 * np.abs(i - 24.5), lipschitz="estimate", z=1, random_state=0
    )
    q = slope.score(Pool(None, values))
    center = int(q.argmin())
    distance = np.abs(values[:, 0] - center)
    rates = (q - q[center])[distance > 0] / distance[distance > 0]
    np.testing.assert_allclose(rates, 3 * np.log(50), rtol=1e-3)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_estimated_constant_takes_any_unit_of_length(scale):
    q = strategy(lipschitz="estimate").score(Pool(None, X))
    np.testing.assert_allclose(
        strategy(lipschitz="estimate").score(Pool(None, scale * X)), q, rtol=1e-3
    )


def test_the_estimate_asks_few_losses_each_once():
    asked = []

    def loss(indices):
        asked.extend(indices)
        return LOSSES[indices]

    strategy(4, loss=loss, lipschitz="estimate")(None, X, 10)
    n_more = int(np.ceil(np.log(400) / np.log(10)))  # 3 a cluster
    assert len(asked) == len(set(asked)) <= 4 * (1 + n_more)
    assert len(asked) >= 4 + n_more


def test_the_estimated_bound_holds_for_nearly_all_samples_of_a_smooth_loss():
    X, _ = make_blobs(500, 2, centers=5, random_state=0)
    losses = np.square(np.sin(X / 5)).sum(axis=1)
    smooth = strategy(loss=losses.__getitem__, lipschitz="estimate", z=1)
    assert (smooth.score(Pool(None, X)) >= losses).mean() > 0.98


def test_clustering_the_losses_needs_no_embedding_and_all_losses():
    asked = []

    def loss(indices):
        asked.extend(indices)
        return LOSSES[indices]

    by_loss = strategy(60, loss=loss, cluster_on="loss")
    q = by_loss.score(Pool(None, ["a text"] * 60))
    assert sorted(asked) == list(range(60))
    np.testing.assert_allclose(q, LOSSES)  # each sample is its own center


def test_clusters_of_losses_hold_samples_of_like_loss():
    q = strategy(6, cluster_on="loss", lipschitz=0).score(Pool(None, X))
    assert len(set(q)) == 6
    order = np.argsort(LOSSES)
    assert (np.diff(q[order]) >= 0).all()


# The limits ---------------------------------------------------------------------------------


def test_constant_losses_without_distances_are_a_uniform_draw():
    q = strategy(loss=lambda i: np.full(len(i), 0.3), lipschitz=0).score(Pool(None, X))
    np.testing.assert_array_equal(q, 0.3)


def test_without_a_lipschitz_constant_the_loss_of_the_center_decides():
    asked = []

    def loss(indices):
        asked.extend(indices)
        return LOSSES[indices]

    q = strategy(lipschitz=0, loss=loss).score(Pool(None, X))
    assert set(q) == set(LOSSES[asked])


def test_a_large_lipschitz_constant_is_distance_sampling():
    q = strategy(loss=lambda i: np.ones(len(i)), lipschitz=1e9).score(Pool(None, X))
    same_draws = Pool(None, X).rng(0, "SensitivitySampling")
    distances = RoundedClusters(X.astype(np.float32), 5, same_draws).squared_distances
    np.testing.assert_allclose(q / q.sum(), distances / distances.sum(), atol=1e-6)


def test_one_cluster_is_the_lightweight_coreset():
    distance = np.square(X - X.mean(axis=0)).sum(axis=1)
    center = np.square(X - X[distance.argmin()]).sum(axis=1)
    light = strategy(1, loss=lambda i: np.ones(len(i)), lipschitz=1 / center.mean())
    q = light.score(Pool(None, X))
    expected = 0.5 / 60 + 0.5 * center / center.sum()
    np.testing.assert_allclose(q / q.sum(), expected, rtol=1e-4)


@pytest.mark.parametrize("replacement", [True, False])
def test_zero_losses_everywhere_are_a_uniform_draw(replacement):
    counts = np.zeros(60)
    for seed in range(150):
        zero = strategy(
            loss=lambda i: np.zeros(len(i)),
            lipschitz="estimate",
            replacement=replacement,
            random_state=seed,
        )
        selection = zero.select(Pool(None, X), 5)
        counts[selection.indices] += 1
        if not replacement:
            np.testing.assert_allclose(selection.weights, 12)
    assert chisquare(counts).pvalue > 0.001


def test_every_sample_its_own_cluster():
    q = strategy(60, lipschitz="estimate").score(Pool(None, X))
    np.testing.assert_array_equal(q, LOSSES)


def test_samples_without_loss_come_last_in_order_of_position():
    losses = np.where(np.arange(60) < 50, 0.0, 1.0)
    last = strategy(60, loss=losses.__getitem__, lipschitz=0)
    for replacement in (True, False):
        selection = last.set_params(replacement=replacement).select(Pool(None, X), 14)
        assert set(selection.indices[:10]) == set(range(50, 60))
        assert selection.indices[10:].tolist() == [0, 1, 2, 3]
        np.testing.assert_array_equal(selection.weights, 1)


# Draws and weights --------------------------------------------------------------------------

Q = np.array([0.5, 1, 1, 2, 4, 9])
VALUES = np.array([3.0, 1, 4, 1, 5, 9])


def draw_one_by_one(q, n, rng):
    """Draw until the (n + 1)-th distinct sample, and leave that one out."""
    times = {}
    while True:
        i = rng.choice(len(q), p=q / q.sum())
        if i not in times and len(times) == n:
            break
        times[i] = times.get(i, 0) + 1
    weights = np.array(list(times.values())) / sum(times.values())
    drawn = np.array(list(times))
    return drawn, weights / (q[drawn] / q.sum())


def moments(draw_once, n_draws):
    """Return the mean and its error of each sample's weight, 0 where it is not drawn."""
    weights = np.zeros((n_draws, len(Q)))
    for row in weights:
        drawn, row_weights = draw_once()
        row[drawn] = row_weights
    return weights.mean(axis=0), weights.std(axis=0) / np.sqrt(n_draws), weights


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_weights_with_replacement_are_unbiased(n):
    rng = np.random.RandomState(n)
    mean, error, weights = moments(lambda: draw(Q, n, True, rng), 4000)
    assert (np.abs(mean - 1) < 4 * error).all()
    sums = weights @ VALUES
    assert abs(sums.mean() - VALUES.sum()) < 4 * sums.std() / np.sqrt(len(sums))


@pytest.mark.parametrize("n", [2, 4])
def test_draws_have_the_law_of_drawing_one_after_the_other(n):
    rng = np.random.RandomState(0)
    fast = moments(lambda: draw(Q, n, True, rng), 3000)[2]
    slow = moments(lambda: draw_one_by_one(Q, n, rng), 3000)[2]
    for transform in (np.sign, np.log1p, np.square):
        a, b = transform(fast), transform(slow)
        error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / 3000)
        assert (np.abs(a.mean(axis=0) - b.mean(axis=0)) < 4 * error).all()
    assert np.abs((fast[:, 4] > 0) & (fast[:, 5] > 0)).mean() == pytest.approx(
        ((slow[:, 4] > 0) & (slow[:, 5] > 0)).mean(), abs=0.05
    )


def test_the_first_drawn_is_drawn_in_proportion():
    rng = np.random.RandomState(0)
    first = [draw(Q, 3, True, rng)[0][0] for _ in range(3000)]
    assert chisquare(np.bincount(first, minlength=6), 3000 * Q / Q.sum()).pvalue > 0.001


def priority_sample(q, n, uniform):
    """Return priority sampling as its paper defines it, the weights scaled to sum q exactly."""
    priorities = q / uniform
    order = np.argsort(-priorities)
    drawn, threshold = order[:n], priorities[order[n]]
    weights = np.maximum(q[drawn], threshold) / q[drawn]
    return drawn, weights * q.sum() / (weights * q[drawn]).sum()


@pytest.mark.parametrize("n", [1, 3, 5])
def test_draws_without_replacement_are_priority_samples(n):
    for seed in range(20):
        drawn, weights = draw(Q, n, False, np.random.RandomState(seed))
        uniform = 1 - np.random.RandomState(seed).random_sample(6)
        expected, expected_weights = priority_sample(Q, n, uniform)
        np.testing.assert_array_equal(drawn, expected)
        np.testing.assert_allclose(weights, expected_weights)
        assert weights @ Q[drawn] == pytest.approx(Q.sum())


@pytest.mark.parametrize("replacement", [True, False])
def test_all_samples_weigh_1_when_all_are_drawn(replacement):
    drawn, weights = draw(Q, 6, replacement, np.random.RandomState(0))
    assert sorted(drawn) == list(range(6))
    np.testing.assert_array_equal(weights, 1)


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("n", [1, 3, 5])
def test_extreme_bounds_give_finite_weights(replacement, n):
    q = np.array([1e-320, 1e-90, 1e-20, 1.0, 1e20, 1e300])
    drawn, weights = draw(q, n, replacement, np.random.RandomState(0))
    assert len(set(drawn)) == n
    assert np.isfinite(weights).all()
    assert (weights > 0).all()


def estimates(sampling, n_instances, values, n_seeds):
    pool = Pool(None, X)
    sums = []
    for seed in range(n_seeds):
        chosen = sampling.set_params(random_state=seed).select(pool, n_instances)
        sums.append(chosen.weights @ values[chosen.indices])
    return np.array(sums)


@pytest.mark.parametrize("values", [LOSSES, np.ones(60), X[:, 0]], ids=["loss", "count", "other"])
def test_the_weighted_sum_estimates_the_sum_over_the_pool(values):
    sums = estimates(strategy(lipschitz="estimate", z=1), 8, values, 200)
    assert abs(sums.mean() - values.sum()) < 4 * sums.std() / np.sqrt(200)


def test_without_replacement_the_weighted_sum_is_near_the_sum_and_varies_less():
    with_replacement = estimates(strategy(cluster_on="loss"), 20, LOSSES, 100)
    without = estimates(strategy(cluster_on="loss", replacement=False), 20, LOSSES, 100)
    assert without.mean() == pytest.approx(LOSSES.sum(), rel=0.03)
    assert without.std() < with_replacement.std()


def test_a_few_far_samples_that_carry_the_loss_are_found():
    X = np.concatenate([rng.normal(size=(2000, 4)), 30 + rng.normal(size=(4, 4))])
    losses = np.square(X).sum(axis=1)
    sampling = SensitivitySampling(8, loss=losses.__getitem__, lipschitz=1.0, random_state=0)
    selection = sampling.select(Pool(None, X), 40)
    assert {2000, 2001, 2002, 2003} <= set(selection.indices)
    assert selection.weights @ losses[selection.indices] == pytest.approx(losses.sum(), rel=0.2)


# In company ---------------------------------------------------------------------------------


def test_what_is_chosen_is_not_asked_for_and_weights_stand_for_the_others():
    asked = []

    def loss(indices):
        asked.extend(indices)
        return LOSSES[indices]

    chosen = np.arange(0, 60, 2)
    selection = strategy(loss=loss).select(Pool(None, X), 30, chosen=chosen)
    assert not set(asked) & set(chosen)
    assert not set(selection.indices) & set(chosen)
    np.testing.assert_array_equal(selection.weights, 1)


@pytest.mark.parametrize("combine", ["share", "score"])
def test_it_is_a_part_of_hybrids(combine):
    learner = ActiveLearner(
        LogisticRegression(),
        Hybrid(Margin(), strategy(loss="entropy"), share=0.5, combine=combine),
        X_training=X,
        y_training=X[:, 0] > 5,
    )
    assert len(set(learner.query(X, 10)[0])) == 10


def test_in_a_prefilter_the_loss_is_asked_at_positions_in_the_whole_pool():
    asked = []

    def loss(indices):
        asked.extend(indices)
        return LOSSES[indices]

    kept = RandomSampling(random_state=0)
    chosen = Prefilter(strategy(loss=loss), keep=20, by=kept)(None, X, 6)
    assert set(asked) | set(chosen) <= set(kept(None, X, 20))


def test_memory_stays_below_what_the_docstring_says():
    n, d, k = 100_000, 16, 20
    X = np.random.RandomState(0).normal(size=(n, d)).astype(np.float32)
    losses = np.ones(n)
    sampling = SensitivitySampling(k, loss=losses.__getitem__, random_state=0)
    pool = Pool(None, X)
    sampling.select(pool, 10)
    tracemalloc.start()
    sampling.select(pool, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * n + 4096 * k * d + 2**21


# Bad input ----------------------------------------------------------------------------------


def test_more_clusters_than_the_pool_has_samples():
    with pytest.raises(ValueError, match=r"n_clusters must be at most .* n_clusters=61 for 60"):
        strategy(61)(None, X)


@pytest.mark.parametrize(
    ("losses", "error", "message"),
    [
        (lambda i: LOSSES[:3], ValueError, r"one number for each position .* \(3,\) for 5"),
        (lambda i: LOSSES[i][:, None], ValueError, r"got an array of shape \(5, 1\)"),
        (lambda i: 1.0, ValueError, r"got an array of shape \(\) for 5"),
        (lambda i: np.full(5, np.nan), ValueError, "finite and not negative; got nan at index"),
        (lambda i: np.full(5, np.inf), ValueError, "finite and not negative; got inf at index"),
        (lambda i: -LOSSES[i], ValueError, "5 such values of 5"),
        (lambda i: ["high"] * 5, TypeError, "loss must return an array of numbers; got"),
        (lambda i: None, ValueError, "one number for each position"),
    ],
)
def test_a_loss_that_is_none(losses, error, message):
    with pytest.raises(error, match=message):
        strategy(loss=losses)(None, X)


def test_an_error_in_the_loss_reaches_the_user():
    def broken(indices):
        raise KeyError("my bug")

    with pytest.raises(KeyError, match="my bug"):
        strategy(loss=broken)(None, X)


def test_a_loss_gets_integers_and_may_change_them():
    def loss(indices):
        assert indices.dtype.kind == "i"
        values = LOSSES[indices]
        indices[:] = 0
        return values

    np.testing.assert_array_equal(strategy(loss=loss)(None, X, 5), strategy()(None, X, 5))


def test_an_embedding_with_nan():
    bad = X.copy()
    bad[4, 1] = np.nan
    with pytest.raises(ValueError, match=r"SensitivitySampling measures distances .* at index 4"):
        strategy()(None, bad)


@pytest.mark.parametrize("params", [{"z": 400}, {"lipschitz": 1e308}])
def test_bounds_that_are_not_finite(params):
    with pytest.raises(ValueError, match="too large to add up"):
        strategy(1, **params)(None, 10 * X)


@pytest.mark.parametrize(
    "params",
    [
        {"n_clusters": 0},
        {"n_clusters": 2.5},
        {"z": 0},
        {"loss": "hinge"},
        {"lipschitz": -1},
        {"lipschitz": np.nan},
        {"lipschitz": np.inf},
        {"lipschitz": "guess"},
        {"cluster_on": "labels"},
        {"replacement": "no"},
    ],
    ids=str,
)
def test_parameters_out_of_range_are_named(params):
    with pytest.raises(InvalidParameterError, match=f"{next(iter(params))!r} parameter"):
        strategy().set_params(**params)(None, X)


def test_true_losses_outside_a_loop():
    with pytest.raises(TypeError, match="labels, which only ActiveLearningLoop can uncover"):
        strategy(loss="true")(None, X)


def test_all_true_losses_would_be_all_labels():
    pool = Pool(None, X, loss_of=known)
    with pytest.raises(ValueError, match="would uncover the label of every sample"):
        strategy(loss="true", cluster_on="loss").select(pool, 1)

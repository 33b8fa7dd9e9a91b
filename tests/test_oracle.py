"""True losses in a loop: every label that a loss uncovers is counted, taught and weighted."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier

from skal import ActiveLearner, ActiveLearningLoop, Committee
from skal._oracle import LossOracle, cross_entropy
from skal.query import Hybrid, Margin, Prefilter, QueryStrategy, Selection, SensitivitySampling
from skal.stopping import LabelBudget

ESTIMATOR = LogisticRegression(max_iter=500)
TRUE = SensitivitySampling(4, loss="true", lipschitz=0)


def make_loop(strategy=TRUE, estimator=ESTIMATOR, **params):
    defaults = {"n_initial": 10, "initial": "stratified", "n_instances": 5, "n_queries": 3}
    learner = ActiveLearner(estimator, strategy)
    return ActiveLearningLoop(learner, **{**defaults, "random_state": 0, **params})


class Asks(QueryStrategy):
    """Choose the last samples, having asked for the losses of some positions."""

    asked = ((0, 3), (3, 5))
    losses: list = []  # noqa: RUF012

    def _select(self, pool, n_instances, chosen):
        self.losses.extend(pool.loss_of(np.array(rows)) for rows in self.asked)
        indices = np.arange(len(pool) - n_instances, len(pool))
        return Selection(indices, np.zeros(n_instances), np.full(n_instances, 7.0))


def test_losses_are_the_cross_entropy_of_the_label(iris):
    X, y = iris
    model = ESTIMATOR.fit(X[:40], y[:40])
    positions = np.arange(40, 60)
    oracle = LossOracle(model, X, y, positions)
    indices = np.array([3, 0, 7])
    for index, loss in zip(indices, oracle(indices), strict=True):
        row = positions[index]
        expected = log_loss([y[row]], model.predict_proba(X[[row]]), labels=[0, 1, 2])
        assert loss == pytest.approx(expected)


def test_a_label_that_the_model_does_not_know_has_the_largest_finite_loss():
    losses = cross_entropy(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array(["a", "b"]), ["c", "b"])
    np.testing.assert_allclose(losses, [-np.log(np.finfo(float).eps), np.log(2)])


def test_each_label_asked_for_is_counted_once(iris):
    loop = make_loop(Asks(), n_queries=1).fit(*iris)
    unlabeled = np.setdiff1d(np.arange(150), loop.history_[0]["indices"])
    expected = [*unlabeled[-5:], *unlabeled[[0, 3, 5]]]
    assert loop.history_[1]["indices"].tolist() == expected
    assert loop.history_[1]["n_labels"] == 10 + 5 + 3
    assert len(loop.learner_.y_training) == 18


def test_what_is_asked_for_and_chosen_is_one_label(iris):
    class AsksTheChosen(Asks):
        asked = ((139, 138),)

    loop = make_loop(AsksTheChosen(), n_queries=1).fit(*iris)
    assert loop.history_[1]["n_labels"] == 15


def test_labels_asked_for_weigh_1_beside_the_weights_of_the_query(iris):
    loop = make_loop(Asks(), n_queries=1, use_query_weights=True).fit(*iris)
    assert loop.history_[1]["query_weights"].tolist() == [7] * 5 + [1] * 3
    assert loop.learner_.labeled_.sample_weight.tolist() == [1] * 10 + [7] * 5 + [1] * 3


def test_sensitivity_sampling_pays_for_its_centers(iris):
    loop = make_loop().fit(*iris)
    assert [record["n_labels"] for record in loop.history_] == [10, 19, 28, 37]
    assert len(set(loop.labeled_indices_)) == len(loop.labeled_indices_) == 37
    np.testing.assert_array_equal(loop.learner_.y_training, iris[1][loop.labeled_indices_])


def test_an_estimated_lipschitz_constant_is_paid_for(iris):
    loop = make_loop(SensitivitySampling(4, loss="true"), n_queries=1).fit(*iris)
    n_each = 1 + int(np.ceil(np.log(400) / np.log(10)))
    assert 15 + 4 + n_each <= loop.history_[1]["n_labels"] <= 15 + 4 * n_each


def test_stand_ins_cost_no_label(iris):
    loop = make_loop(SensitivitySampling(4)).fit(*iris)
    assert [record["n_labels"] for record in loop.history_] == [10, 15, 20, 25]


def test_weights_and_uncovered_labels_together_stand_for_the_pool(iris):
    sums = []
    for seed in range(40):
        strategy = TRUE.set_params(random_state=seed)
        loop = make_loop(strategy, n_queries=1, use_query_weights=True).fit(*iris)
        sums.append(loop.history_[1]["query_weights"].sum())
    assert abs(np.mean(sums) - 140) < 4 * np.std(sums) / np.sqrt(40)


def test_labels_that_nobody_asked_for_change_nothing(iris):
    X, y = iris
    loop = make_loop(initial="random").fit(X, y)
    hidden = y.copy()
    hidden[np.setdiff1d(np.arange(150), loop.labeled_indices_)] = 0
    again = make_loop(initial="random").fit(X, hidden)
    np.testing.assert_array_equal(again.labeled_indices_, loop.labeled_indices_)


def test_a_run_with_true_losses_resumes(iris):
    whole = make_loop(use_query_weights=True).fit(*iris)
    resumed = make_loop(use_query_weights=True)
    list(resumed.iter_fit(*iris, done=whole.history_[:2]))
    np.testing.assert_array_equal(resumed.labeled_indices_, whole.labeled_indices_)
    weights = [loop.learner_.labeled_.sample_weight for loop in (whole, resumed)]
    np.testing.assert_array_equal(*weights)


def test_a_budget_of_labels_counts_those_asked_for(iris):
    loop = make_loop(n_queries=None, stopping=LabelBudget(40)).fit(*iris)
    assert loop.history_[-1]["n_labels"] == 37


def test_when_all_is_uncovered_the_rest_is_chosen_by_position(iris):
    X, y = iris
    loop = make_loop(SensitivitySampling(7, loss="true"), n_initial=8, n_queries=1)
    loop.fit(X[:15], y[:15])
    assert sorted(loop.labeled_indices_) == list(range(15))


@pytest.mark.parametrize("strategy", [TRUE, Hybrid(Margin(), TRUE, share=0.4)], ids=repr)
def test_string_labels_committees_and_hybrids(iris, strategy):
    X, y = iris
    y = np.array(["ash", "box", "elm"])[y]
    learner = Committee(ActiveLearner(ESTIMATOR), strategy, n_members=2, bootstrap=True)
    loop = make_loop(n_queries=1).set_params(learner=learner).fit(X, y)
    assert 15 < loop.history_[1]["n_labels"] <= 15 + 4


def test_a_prefilter_uncovers_labels_of_what_it_keeps(iris):
    loop = make_loop(Prefilter(TRUE, keep=30), n_queries=1).fit(*iris)
    first = loop.history_[0]["indices"]
    unlabeled = np.setdiff1d(np.arange(150), first)
    model = ESTIMATOR.fit(iris[0][first], iris[1][first])
    kept = unlabeled[Margin()(model, iris[0][unlabeled], 30)]
    assert len(loop.history_[1]["indices"]) == 9
    assert set(loop.history_[1]["indices"]) <= set(kept)


def test_a_regressor_has_no_cross_entropy(iris):
    with pytest.raises(TypeError, match="needs class probabilities, but Ridge has no"):
        make_loop(estimator=Ridge(), initial="random").fit(*iris)


def test_weights_need_an_estimator_that_takes_them(iris):
    with pytest.raises(TypeError, match="sample_weight"):
        make_loop(estimator=KNeighborsClassifier(), use_query_weights=True).fit(*iris)


def test_uncovered_labels_may_count_among_those_asked_for(iris):
    strategy = SensitivitySampling(2, loss="true", lipschitz=0, count_uncovered=True)
    loop = make_loop(strategy, n_queries=2, use_query_weights=True).fit(*iris)
    assert [record["n_labels"] for record in loop.history_] == [10, 15, 20]
    assert loop.history_[1]["query_weights"][3:].tolist() == [1, 1]  # the centers


def test_too_few_labels_for_what_losses_uncover_is_an_error(iris):
    strategy = SensitivitySampling(6, loss="true", lipschitz=0, count_uncovered=True)
    with pytest.raises(ValueError, match=r"got n_instances=5 for 6 labels. Ask for more samples"):
        make_loop(strategy).fit(*iris)

"""Every public estimator follows scikit-learn's conventions, without an exception."""

from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from skal import ActiveLearner, ActiveLearningLoop, BayesianOptimizer, Committee, CommitteeRegressor
from skal.query import ConsensusEntropy, Margin, RandomSampling


def learners():
    return [
        ActiveLearner(LogisticRegression()),
        ActiveLearner(Ridge(), RandomSampling()),
        ActiveLearner(DecisionTreeClassifier(), Margin()),
        ActiveLearner(make_pipeline(StandardScaler(), LogisticRegression()), Margin()),
        BayesianOptimizer(BayesianRidge()),
        BayesianOptimizer(GaussianProcessRegressor(optimizer=None)),  # predicts before fit too
    ]


def committees():
    return [
        Committee([ActiveLearner(LogisticRegression()), ActiveLearner(DecisionTreeClassifier())]),
        Committee(
            ActiveLearner(DecisionTreeClassifier()),
            ConsensusEntropy(),
            n_members=3,
            bootstrap=True,
            random_state=0,
        ),
        CommitteeRegressor([ActiveLearner(Ridge()), ActiveLearner(DecisionTreeRegressor())]),
        CommitteeRegressor(ActiveLearner(Ridge()), n_members=2, bootstrap=True),
    ]


def loops():
    # without a seed some draws never label one of the classes, which the checks expect
    tree, regressor = DecisionTreeClassifier(), DecisionTreeRegressor()
    learners = [
        ActiveLearner(LogisticRegression(), Margin()),
        ActiveLearner(Ridge(), RandomSampling()),
        Committee(ActiveLearner(tree), n_members=3, bootstrap=True),
        CommitteeRegressor(ActiveLearner(regressor), n_members=3, bootstrap=True),
    ]
    return [ActiveLearningLoop(learner, random_state=0) for learner in learners]


@parametrize_with_checks([*learners(), *committees(), *loops()])
def test_estimators_follow_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)

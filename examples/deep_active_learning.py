"""A small convolutional net learns digits; BALD and a core set choose what to label.

Run ``python examples/deep_active_learning.py``; it takes less than a minute.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skal import ActiveLearner
from skal.nets import CNNClassifier
from skal.query import BALD, CoreSet, Hybrid, RandomSampling


def run(strategy, n_queries=4, max_epochs=200, random_state=0):
    """Return the accuracy after each query of ten labels."""
    X, y = load_digits(return_X_y=True)
    X_pool, X_test, y_pool, y_test = train_test_split(X, y, stratify=y, random_state=random_state)
    # with so few labels an epoch is a single step: a net of few steps knows nothing to ask
    net = CNNClassifier(image_shape=(8, 8), max_epochs=max_epochs)
    learner = ActiveLearner(net, strategy, X_pool[:20], y_pool[:20], random_state=random_state)
    X_pool, y_pool = X_pool[20:], y_pool[20:]
    scores = [learner.score(X_test, y_test)]
    for _ in range(n_queries):
        indices, images = learner.query(X_pool, n_instances=10)
        learner.teach(images, y_pool[indices])
        keep = [i for i in range(len(X_pool)) if i not in set(indices)]
        X_pool, y_pool = X_pool[keep], y_pool[keep]
        scores.append(learner.score(X_test, y_test))
    return scores


if __name__ == "__main__":
    for strategy in (RandomSampling(), Hybrid(BALD(20), CoreSet())):
        scores = " ".join(f"{score:.3f}" for score in run(strategy))
        print(f"{type(strategy).__name__:15} {scores}")

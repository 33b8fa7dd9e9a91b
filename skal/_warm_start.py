"""Estimators that go on from their last fit."""


def enable_warm_start(estimator):
    """Set every parameter ``warm_start`` of an estimator; raise a ValueError if it has none."""
    if not hasattr(estimator, "get_params"):
        return  # its own fit decides whether it goes on
    names = [n for n in estimator.get_params() if n.rpartition("__")[2] == "warm_start"]
    if not names:
        raise ValueError(
            f"warm_start=True needs an estimator that can go on from its last fit; "
            f"{type(estimator).__name__} has no parameter warm_start."
        )
    estimator.set_params(**dict.fromkeys(names, True))

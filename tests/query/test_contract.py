"""Every strategy keeps the contract, over learners and models of every kind."""

import pytest

from skal.query.checks import STRATEGY_CHECKS, all_strategies, check_strategy

STRATEGIES = all_strategies()


def by_name(thing):
    return thing.__name__ if hasattr(thing, "__name__") else repr(thing)


@pytest.mark.parametrize("check", STRATEGY_CHECKS, ids=by_name)
@pytest.mark.parametrize("strategy", STRATEGIES, ids=by_name)
def test_strategy_keeps_the_contract(strategy, check):
    check_strategy(strategy, checks=[check])

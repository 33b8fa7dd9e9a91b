"""Parameters of learners, whose attributes of the same names show a state that has grown."""


def given_params(learner, nested_names, deep):
    """Return the constructor's arguments as they were given, not as they read by now.

    Parameters
    ----------
    learner : learner or committee
    nested_names : tuple of str
        Arguments that may have parameters of their own.
    deep : bool
        Whether to add those, as ``name__...``.

    Returns
    -------
    dict
    """
    params = {name: vars(learner)[name] for name in learner._get_param_names()}
    for name in nested_names if deep else ():
        if hasattr(params[name], "get_params") and not isinstance(params[name], type):
            nested = params[name].get_params()
            params.update({f"{name}__{key}": value for key, value in nested.items()})
    return params

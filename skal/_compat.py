"""Private names of other libraries that skal needs, each with the version that ends the need.

Nothing else in skal imports a name that starts with an underscore from another library.
"""

# until scikit-learn makes parameter validation public (scikit-learn#30027)
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

__all__ = ["HasMethods", "Interval", "StrOptions"]

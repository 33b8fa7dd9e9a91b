"""The models that projects can have by name, and the settings of each."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points

GROUP = "skal.models"  # of entry points: classifiers of other packages, by name


@dataclass(frozen=True)
class ModelSetting:
    """Something about a model that people may choose.

    Attributes
    ----------
    name : str
        As the estimator has it.
    kind : {"integer", "number", "choice", "file", "numbers"}
        What values it has.
    default : object
        What it is where nothing is chosen.
    help : str
        What it does, in words.
    choices : tuple of str
        Of a choice; one that may be nothing has None as a default.
    """

    name: str
    kind: str
    default: object
    help: str
    choices: tuple = ()


@dataclass(frozen=True)
class ModelChoice:
    """A model that a project can have.

    Attributes
    ----------
    name : str
        By which it is asked for.
    title : str
        What people call it.
    sees : {"images", "embeddings"}
        What it learns from.
    settings : tuple of ModelSetting
        What can be chosen about it.
    make : callable
        Takes settings, and returns the unfitted estimator.
    """

    name: str
    title: str
    sees: str
    settings: tuple
    make: Callable

    def make_estimator(self, settings):
        """Return the unfitted estimator, or raise for settings that it does not have."""
        known = [setting.name for setting in self.settings]
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise ValueError(f"the model {self.name!r} has the settings {known}; got {unknown}.")
        return self.make(**settings)


def _net(name):
    def make(**settings):
        from .. import nets

        net = getattr(nets, name)(**settings)
        net._validate_params()  # now, instead of in the process that trains
        return net

    return make


def _logistic(**settings):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**{"max_iter": 2000} | settings)


def _random_forest(**settings):
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(**{"n_estimators": 200} | settings)


def _svm(**settings):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    # two folds: two labels of each class are all that a first training waits for
    return CalibratedClassifierCV(SVC(**settings), cv=2, ensemble=False)


def _knn(**settings):
    from sklearn.neighbors import KNeighborsClassifier

    # by brute force, since no safe file holds a tree of neighbors
    return KNeighborsClassifier(algorithm="brute", **settings)


def _hist_gradient_boosting(**settings):
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**{"min_samples_leaf": 5} | settings)


_NET = (
    ModelSetting("max_epochs", "integer", 100, "How often training goes through all labels."),
    ModelSetting("lr", "number", 1e-3, "The learning rate: how large steps are."),
    ModelSetting(
        "lr_schedule",
        "choice",
        None,
        "How the learning rate changes.",
        ("cosine", "plateau", "step", "warmup"),
    ),
    ModelSetting("batch_size", "integer", 64, "How many images a step looks at."),
    ModelSetting("optimizer", "choice", "adam", "How steps are made.", ("adam", "adamw", "sgd")),
    ModelSetting("weight_decay", "number", 0.0, "How much large weights are shrunk."),
    ModelSetting("dropout", "number", 0.5, "The share of units that training drops."),
    ModelSetting("augment", "choice", None, "Move training images a little.", ("affine",)),
    ModelSetting(
        "validation_fraction", "number", 0.0, "The share of labels that only judges epochs."
    ),
    ModelSetting(
        "early_stopping", "integer", None, "End after so many epochs without a smaller loss."
    ),
    ModelSetting(
        "trainable",
        "choice",
        "all",
        "What learns: all layers, the last block, or the last layer.",
        ("all", "last_block", "last_layer"),
    ),
    ModelSetting("weights", "file", None, "A file of weights to begin with."),
    ModelSetting("standardize", "numbers", True, "Means and deviations of the channels, if known."),
)
_STEM = ModelSetting(
    "stem", "choice", "small", "The first layers: for small images, or for photographs.",
    ("small", "imagenet"),
)  # fmt: skip
_C = ModelSetting("C", "number", 1.0, "Larger follows the labels more closely.")

CHOICES = (
    ModelChoice("logistic", "Logistic regression", "embeddings", (_C,), _logistic),
    ModelChoice(
        "random_forest",
        "Random forest",
        "embeddings",
        (
            ModelSetting("n_estimators", "integer", 200, "How many trees."),
            ModelSetting("min_samples_leaf", "integer", 1, "Labels in a leaf, at least."),
        ),
        _random_forest,
    ),
    ModelChoice("svm", "Support vector machine", "embeddings", (_C,), _svm),
    ModelChoice(
        "knn",
        "Nearest neighbors",
        "embeddings",
        (
            ModelSetting("n_neighbors", "integer", 5, "How many neighbors vote."),
            ModelSetting(
                "weights", "choice", "uniform", "How they count.", ("uniform", "distance")
            ),
        ),
        _knn,
    ),
    ModelChoice(
        "hist_gradient_boosting",
        "Gradient boosting",
        "embeddings",
        (
            ModelSetting("learning_rate", "number", 0.1, "How much each tree changes."),
            ModelSetting("max_iter", "integer", 100, "How many trees."),
        ),
        _hist_gradient_boosting,
    ),
    ModelChoice("cnn", "Small convolutional net", "images", _NET, _net("CNNClassifier")),
    ModelChoice(
        "mlp",
        "One hidden layer",
        "images",
        (*_NET, ModelSetting("n_hidden", "integer", 128, "Units of the hidden layer.")),
        _net("MLPClassifier"),
    ),
    ModelChoice("lenet", "LeNet", "images", _NET, _net("LeNetClassifier")),
    ModelChoice("resnet18", "ResNet-18", "images", (*_NET, _STEM), _net("ResNet18Classifier")),
    ModelChoice("resnet50", "ResNet-50", "images", (*_NET, _STEM), _net("ResNet50Classifier")),
    ModelChoice(
        "efficientnet_b0", "EfficientNet-B0", "images", _NET, _net("EfficientNetB0Classifier")
    ),
    ModelChoice("vit_b_16", "Vision transformer B/16", "images", _NET, _net("ViTB16Classifier")),
)


def find_choice(name):
    """Return the model of a name: one of skal's, or of another package's entry point."""
    for choice in (*CHOICES, *installed_choices()):
        if choice.name == name:
            return choice
    return None


def installed_choices():
    """Return the models of other packages, which declare them as entry points.

    Returns
    -------
    list of ModelChoice
        Without settings; what an entry point names takes no arguments and returns a classifier.
    """
    return [_installed(point) for point in entry_points(group=GROUP)]


def _installed(point):
    def make():
        return point.load()()

    return ModelChoice(point.name, f"{point.name} ({point.value})", "embeddings", (), make)


def names():
    """Return the names of all models."""
    return sorted(choice.name for choice in (*CHOICES, *installed_choices()))

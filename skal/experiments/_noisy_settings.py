"""What decides the numbers of an experiment with noisy images, and the names it knows."""

from dataclasses import dataclass, replace

from ..datasets._corrupt import check_noise, check_rate
from ..query import (
    BADGE,
    BALD,
    BatchBALD,
    CoreSet,
    Entropy,
    Hybrid,
    KMeansDiversity,
    LeastConfidence,
    Margin,
    MeanStandardDeviation,
    RandomSampling,
    TypiClust,
    VariationRatio,
)

SPLITS = ("train", "valid", "test")
MODELS = {
    "lenet": "LeNetClassifier",
    "resnet18": "ResNet18Classifier",
    "cnn": "CNNClassifier",
    "mlp": "MLPClassifier",
}
NOISES = ("none", "gaussian", "salt_and_pepper")
LABEL_NOISES = ("none", "uniform", "pairs", "adversarial")
OPTIMIZERS = ("adam", "adamw", "sgd")
DATASETS = ("mnist", "fashion_mnist", "cifar10", "digits")
STRATEGIES = {
    "random": RandomSampling(),
    "entropy": Entropy(),
    "bald": BALD(),
    "margin": Margin(),
    "least_confidence": LeastConfidence(),
    "batch_bald": BatchBALD(),
    "power_bald": BALD(stochastic="power"),
    "variation_ratio": VariationRatio(),
    "mean_std": MeanStandardDeviation(),
    "core_set": CoreSet(),
    "badge": BADGE(),
    "k_means": KMeansDiversity(),
    "typi_clust": TypiClust(),
    "hybrid": Hybrid(Margin(), CoreSet(), share=0.7),
}
_LEAST = {"num_valid": 0, "n_init_labeled": 1, "n_query": 1, "n_round": 0, "epochs": 1}
_LEAST |= {"batch_size": 1, "n_pool": 1, "n_test": 1}


@dataclass(frozen=True)
class Settings:
    """What decides the numbers of an experiment.

    Parameters
    ----------
    dataset : {"mnist", "fashion_mnist", "cifar10", "digits"}
        What to learn.
    models : tuple of str
        The nets, of `MODELS`.
    strategies : tuple of str
        The query strategies, of `STRATEGIES`; the others are compared with ``"random"``.
    noises : tuple of {"none", "gaussian", "salt_and_pepper"}
        The noise in images; see :func:`skal.datasets.corrupt`.
    noise_rate : float
        The share of images with noise.
    noise_strength : float or None
        How much noise those have; None is the default of its kind.
    noise_splits : tuple of {"train", "valid", "test"}
        Which images get noise: those to choose from, those for validation, those to test on.
    label_noise : {"none", "uniform", "pairs", "adversarial"}
        Wrong labels, of training and validation; see :func:`skal.datasets.corrupt_labels`. Labels
        to test on stay right.
    label_noise_rate : float
        The share of labels that are wrong.
    num_valid : int
        Validation images, the same share of each class: the epoch with the smallest loss on them
        is kept. Their labels count as labels used. 0 keeps the last epoch.
    n_init_labeled, n_query, n_round : int
        How many images are labeled at first (the same share of each class), how many by each
        query, and how many queries there are.
    epochs, batch_size, lr, optimizer
        How a net is trained, in each round from scratch.
    augment : bool
        Whether training images are shifted, rotated and scaled a little.
    mixed_precision : bool
        Whether nets compute in bfloat16 where that is safe, on processors that can.
    seeds : tuple of int
        Seeds of initial labels, nets and dropout.
    n_pool, n_test : int or None
        How many images to choose from, validation included, and to test on; None is all.
    device : str
        Where nets run: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``.
    full_data : bool
        Whether each seed also trains a net on all labels.
    """

    dataset: str = "mnist"
    models: tuple[str, ...] = ("lenet",)
    strategies: tuple[str, ...] = ("random",)
    noises: tuple[str, ...] = ("none",)
    noise_rate: float = 0.1
    noise_strength: float | None = None
    noise_splits: tuple[str, ...] = SPLITS
    label_noise: str = "none"
    label_noise_rate: float = 0.1
    num_valid: int = 1000
    n_init_labeled: int = 10_000
    n_query: int = 1000
    n_round: int = 10
    epochs: int = 10
    batch_size: int = 64
    lr: float = 1e-3
    optimizer: str = "adam"
    augment: bool = False
    mixed_precision: bool = False
    seeds: tuple[int, ...] = (42, 43, 44)
    n_pool: int | None = None
    n_test: int | None = None
    device: str = "auto"
    full_data: bool = False

    def __post_init__(self):
        _check_names("dataset", (self.dataset,), DATASETS)
        _check_names("models", self.models, MODELS)
        _check_names("strategies", self.strategies, STRATEGIES)
        _check_names("noises", self.noises, NOISES)
        _check_names("noise_splits", self.noise_splits, SPLITS)
        _check_names("label_noise", (self.label_noise,), LABEL_NOISES)
        _check_names("optimizer", (self.optimizer,), OPTIMIZERS)
        for name, least in _LEAST.items():
            if getattr(self, name) is not None and getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}; got {getattr(self, name)}.")
        if not self.lr > 0:
            raise ValueError(f"lr must be positive; got {self.lr}.")
        check_rate(self.label_noise_rate)
        for noise in self.noises:
            if noise != "none":
                check_noise(noise, self.noise_rate, self.noise_strength)

    def reduced_for_debugging(self):
        """Return settings that run every step within seconds, and show nothing else."""
        return replace(
            self,
            n_pool=min(self.n_pool or 600, 600),
            n_test=min(self.n_test or 300, 300),
            num_valid=min(self.num_valid, 50),
            n_init_labeled=min(self.n_init_labeled, 50),
            n_query=min(self.n_query, 20),
            n_round=min(self.n_round, 2),
            epochs=min(self.epochs, 2),
            seeds=self.seeds[:2],
        )


def _check_names(argument, names, known):
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(
            f"{argument} must be of {', '.join(known)}, each at most once; got "
            f"{', '.join(map(str, unknown or names)) or 'none'}."
        )

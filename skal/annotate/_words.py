"""Why an image is asked for, in words with numbers."""

from dataclasses import dataclass, replace

MONITOR = "Random check: keeps the score honest."
NO_EMBEDDINGS = "Drawn at random: the images have not been looked at yet."
TYPICAL = (
    "Warming up: typical of a group of alike images that has no labels yet, or fewer than others."
)
RANDOM = "Drawn at random."
NOT_ASKED = "It was not asked for."


@dataclass(frozen=True)
class Facts:
    """What is known of an image that a strategy has chosen.

    Attributes
    ----------
    strategy : str
        The name of the strategy.
    ahead : float or None
        The percentage of the pool that it ranks lower.
    guess : list of (str, float)
        The most probable classes.
    value : float or None
        The score of the strategy, larger for what is rather chosen.
    rank, n : int
        Its place in the pool by this score, from 1, and the size of the pool.
    """

    strategy: str
    ahead: float | None
    guess: list
    value: float | None
    rank: int = 0
    n: int = 0

    def with_rank(self, measure, row):
        """Return these facts with the place among all scores."""
        if measure is None:
            return self
        return replace(self, rank=1 + int((measure > measure[row]).sum()), n=len(measure))


def reason(facts):
    """Return why an image was chosen."""
    writer = WRITERS.get(facts.strategy)
    return f"Chosen by {facts.strategy}." if writer is None else writer(facts)


def mixture(text, i, names, weights, ahead):
    """Return the reason of a part of a mixture, with the other part and both weights."""
    if len(names) == 1:
        return text
    shares = " and ".join(
        f"{100 * w:.0f} % {_plain(name)}" for w, name in zip(weights, names, strict=True)
    )
    other = 1 - i
    more = ""
    if ahead[other] is not None:
        more = f" By {_plain(names[other])} it is above {_percent(ahead[other])} of the pool."
    return f"{text}{more} (A mixture of {shares}.)"


def _margin(facts):
    (first, p), *others = facts.guess
    second = "".join(f", {name} {100 * q:.0f} %" for name, q in others)
    torn = f"{first} {100 * p:.0f} %{second}"
    return f"Model is torn: {torn} (margin {-facts.value:.2f}, {_surer(facts)})."


def _least_confidence(facts):
    first, p = facts.guess[0]
    return f"Model is unsure: its best guess is {first} with {100 * p:.0f} % ({_surer(facts)})."


def _entropy(facts):
    guesses = ", ".join(f"{name} {100 * p:.0f} %" for name, p in facts.guess)
    return f"Model hesitates: {guesses} (entropy {facts.value:.2f}, {_surer(facts)})."


def _diversity(facts):
    return f"Unlike anything labeled so far (distance rank {facts.rank} of {facts.n})."


def _random(facts):
    return RANDOM


def _surer(facts):
    return f"more uncertain than {_percent(facts.ahead)} of the pool"


def _percent(value):
    return f"{int(value)} %"


def _plain(name):
    return name.replace("_", " ")


WRITERS = {
    "margin": _margin,
    "least_confidence": _least_confidence,
    "entropy": _entropy,
    "diversity": _diversity,
    "random": _random,
}


def warming_up(counts, n_needed):
    """Return what labels are missing before a model can learn."""
    missing = [f"{name} needs {2 - n} more" for name, n in counts.items() if n < 2]
    total = sum(counts.values())
    if total < n_needed:
        missing.append(f"{n_needed - total} more labels in all")
    return f"Warming up: {', '.join(missing)}."

"""Cryo-EM micrographs: images, masks, patches, picks, and how picks are scored."""

from .display import plot_picks
from .filters import fourier_crop, low_pass, normalize
from .masks import make_mask
from .patches import Patches, extract_patches, sample_patches
from .picks import find_picks, log_picks
from .scoring import PickScores, best_threshold, match_picks, score_picks
from .simulator import contrast_transfer, simulate_micrograph

__all__ = [
    "Patches",
    "PickScores",
    "best_threshold",
    "contrast_transfer",
    "extract_patches",
    "find_picks",
    "fourier_crop",
    "log_picks",
    "low_pass",
    "make_mask",
    "match_picks",
    "normalize",
    "plot_picks",
    "sample_patches",
    "score_picks",
    "simulate_micrograph",
]

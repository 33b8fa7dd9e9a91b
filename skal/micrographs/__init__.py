"""Cryo-EM micrographs: their files, masks and patches of them, picks, and how picks are scored."""

from .batches import Batches, read_batches
from .coordinates import (
    FlipResult,
    PicksReport,
    check_picks,
    detect_flip,
    flip_picks,
    micrograph_stem,
    scale_picks,
)
from .display import plot_picks
from .filters import fourier_crop, low_pass, normalize
from .formats import read_picks, write_picks
from .images import (
    Micrograph,
    find_micrographs,
    read_micrograph,
    read_shape,
    read_stack,
    write_micrograph,
)
from .masks import make_mask
from .patches import Patches, extract_patches, sample_patches
from .picker import ParticlePicker
from .picks import find_picks, log_picks
from .scoring import PickScores, best_threshold, match_picks, score_picks
from .simulator import contrast_transfer, simulate_micrograph

__all__ = [
    "Batches",
    "FlipResult",
    "Micrograph",
    "ParticlePicker",
    "Patches",
    "PickScores",
    "PicksReport",
    "best_threshold",
    "check_picks",
    "contrast_transfer",
    "detect_flip",
    "extract_patches",
    "find_micrographs",
    "find_picks",
    "flip_picks",
    "fourier_crop",
    "log_picks",
    "low_pass",
    "make_mask",
    "match_picks",
    "micrograph_stem",
    "normalize",
    "plot_picks",
    "read_batches",
    "read_micrograph",
    "read_picks",
    "read_shape",
    "read_stack",
    "sample_patches",
    "scale_picks",
    "score_picks",
    "simulate_micrograph",
    "write_micrograph",
    "write_picks",
]

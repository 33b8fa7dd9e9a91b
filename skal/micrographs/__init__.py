"""Cryo-EM micrographs: images, masks, patches, picks, and how picks are scored."""

from .filters import fourier_crop, low_pass, normalize
from .masks import make_mask
from .patches import Patches, extract_patches, sample_patches

__all__ = [
    "Patches",
    "extract_patches",
    "fourier_crop",
    "low_pass",
    "make_mask",
    "normalize",
    "sample_patches",
]

"""Cryo-EM micrographs: files of images and of picks."""

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
from .formats import read_picks, write_picks
from .images import Micrograph, read_micrograph, read_stack, write_micrograph

__all__ = [
    "Batches",
    "FlipResult",
    "Micrograph",
    "PicksReport",
    "check_picks",
    "detect_flip",
    "flip_picks",
    "micrograph_stem",
    "read_batches",
    "read_micrograph",
    "read_picks",
    "read_stack",
    "scale_picks",
    "write_micrograph",
    "write_picks",
]

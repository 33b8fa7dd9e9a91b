"""Cryo-EM micrographs: files of images and of picks."""

from .images import Micrograph, read_micrograph, read_stack, write_micrograph

__all__ = ["Micrograph", "read_micrograph", "read_stack", "write_micrograph"]

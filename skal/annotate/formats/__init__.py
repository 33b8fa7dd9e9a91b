"""Data on its way into projects and out of them: tables, folders, archives, uploads.

Nothing here shows a screen. Files of others are read with limits, told what is wrong with by line,
and never half taken over; what is written is whole or not there.
"""

from ._archive import ArchiveReport
from ._columns import COLUMNS
from ._exporting import EXPORT_FORMATS, ExportReport
from ._gather import Gathering, gather_images
from ._importing import ImportReport
from ._limits import Limits
from ._preview import Column, TablePreview, preview_table
from ._reading import IMPORT_FORMATS, guess_format, read_labels
from ._staging import Staging
from ._table import LabelRow, LabelTable, Problem
from ._zip import Extraction, extract_zip

__all__ = [
    "COLUMNS",
    "EXPORT_FORMATS",
    "IMPORT_FORMATS",
    "ArchiveReport",
    "Column",
    "ExportReport",
    "Extraction",
    "Gathering",
    "ImportReport",
    "LabelRow",
    "LabelTable",
    "Limits",
    "Problem",
    "Staging",
    "TablePreview",
    "extract_zip",
    "gather_images",
    "guess_format",
    "preview_table",
    "read_labels",
]

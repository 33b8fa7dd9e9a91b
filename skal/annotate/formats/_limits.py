"""How much may come in at once."""

from dataclasses import dataclass

from ...exceptions import TransferLimitError


@dataclass(frozen=True)
class Limits:
    """How much may come in at once.

    Attributes
    ----------
    n_files : int
        Files of an upload, or entries of an archive.
    n_bytes : int
        Of all files together, unpacked.
    n_bytes_each : int
        Of one file, unpacked.
    ratio : float
        How many times larger what is unpacked may be.
    disk_floor : int
        Bytes of the disk that stay free.
    """

    n_files: int = 200_000
    n_bytes: int = 20_000_000_000
    n_bytes_each: int = 4_000_000_000
    ratio: float = 100
    disk_floor: int = 500_000_000

    def check_count(self, n_files, what):
        """Raise if there are too many files."""
        if n_files > self.n_files:
            raise TransferLimitError(
                f"{what} has more than {self.n_files:,} files. Split it, or put the files on this "
                f"machine and give their folder."
            )

    def check_bytes(self, name, n_bytes, total):
        """Raise if a file, or all together, are too large."""
        if n_bytes > self.n_bytes_each:
            raise TransferLimitError(
                f"{name!r} has more than {self.n_bytes_each / 1e9:g} GB. Put it on this machine, "
                f"and give its folder."
            )
        if total > self.n_bytes:
            raise TransferLimitError(
                f"with {name!r} there are more than {self.n_bytes / 1e9:g} GB. Split it, or put "
                f"the files on this machine and give their folder."
            )

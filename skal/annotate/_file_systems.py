"""Whether a folder is on a network: databases in write-ahead mode need a local one."""

import sys
from pathlib import Path

from ..exceptions import ProjectError

NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "ceph", "fuse.sshfs", "davfs"}
MOUNTS = Path("/proc/self/mounts")


def check_local(folder):
    """Raise where a folder is on a network file system, as far as the system tells."""
    kind = _file_system_of(folder.resolve()) if sys.platform.startswith("linux") else None
    if kind in NETWORK:
        raise ProjectError(
            f"{str(folder)!r} is on a network file system ({kind}), which cannot keep a database "
            f"safe. Choose a place on a local disk; the images may stay where they are."
        )


def _file_system_of(folder):
    try:
        mounts = [line.split()[1:3] for line in MOUNTS.read_text().splitlines()]
    except FileNotFoundError:  # a system without /proc tells nothing
        return None
    found = [(_unescaped(point), kind) for point, kind in mounts]
    above = [(len(point), kind) for point, kind in found if folder.is_relative_to(point)]
    return max(above)[1] if above else None


def _unescaped(point):
    return point.encode("latin-1", "backslashreplace").decode("unicode_escape")

"""Zip files, unpacked so that nothing lands outside."""

import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from core.errors import DataError

# What reading a damaged zip raises: of the zip itself, of what packed its members, of names in it.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


def unpack(path: Path, folder: Path) -> None:
    """Unpack a zip into `folder`.

    Raises DataError where it is damaged, and before anything is written where it is encrypted,
    larger than the disk or has members that would land outside.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            for member in members:
                _check(path, member)
            _check_room(path, sum(member.file_size for member in members), folder)
            for member in members:
                archive.extract(member, folder)
    except DAMAGED as error:
        raise DataError(f"{path.name}: this zip cannot be unpacked ({error}); make it again") from (
            error
        )


def _check(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename
    places = (PurePosixPath(name), PureWindowsPath(name))
    outside = any(".." in place.parts or place.is_absolute() or place.drive for place in places)
    if outside or stat.S_ISLNK(member.external_attr >> 16):
        raise DataError(
            f"{path.name}: refused, because its member {name!r} would land outside of its folder; "
            "make the zip again from a plain folder"
        )
    if member.flag_bits & 1:
        raise DataError(f"{path.name}: it is protected by a password; unpack it yourself first")


def _check_room(path: Path, needed: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{path.name}: it needs {needed / 1e9:.1f} GB unpacked, but only {free / 1e9:.1f} GB "
            "are free"
        )

"""Check that a built wheel holds all that the installed program needs: `wheel_contents.py FILE`."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("core", "app", "pages", "data_library")


def main() -> int:
    """Return 0 where every file of the packages travels in the wheel."""
    held = set(zipfile.ZipFile(sys.argv[1]).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    missing = sorted(wanted - held)
    sys.stdout.write(f"{len(wanted) - len(missing)} of {len(wanted)} files in the wheel\n")
    for name in missing:
        sys.stdout.write(f"missing: {name}\n")
    return 1 if missing or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())

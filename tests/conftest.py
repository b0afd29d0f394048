"""Where tests find the real data sets, and a workspace of their own."""

import os
from pathlib import Path

import pytest

from core.paths import Workspace


def _real_data() -> Path | None:
    named = os.environ.get("AIXCELL_DATA")
    beside = Path(__file__).resolve().parents[2] / "shared" / "datasets"
    folder = Path(named) if named else beside
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data sets; skips where there is none."""
    folder = _real_data()
    if folder is None:
        pytest.skip("AIXCELL_DATA names no folder of real data sets")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return an empty workspace."""
    return Workspace.at(tmp_path / "workspace")

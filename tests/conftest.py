"""Where tests find the real data sets, and a workspace of their own."""

import os
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
import tifffile

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where AIXCELL_FORBID_SKIPS is set, a skipped test is a failed one."""
    report = yield
    if report.skipped and os.environ.get("AIXCELL_FORBID_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {call.excinfo and call.excinfo.value}"
    return report


def discs(seed: int, side: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of four bright discs on dark noise, and their ids."""
    rng = np.random.default_rng(seed)
    image = rng.normal(20, 3, (side, side))
    ids = np.zeros((side, side), np.uint16)
    rows, columns = np.mgrid[:side, :side]
    centres = np.array([(24, 24), (24, 70), (70, 24), (70, 70)]) + rng.integers(-6, 7, (4, 2))
    for index, (row, column) in enumerate(centres, start=1):
        inside = (rows - row) ** 2 + (columns - column) ** 2 < 11**2
        image[inside] += 120
        ids[inside] = index
    return np.clip(image, 0, 255).astype(np.uint8), ids


@pytest.fixture(scope="session")
def disc_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of ten images of discs (`images`) with masks (`masks`)."""
    folder = tmp_path_factory.mktemp("discs")
    for part in ("images", "masks"):
        (folder / part).mkdir()
    for number in range(10):
        image, ids = discs(number)
        tifffile.imwrite(folder / "images" / f"disc{number}.tif", image)
        tifffile.imwrite(folder / "masks" / f"disc{number}.tif", ids)
    return folder


@pytest.fixture(autouse=True)
def own_turns(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trainings of a test wait for each other, but never for those of the machine's user."""
    monkeypatch.setenv("AIXCELL_TURNS", str(tmp_path_factory.getbasetemp() / "turns"))

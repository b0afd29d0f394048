"""Where tests find the real data sets, and a workspace of their own."""

import os
from collections.abc import Generator
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

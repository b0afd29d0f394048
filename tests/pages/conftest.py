"""Workspaces with a small study, and with a finished training."""

import csv

import pytest
import small_study

from core import workflow
from core.paths import Workspace


@pytest.fixture(scope="session")
def disc_folder(tmp_path_factory):
    """Return a folder of `images` and `masks` of six pictures."""
    folder = tmp_path_factory.mktemp("discs")
    small_study.write_discs(folder)
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch, disc_folder):
    """Return a workspace whose sample study is small and labelled, named by the environment."""
    place = Workspace.at(tmp_path / "workspace")
    monkeypatch.setenv("AIXCELL_WORKSPACE", str(place.root))
    small_study.fill(place, workflow.SAMPLE, disc_folder, simulated=True)
    return place


@pytest.fixture
def lines_read(monkeypatch):
    """Return the lines of tables that have been read since."""
    found = []

    class Counted(csv.DictReader):
        def __next__(self):
            line = super().__next__()
            found.append(line)
            return line

    monkeypatch.setattr(csv, "DictReader", Counted)
    return found


@pytest.fixture
def unlabelled(place, disc_folder):
    """Return the first image of the study `small_study.UNLABELLED`, which has no labels."""
    name = small_study.UNLABELLED
    workflow.create_study(place, name)
    workflow.import_files(place, name, [disc_folder / "images"])
    return workflow.load_study(place, name).images[0]


@pytest.fixture
def trained(place):
    """Return the workspace with a finished training of the sample study."""
    small_study.add_run(place)
    return place

"""Readings and pixel sizes on the command line."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from core import workflow
from core.cli import main


@pytest.fixture
def aixcell(workspace, capsys, tmp_path):
    """Return a function that runs a command on a study of two stacks; it gives code and answer."""
    for number in range(2):
        pages = np.random.default_rng(number).integers(0, 999, (4, 24, 32), dtype=np.uint16)
        tifffile.imwrite(tmp_path / f"s{number}.tif", pages, photometric="minisblack")
    workflow.import_files(workspace, "cells", sorted(tmp_path.glob("s*.tif")))

    def call(name, *words):
        capsys.readouterr()
        code = main([name, "cells", *words, "--workspace", str(workspace.root), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_stacks_are_shown_decided_and_changed(aixcell, workspace, tmp_path):
    code, answer = aixcell("readings", "--pictures", str(tmp_path / "shown"))
    assert code == 0
    [kind] = answer["kinds"]
    assert (kind["kind"], kind["images"], kind["in_doubt"]) == ("TIFF Q4 Y X", ["s0", "s1"], True)
    names = [each["name"] for each in kind["readings"]]
    assert names[:2] == ["channels", "z-max"]
    assert {path.name for path in (tmp_path / "shown").iterdir()} == {
        f"s0-{name}.png" for name in names
    }
    assert Image.open(tmp_path / "shown" / "s0-channels.png").size == (32, 24)

    code, answer = aixcell("readings", "--as", "times")
    assert (code, answer["files"], len(answer["images"]), len(answer["added"])) == (0, 2, 8, 6)
    code, answer = aixcell("readings", "--as", "page-2", "--image", "s0", "--only")
    assert (code, answer["images"], len(answer["removed"])) == (0, ["s0-2"], 3)
    assert len(workflow.load_study(workspace, "cells").images) == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("readings", "--as", "colours"), "choose channels, z-max"),
        (("readings", "--as", "times", "--image", "nobody"), "no image 'nobody'"),
        (("scale", "--um", "0.3"), "--image"),
        (("scale", "--line", "0", "0", "9", "0", "--image", "s0"), "--length"),
        (("scale", "--um", "-1", "--image", "s0"), "write micrometres"),
        (("scale", "--um", "0", "--image", "s0"), "write micrometres"),
        (("scale", "--length", "50", "--image", "s0"), "--line"),
    ],
)
def test_what_cannot_be_done_is_said(aixcell, words, told):
    code, answer = aixcell(*words)
    assert code in (1, 2)
    assert told in answer["error"]


def test_pixel_sizes_are_typed_or_measured(aixcell):
    line = ["--line", "2", "3", "32", "3", "--length", "15"]
    code, answer = aixcell("scale", "--image", "s0", *line, "--alike")
    assert (code, answer["pixel_size_um"], answer["images"]) == (0, 0.5, ["s0", "s1"])
    aixcell("scale", "--image", "s1", "--um", "0.25")
    assert aixcell("scale")[1]["pixel_sizes_um"] == {"s0": 0.5, "s1": 0.25}

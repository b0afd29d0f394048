"""How long learning takes while a person waits, with the three images that were labelled before.

    uv run python tests/benchmarks/learner.py [--side 1024] [--channels 1]

Makes a study of four images of discs on noise, three of them labelled, and presses the button as
the page does: first without any stroke, then after one more. Prints seconds and how many of the
discs were outlined. Then what learning from those images' boxes takes (once an image, when all of
the page is drawn), and two boxes. What learning needs is loaded before; on the page the first press
waits for it.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile

from core.paths import Workspace

STUDY = "Discs"


def main() -> None:
    """Make the study, press twice, print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--channels", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AIXCELL_WORKSPACE"] = folder
        make(Workspace.at(Path(folder)), args.side, args.channels)
        press()


def make(place: Workspace, side: int, channels: int) -> None:
    """Put the study on the disk; the last image has no labels."""
    from core.data import imports, study
    from core.records import Kind, TaskSpec

    study_dir = study.create(place, STUDY)
    files = place.root / "in"
    for part in ("images", "masks"):
        (files / part).mkdir(parents=True)
    rows, columns = np.mgrid[:side, :side]
    ids = np.zeros((side, side), np.uint16)
    every = 64
    for number, (row, column) in enumerate(np.ndindex(side // every, side // every), start=1):
        apart = np.hypot(rows - every * (row + 0.5), columns - every * (column + 0.5))
        ids[apart < 18 + number % 5] = number
    for number in range(4):
        noise = np.random.default_rng(number).normal(40, 12, (channels, side, side))
        image = np.clip(noise + 60 * (ids > 0), 0, 255).astype(np.uint8)
        tifffile.imwrite(files / "images" / f"disc{number}.tif", image, metadata={"axes": "CYX"})
        if number < 3:
            tifffile.imwrite(files / "masks" / f"disc{number}.tif", ids)
    imports.add(study_dir, [files])
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc",))
    study.update(study_dir, lambda record: replace(record, task=task))


def press() -> None:
    """Open the image without labels and let the rest be labelled."""
    from app import services
    from core.annotate import scribbles

    began = time.perf_counter()
    scribbles.load()
    print(f"loading what learning needs: {time.perf_counter() - began:.2f} s")
    study = services.study(STUDY)
    studio = services.open_studio(study, study.image("disc3"), "benchmark")
    discs = (min(study.images[0].shape_cyx[1:]) // 64) ** 2
    began = time.perf_counter()
    found = studio.propose_rest()
    print(f"first press: {time.perf_counter() - began:.2f} s, {found} of {discs} discs")
    stroke = {"number": 1, "what": "ground", "points": [[0, 64], [200, 64]], "width": 3}
    studio.take([stroke])
    began = time.perf_counter()
    found = studio.propose_rest()
    print(f"after a stroke: {time.perf_counter() - began:.2f} s, {found} of {discs} discs")
    studio.proposed.drop()
    began = time.perf_counter()
    studio.taught.learn_boxes()
    print(f"learning of boxes: {time.perf_counter() - began:.2f} s")
    for number, name in ((2, "first box"), (3, "second box")):
        left, top = 64 * number, 64 * number
        box = {"number": number, "what": "box", "points": [[left, top], [left + 62, top + 62]]}
        began = time.perf_counter()
        studio.take([box])
        print(f"{name}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()

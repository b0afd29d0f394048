"""Test images and their truth as plain files."""

import csv

import numpy as np
import tifffile

from core import workflow
from core.records import Budget, JobStatus, Kind, TaskSpec, write


def test_test_images_come_with_their_truth(workspace, disc_files):
    workflow.import_files(workspace, "discs", [disc_files])
    workflow.set_task(workspace, "discs", TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))
    plan = workflow.make_plan(
        workspace, "discs", workflow.named("unet-lite0-distance"), Budget(seconds=60)
    )
    job = workspace.study("discs").job("20260101-000000-abcd")
    write(job.plan, plan)
    write(job.status, JobStatus(id=job.id, kind="train", study="discs", state="finished"))

    side = workflow.write_test(workspace, job.id)
    names = sorted(path.stem for path in side.images.iterdir())
    assert names == sorted(plan.split.test)
    for name in names:
        image = tifffile.imread(side.images / f"{name}.tif")
        assert (image == tifffile.imread(disc_files / "images" / f"{name}.tif")).all()
        truth = tifffile.imread(disc_files / "masks" / f"{name}.tif")
        written = tifffile.imread(side.labels / f"{name}.tif")
        assert ((written > 0) == (truth > 0)).all()
        assert len(np.unique(written)) == len(np.unique(truth))
    with (side.labels / "objects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * len(names)
    assert {row["class"] for row in rows} == {"disc"}

"""Test images and their truth as plain files, and the table of what was found in them."""

import csv
from dataclasses import replace

import numpy as np
import tifffile

from core import workflow
from core.data import study
from core.records import Budget, JobRequest, JobStatus, Kind, TaskSpec, write


def finished(workspace, disc_files):
    """Return plan and folder of a finished training that wrote nothing."""
    workflow.import_files(workspace, "discs", [disc_files])
    workflow.set_task(workspace, "discs", TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))
    plan = workflow.make_plan(
        workspace, "discs", workflow.named("unet-lite0-distance"), Budget(seconds=60)
    )
    job = workspace.study("discs").job("20260101-000000-abcd")
    write(job.plan, plan)
    write(job.status, JobStatus(id=job.id, kind="train", study="discs", state="finished"))
    return plan, job


def test_test_images_come_with_their_truth(workspace, disc_files):
    plan, job = finished(workspace, disc_files)
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


def test_conditions_told_after_a_run_stand_in_its_table(workspace, disc_files):
    plan, job = finished(workspace, disc_files)
    first, *_ = plan.split.test
    (job.report / "predictions").mkdir(parents=True)
    (job.report / "predictions" / "objects.csv").write_text(f"image,object,row\n{first},1,7.5\n")
    study.update(workspace.study("discs"), lambda record: replace(record, images=tuple(
        replace(image, condition="drug", facts={"row": "B"}) for image in record.images
    )))  # fmt: skip
    assert workflow.test_rows(workspace, job.id, None) == [
        {"image": first, "object": "1", "row": "7.5", "condition": "drug", "image row": "B"}
    ]


def test_pixels_measured_after_a_run_tell_its_areas_in_um2(workspace, disc_files):
    _, job = finished(workspace, disc_files)
    first, second = [image.id for image in workflow.load_study(workspace, "discs").images][:2]
    (job.report / "predictions").mkdir(parents=True)
    (job.report / "predictions" / "objects.csv").write_text(f"image,area_px\n{first},8\n")
    (job.report / "predictions" / "images.csv").write_text(
        "image,objects,mean area_px,pixel_size_um,mean area_um2\n"
        f"{first},1,8.0,,\n{second},0,,3.0,\n"
    )
    write(job.request, JobRequest(id=job.id, kind="train", study="discs", created=0.0, options={}))
    workflow.set_pixel_size(workspace, "discs", first, 0.5)
    assert workflow.test_rows(workspace, job.id, None) == [
        {"image": first, "area_px": "8", "area_um2": "2.0"}
    ]
    one, other = workflow.image_lines(workspace, job.id)
    assert (one["pixel_size_um"], one["mean area_um2"]) == ("0.5", "2.0")
    assert (other["pixel_size_um"], other["mean area_um2"]) == ("", "")


def test_a_run_that_failed_and_was_resumed_is_handed_over_again(workspace, disc_files):
    """The library held it as failed for ever, without the score it came to."""
    _, job = finished(workspace, disc_files)
    ended = JobStatus(id=job.id, kind="train", study="discs", state="failed", cause="disk_full")
    write(job.status, ended)
    assert workflow.collect(workspace) == 1
    assert workflow.collect(workspace) == 0
    write(job.status, replace(ended, state="finished", cause=None))
    assert workflow.collect(workspace) == 1
    (row,) = workflow.library_snapshot(workspace, collected_only=True).rows
    assert row.state == "finished"


def test_a_training_that_went_on_from_a_model_is_not_handed_over(workspace, disc_files):
    """Ten minutes on top of eight hours stood in the library as a pipeline's score in ten."""
    plan, job = finished(workspace, disc_files)
    write(job.plan, replace(plan, start_from="models/before"))
    assert workflow.collect(workspace) == 0
    write(job.plan, plan)
    assert workflow.collect(workspace) == 0, "it was seen"
    assert not workflow.library_snapshot(workspace, collected_only=True).rows

"""A small study of discs and a finished training, made of small records."""

import json

import numpy as np
import tifffile
from PIL import Image
from streamlit.testing.v1 import AppTest

from app import places
from core import workflow
from core.pipeline import catalogue
from core.records import (
    Budget,
    Candidate,
    JobRequest,
    JobStatus,
    Kind,
    Recommendation,
    Recommended,
    Report,
    RunResult,
    Score,
    TaskSpec,
    Wishes,
    write,
)

UNLABELLED = "mine"
RUN = "20260101-120000-abcd"
SIDE = 64


def discs(number):
    """Return a picture of two discs and their ids."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), dtype=np.uint16)
    for object_id, (row, column) in enumerate(((16 + number, 18), (44, 40 - number)), start=1):
        ids[(rows - row) ** 2 + (columns - column) ** 2 <= 81] = object_id
    noise = np.random.default_rng(number).normal(0, 6, ids.shape)
    return np.clip(30 + 150 * (ids > 0) + noise, 0, 255).astype(np.uint8), ids


def write_discs(folder):
    """Put `images` and `masks` of six pictures into the folder."""
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number in range(6):
        picture, ids = discs(number)
        Image.fromarray(picture).save(folder / "images" / f"disc-{number}.png")
        tifffile.imwrite(folder / "masks" / f"disc-{number}.tif", ids)


def fill(place, name, folder, *, simulated=False):
    """Make a study of the folder with a task and a split."""
    from core.data import study as studies

    studies.create(place, name, simulated=simulated, description="Discs.")
    workflow.import_files(place, name, [folder])
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc",), wishes=Wishes(seconds=60))
    workflow.set_task(place, name, task)
    workflow.make_split(place, name)


def add_run(place):
    """Put a finished training of the sample study on disk."""
    plan = workflow.make_plan(
        place, workflow.SAMPLE, [Candidate(pipeline=pipeline())], Budget(seconds=60)
    )
    job = place.study(workflow.SAMPLE).job(RUN)
    write(job.plan, plan)
    write(
        job.request,
        JobRequest(id=RUN, kind="train", study=workflow.SAMPLE, created=1000.0),
    )
    write_status(place, state="finished", stage="done", progress=1.0, started=1000.0, ended=1060.0)
    score = Score(
        headline=0.9,
        name="AP at IoU 0.5",
        images=len(plan.split.test),
        others={"f1": 0.95, "ap_75": 0.8},
        per_image=dict.fromkeys(plan.split.test, 0.9),
        tables={"confusion": {"classes": ["disc", "none"], "rows": [[9, 1], [0, 0]]}},
    )
    rival = Score(headline=0.5, name=score.name, images=score.images, others={"f1": 0.6})
    write(
        job.report / "report.json",
        Report(
            run=RUN,
            study=workflow.SAMPLE,
            pipeline=pipeline().name,
            test=score,
            validation=score,
            baseline=rival,
            baseline_name="Otsu + watershed",
            simulated=True,
            notes=("Too few groups for an interval.",),
        ),
    )
    write(
        job.result,
        RunResult(
            run=RUN,
            study=workflow.SAMPLE,
            pipeline=pipeline(),
            validation=score,
            seconds=60,
            steps=10,
            samples=80,
            step_plan=((0, 10),),
            seconds_per_step=1,
            cpu_seconds_per_step=1,
            seconds_per_megapixel=1,
            peak_memory_gib=1,
            parameters=1000,
            device="cpu",
            hardware="two cores",
            converged=False,
            curve=((80, 0.9),),
        ),
    )
    labels = job.report / "predictions" / "labels"
    labels.mkdir(parents=True)
    for image_id in plan.split.test:
        known, _ = workflow.load_labels(place, workflow.SAMPLE, image_id)
        tifffile.imwrite(labels / f"{image_id}.tif", known.flat_yx.astype(np.uint16))
    (labels.parent / "objects.csv").write_text("image,object,class\na,1,disc\n", encoding="utf-8")
    events = [
        ("stage", {"stage": "fitting", "message": "Learning from the images"}),
        ("step", {"step": 1, "loss": 1.0}),
        ("step", {"step": 2, "loss": 0.5}),
        ("validation", {"step": 2, "score": 0.9, "best": True}),
    ]
    job.events.write_text(
        "".join(json.dumps({"time": 1000.0, "name": n, "values": v}) + "\n" for n, v in events),
        encoding="utf-8",
    )


def pipeline():
    """Return the first pipeline for objects."""
    return catalogue.find(next(iter(catalogue.for_kind(Kind.INSTANCE))))


def write_status(place, **fields):
    """Put a state of the run on disk."""
    job = place.study(workflow.SAMPLE).job(RUN)
    write(
        job.status, JobStatus(id=RUN, kind="train", study=workflow.SAMPLE, created=1000.0, **fields)
    )


def recommendation():
    """Return a made-up recommendation: one pipeline fits, another does not."""
    names = list(catalogue.for_kind(Kind.INSTANCE))[:3]
    advised = [
        Recommended(
            pipeline=catalogue.find(name),
            score=0.9 - 0.1 * position,
            score_low=0.7,
            score_high=0.95,
            seconds=55,
            memory_gib=1.5,
            samples=800,
            seconds_per_megapixel=0.8,
            reasons=(f"reason {position}",),
            feasible=position < 2,
        )
        for position, name in enumerate(names)
    ]
    return Recommendation(study=workflow.SAMPLE, pipelines=tuple(advised), runs=12, data_sets=3)


def shown(page, **link):
    """Return a page as the browser would open it by its link."""
    test = AppTest.from_file(str(places.ROOT / "app" / "main.py"), default_timeout=60)
    for key, value in link.items():
        test.query_params[key] = value
    test.run()
    if page != "studies":
        test.switch_page(f"../pages/{page}.py")
        test.run()
    return test


def opened(image, **state):
    """Return the page of images with an image of the unlabelled study open."""
    test = shown("images", study=UNLABELLED)
    for name, value in {"image": image.id, **state}.items():
        test.session_state[name] = value
    return test.run()


def button(test, label):
    """Return the page's button of this label."""
    return next(each for each in test.button if each.label == label)


def text(test):
    """Return everything a page says."""
    kinds = ("title", "subheader", "markdown", "caption", "info", "success", "warning", "error")
    said = [element.value for kind in kinds for element in getattr(test, kind)]
    return "\n".join([*map(str, said), *(str(element.value) for element in test.html)])

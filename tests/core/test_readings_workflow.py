"""Films and stacks on their way to a training: nothing leaks, nothing is pulled from under it."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from core import jobs, workflow
from core.data import study as studies
from core.data.labels.model import MAIN, LabelObject, Labels
from core.errors import LeakError, RunError, StudyError
from core.paths import Workspace
from core.pipeline import catalogue
from core.records import Budget, Candidate, JobStatus, Kind, Plan, TaskSpec, decode, to_plain, write
from core.train import images
from core.workflow.going_on import refuse_leak

STUDY = "film"
FRAMES = 6
SIDE = 32
LAYER = f"{STUDY}@nuclei"


@pytest.fixture
def film(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Return a workspace with one film as images of their own, each labelled."""
    pages = np.random.default_rng(0).integers(0, 999, (FRAMES, SIDE, SIDE), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "film.tif", pages, photometric="minisblack")
    workflow.import_files(workspace, STUDY, [tmp_path / "film.tif"])
    read_as(workspace, "times")
    label_all(workspace)
    return workspace


@pytest.fixture
def stacks(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Return a workspace with stacks, of each the first page shown and labelled."""
    for number in range(5):
        pages = np.random.default_rng(number).integers(0, 999, (3, SIDE, SIDE), dtype=np.uint16)
        path = tmp_path / f"stack-{number}.tif"
        tifffile.imwrite(path, pages, photometric="minisblack")
        workflow.import_files(workspace, STUDY, [path])
    read_as(workspace, "page-1")
    label_all(workspace)
    return workspace


def label_all(workspace: Workspace) -> None:
    workflow.set_task(workspace, STUDY, TaskSpec(kind=Kind.INSTANCE, classes=("cell",)))
    ids = np.zeros((SIDE, SIDE), np.int32)
    ids[4:9, 4:9] = 1
    labels = Labels(
        layers={MAIN: ids},
        annotated_yx=np.ones((SIDE, SIDE), bool),
        objects=(LabelObject(id=1, class_name="cell"),),
    )
    for image in workflow.load_study(workspace, STUDY).images:
        workflow.save_labels(workspace, STUDY, image.id, labels, parent=None)


def read_as(workspace: Workspace, name: str, study: str = STUDY) -> None:
    image = workflow.load_study(workspace, study).images[0]
    workflow.read_as(workspace, study, image.id, workflow.reading_named(image, name))


def plan_of(workspace: Workspace) -> Plan:
    name = next(iter(catalogue.for_kind(Kind.INSTANCE)))
    chosen = [Candidate(pipeline=catalogue.find(name))]
    return workflow.make_plan(workspace, STUDY, chosen, Budget(seconds=60))


def test_one_film_alone_can_be_trained_on_and_its_score_is_doubted(film: Workspace) -> None:
    """All frames had the hash of their one file: the plan saw a test image among the learned."""
    plan = plan_of(film)
    assert len(set(plan.image_hashes.values())) == FRAMES
    assert not plan.split.by_group
    assert any("may flatter" in each.message for each in workflow.inspect(film, STUDY))


def test_several_films_stay_whole(film: Workspace, tmp_path: Path) -> None:
    for number in range(1, 6):
        pages = np.random.default_rng(number).integers(0, 999, (FRAMES, SIDE, SIDE))
        path = tmp_path / f"other-{number}.tif"
        tifffile.imwrite(path, pages.astype(np.uint16), photometric="minisblack")
        workflow.import_files(film, STUDY, [path])
    known, _ = workflow.load_labels(film, STUDY, "film")
    for image in workflow.load_study(film, STUDY).images[FRAMES:]:
        workflow.save_labels(film, STUDY, image.id, known, parent=None)
    split = plan_of(film).split
    assert split.by_group
    sides: dict[str, set[str | None]] = {}
    for image in workflow.load_study(film, STUDY).images:
        sides.setdefault(image.file, set()).add(split.side(image.id))
    assert len(sides) == 6
    assert all(len(found) == 1 for found in sides.values())


def test_a_model_that_saw_the_file_is_refused_whatever_its_reading(film: Workspace) -> None:
    plan = plan_of(film)
    test, learned = plan.split.test[0], plan.split.train[0]
    file = plan.image_hashes[test].split("#")[0]
    refuse_leak(plan, [plan.image_hashes[learned]], "model")
    for seen in (plan.image_hashes[test], file):
        with pytest.raises(LeakError, match=test):
            refuse_leak(plan, [seen], "model")
    as_one = replace(plan, split=replace(plan.split, train=(), validation=(), test=(test,)))
    as_one = replace(as_one, image_hashes={test: file})
    with pytest.raises(LeakError, match=test):
        refuse_leak(as_one, [plan.image_hashes[learned]], "model")


def test_images_a_training_used_do_not_go(film: Workspace) -> None:
    write(film.study(STUDY).job("run-1").plan, plan_of(film))
    with pytest.raises(StudyError, match="run-1 used 'film-2'"):
        read_as(film, "channels")
    assert len(workflow.load_study(film, STUDY).images) == FRAMES


def test_nothing_is_read_anew_under_a_training(
    film: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = JobStatus(id="run-2", kind="train", study=STUDY, state="running")
    monkeypatch.setattr(jobs, "listing", lambda workspace, study: [at_work])
    with pytest.raises(StudyError, match="run-2 is at work"):
        read_as(film, "z-max")


@pytest.mark.parametrize("asks", [STUDY, LAYER])
@pytest.mark.parametrize("trains", [STUDY, LAYER])
def test_a_training_of_a_layer_waits_for_the_same_pictures(
    stacks: Workspace, trains: str, asks: str
) -> None:
    """The study asked its own trainings alone, not those of its layers, nor a layer the study's."""
    workflow.create_study(stacks, LAYER)
    waits = JobStatus(id="run-3", kind="train", study=trains, created=time.time())
    write(stacks.study(trains).job("run-3").status, waits)
    with pytest.raises(StudyError, match="run-3 is at work"):
        read_as(stacks, "z-max", asks)


def test_a_stopped_training_does_not_go_on_with_other_pixels(stacks: Workspace) -> None:
    """It learned from what is shown now, with labels of what was shown when it was ordered."""
    plan = plan_of(stacks)
    run = workflow.start_training(stacks, plan)
    workflow.cancel(stacks, run)
    read_as(stacks, "z-max")
    workflow.resume(stacks, run)
    end = workflow.wait(stacks, run)
    assert (end.state, end.cause) == ("failed", "bad_input")
    assert end.message.startswith(f"{plan.split.train[0]}.tif is read in another way now")


def test_a_plans_images_are_read_while_they_show_what_they_did(stacks: Workspace) -> None:
    study_dir = stacks.study(STUDY)
    plan = plan_of(stacks)
    first = plan.split.train[:1]
    [before] = images.read(study_dir, plan, first).samples
    read_as(stacks, "z-max")
    with pytest.raises(RunError, match=f"{first[0]}.tif is read in another way") as told:
        images.read(study_dir, plan, first)
    assert told.value.cause == "bad_input"
    plain = to_plain(plan)
    del plain["pixels"]
    earlier = decode(json.dumps(plain).encode(), Plan)
    [now] = images.read(study_dir, earlier, first).samples
    assert (now.image_cyx != before.image_cyx).any(), "an earlier version's plan cannot tell"
    read_as(stacks, "page-1")
    [again] = images.read(study_dir, plan, first).samples
    np.testing.assert_array_equal(again.image_cyx, before.image_cyx)


def test_who_confirms_what_is_shown_changes_nothing(stacks: Workspace) -> None:
    read_as(stacks, "channels")
    studies.update(
        stacks.study(STUDY),
        lambda now: replace(now, images=tuple(replace(i, decided=False) for i in now.images)),
    )
    plan = plan_of(stacks)
    read_as(stacks, "channels")
    assert workflow.load_study(stacks, STUDY).images[0].decided
    assert images.read(stacks.study(STUDY), plan, plan.split.train).samples

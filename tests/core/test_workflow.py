"""The steps between files and plan, without a training."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from core import workflow
from core.errors import JobError, LeakError, PlanError, StudyError
from core.paths import Workspace
from core.records import Budget, Kind, TaskSpec, Wishes, write

HEAVY = ("torch", "duckdb", "lightgbm", "skimage", "sklearn")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, disc_files):
    """Return a workspace with the study `discs`, made once; copied where a test changes it."""
    workspace = Workspace(tmp_path_factory.mktemp("prepared"))
    workflow.import_files(workspace, "discs", [disc_files])
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc",), wishes=Wishes(seconds=20))
    workflow.set_task(workspace, "discs", task)
    return workspace


@pytest.fixture
def study(workspace, prepared):
    shutil.copytree(prepared.root, workspace.root)
    return "discs"


def plan(workspace, study, seed=0, seconds=20.0):
    from core.pipeline import catalogue

    name = next(iter(catalogue.for_kind(Kind.INSTANCE)))
    return workflow.make_plan(
        workspace, study, workflow.named(name), Budget(seconds=seconds), seed=seed
    )


@pytest.mark.parametrize("module", ["core.workflow", "core.cli", "core.campaign", "core.jobs"])
def test_the_door_is_light(module):
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)


def test_cards_of_the_first_page_are_there_when_images_have_come_in(workspace, study):
    """Who opened a large study for the first time waited until they were made."""
    from core.data import thumbnails

    study_dir = workspace.study(study)
    images = workflow.load_study(workspace, study).images[: thumbnails.FIRST]
    made = set(study_dir.cache.glob("*.png"))
    assert len(made) == len(images)
    assert {thumbnails.cached(study_dir, each) for each in images} == made


def test_split_is_kept_and_the_plan_names_all_versions(workspace, study):
    split = workflow.make_split(workspace, study, seed=3)
    assert workflow.make_split(workspace, study, seed=3) == split
    assert workflow.load_study(workspace, study).split == split
    made = plan(workspace, study, seed=3)
    ids = {*split.train, *split.validation, *split.test}
    assert set(made.image_hashes) == set(made.label_versions) == ids
    assert made.chosen_by == "user"


def test_a_split_is_made_while_somebody_labels(workspace, study, monkeypatch):
    """Who had changed nothing was told to reload, and the training was not ordered."""
    from core.data import samples

    look = samples.labelled_ids
    saved = []

    def slowly(study_dir, record):
        if not saved:
            saved.append(workflow.set_image_class(workspace, study, "disc0", "seen"))
        return look(study_dir, record)

    monkeypatch.setattr(samples, "labelled_ids", slowly)
    split = workflow.make_split(workspace, study, seed=3)
    record = workflow.load_study(workspace, study)
    assert saved
    assert record.split == split
    assert record.image("disc0").image_class == "seen"


def test_a_copy_of_a_test_image_may_not_be_learned_from(workspace, study):
    made = plan(workspace, study)
    record = workflow.load_study(workspace, study)
    study_dir = workspace.study(study)
    hashes = {image.id: image.sha256 for image in record.images}
    copied = hashes[made.split.train[0]]
    images = tuple(
        type(image)(**{**_fields(image), "sha256": copied})
        if image.id == made.split.test[0]
        else image
        for image in record.images
    )
    write(study_dir.record, type(record)(**{**_fields(record), "images": images}))
    with pytest.raises(LeakError, match=made.split.test[0]):
        plan(workspace, study)


def _fields(record):
    return {name: getattr(record, name) for name in record.__slots__}


def test_the_fingerprint_is_stale_once_labels_change(workspace, study):
    assert workflow.fingerprint(workspace, study) is None
    found = workflow.describe(workspace, study)
    assert found.values
    assert workflow.fingerprint(workspace, study) == found
    split = workflow.make_split(workspace, study)
    assert not set(found.images) & set(split.test)

    labels, version = workflow.load_labels(workspace, study, split.test[0])
    changed = _without_first_object(labels)
    workflow.save_labels(workspace, study, split.test[0], changed, parent=version)
    assert workflow.is_described(workspace, study), "test images are not what it describes"

    labels, version = workflow.load_labels(workspace, study, split.train[0])
    changed = _without_first_object(labels)
    workflow.save_labels(workspace, study, split.train[0], changed, parent=version)
    assert not workflow.is_described(workspace, study)


def test_labels_saved_while_images_are_described_do_not_spoil_it(workspace, study):
    """What was done counted as failed, by its own last word: "could not be described: Done."."""
    split = workflow.make_split(workspace, study)
    image_id = split.train[0]
    labels, version = workflow.load_labels(workspace, study, image_id)
    changed = _without_first_object(labels)
    saved = []

    def save(status):
        if not saved:
            saved.append(workflow.save_labels(workspace, study, image_id, changed, parent=version))

    found = workflow.describe(workspace, study, on_status=save)
    assert saved
    assert found.values
    assert not workflow.is_described(workspace, study), "it tells of the labels before"


def test_a_short_training_is_described_quickly_and_a_long_one_anew(workspace, study):
    """Of a minute's budget a fifth went into importing the network of the embedding."""
    workflow.recommend(workspace, study, Budget(seconds=60))
    short = workflow.fingerprint(workspace, study)
    assert short.embedding == ()
    assert short.values
    workflow.recommend(workspace, study, Budget(seconds=600))
    assert workflow.fingerprint(workspace, study).embedding
    workflow.recommend(workspace, study, Budget(seconds=60))
    assert workflow.fingerprint(workspace, study).embedding, "what is known is not forgotten"


def _without_first_object(labels):
    from core.data.labels.model import Labels

    layers = {name: np.where(layer == 1, 0, layer) for name, layer in labels.layers.items()}
    objects = tuple(each for each in labels.objects if each.id != 1)
    return Labels(
        layers={name: layer.astype(np.int32) for name, layer in layers.items()},
        annotated_yx=labels.annotated_yx,
        objects=objects,
    )


def test_setting_another_task_reads_the_masks_again(workspace, study):
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("ground", "a", "b", "c", "d"), background="ground")
    workflow.set_task(workspace, study, task)
    labels, _ = workflow.load_labels(workspace, study, "disc0")
    assert {each.class_name for each in labels.objects} >= {"a", "b", "c", "d"}


def test_what_is_not_ready_is_told(workspace):
    workflow.create_study(workspace, "empty")
    with pytest.raises(StudyError, match="no task"):
        workflow.make_split(workspace, "empty")
    with pytest.raises(StudyError, match="there is no study"):
        workflow.load_study(workspace, "nobody")
    with pytest.raises(PlanError, match="choose from"):
        workflow.named("no such pipeline")


def test_the_sample_study_is_whole_and_made_once(workspace, monkeypatch):
    from core.data import simulate

    few = list(simulate.pictures(images_per_animal=1, side_px=128))
    write_all = simulate.write
    monkeypatch.setattr(simulate, "write", lambda folder: write_all(folder, few))
    record = workflow.open_sample(workspace)
    assert record.simulated
    assert record.task.kind is Kind.INSTANCE
    assert set(record.task.classes) == {"mononuclear", "binuclear"}
    assert record.split.by_group
    assert record.images[0].shape_cyx[0] == 2
    assert workflow.open_sample(workspace) == record
    left = [path.name for path in workspace.root.iterdir() if path.name.startswith(".sample-")]
    assert not left


def test_thumbnails_are_small_and_kept(workspace, study):
    path = workflow.thumbnail(workspace, study, "disc0", side=48)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert workflow.thumbnail(workspace, study, "disc0", side=48) == path
    assert workflow.image_pixels(workspace, study, "disc0").shape == (96, 96, 3)


def test_prediction_needs_a_trained_run(workspace, study, tmp_path):
    run = workflow.start_training(workspace, plan(workspace, study, seconds=600))
    try:
        with pytest.raises(JobError, match="no trained model"):
            workflow.start_prediction(workspace, run, [tmp_path], tmp_path / "out")
    finally:
        workflow.cancel(workspace, run, grace_s=0)
    assert workflow.listing(workspace, study, "train")[0].state == "cancelled"
    assert workflow.collect(workspace) == 0, "a cancelled run says nothing of its pipeline"

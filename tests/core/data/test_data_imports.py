import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from brought import cells, picture
from PIL import Image

from core.data import checks, imports, samples, split, study, tasks, thumbnails, truth
from core.data.imports import ImportReport
from core.data.labels import model, store, survey
from core.errors import StudyError, TableError
from core.paths import StudyDir, Workspace
from core.records import Kind, TaskSpec

CELL = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
KINDS = TaskSpec(kind=Kind.CLASSIFICATION, classes=("ill", "well"))


def pairs(folder: Path, count: int, first: int = 0) -> Path:
    for number in range(first, first + count):
        picture(folder / f"images/f{number}.png", number)
        cells(folder / f"masks/f{number}.tif", 3 + number % 2)
    return folder


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def told(report: ImportReport) -> str:
    return " ".join(notice.message for notice in (*report.notices, *report.refused))


def set_task(study_dir: StudyDir, task: TaskSpec) -> None:
    study.update(study_dir, lambda record: replace(record, task=task))


def test_images_and_masks_are_paired_by_stem(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 3)
    picture(folder / "images/alone.png", 99)
    (folder / "images/Thumbs.db").write_bytes(b"x")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX/._f0.png").write_bytes(b"x")
    report = imports.add(study_dir, [folder], author="Ada")
    assert sorted(report.added) == ["alone", "f0", "f1", "f2"]
    assert sorted(report.labelled) == ["f0", "f1", "f2"]
    assert report.refused == ()
    record = study.load(study_dir)
    original = (folder / "images/f1.png").read_bytes()
    assert (study_dir.images / record.image("f1").file).read_bytes() == original
    assert tasks.suggest_task(study_dir).kind is Kind.INSTANCE
    [sample] = samples.load(study_dir, ["f1"])
    assert len(truth.of(sample, CELL).object_classes) == 4
    assert samples.labelled_ids(study_dir, record) == ["f0", "f1", "f2"]


def test_one_folder_a_class(study_dir: StudyDir, tmp_path: Path) -> None:
    for name, seeds in {"well": range(3), "ill": range(10, 14)}.items():
        for seed in seeds:
            picture(tmp_path / "set" / name / f"{seed}.png", seed)
    report = imports.add(study_dir, [tmp_path / "set"])
    assert len(report.added) == len(report.labelled) == 7
    task = tasks.suggest_task(study_dir)
    assert task == KINDS
    record = study.save(study_dir, replace(study.load(study_dir), task=task))
    found = split.make(record, samples.labelled_ids(study_dir, record))
    assert len(found.test) == 2
    assert record.image("11").image_class == "ill"


def test_given_test_folders_are_the_test(study_dir: StudyDir, tmp_path: Path) -> None:
    report = imports.add(
        study_dir, [pairs(tmp_path / "learn", 6)], test=[pairs(tmp_path / "test", 2, first=6)]
    )
    assert len(report.labelled) == 8
    record = study.load(study_dir)
    found = split.make(record, samples.labelled_ids(study_dir, record))
    assert found.test == ("f6", "f7")


def test_the_same_picture_twice_is_kept_once_and_tested(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    learn, test = pairs(tmp_path / "learn", 3), pairs(tmp_path / "test", 1)
    report = imports.add(study_dir, [learn], test=[test])
    assert sorted(report.added) == ["f0", "f1", "f2"]
    assert "same picture" in told(report)
    assert study.load(study_dir).image("f0").given_split == "test"
    again = imports.add(study_dir, [learn])
    assert again.added == ()
    assert "must not be learned from" in told(again)


def test_names_that_clash_are_numbered(study_dir: StudyDir, tmp_path: Path) -> None:
    one = picture(tmp_path / "a/cell.png", 1)
    two = picture(tmp_path / "b/CELL.png", 2)
    odd = picture(tmp_path / "c/Zelle ä [1] 🔬.png", 3)
    report = imports.add(study_dir, [one, two, odd])
    assert report.added == ("cell", "CELL-2", "Zelle a _1")
    assert "it is called 'CELL-2'" in told(report)
    assert study.load(study_dir).image("CELL-2").original_name == "CELL.png"


def test_a_table_tells_of_new_and_of_known_images(study_dir: StudyDir, tmp_path: Path) -> None:
    files = [picture(tmp_path / f"{number}.png", number) for number in range(4)]
    imports.add(study_dir, files[:1])
    table = tmp_path / "table.csv"
    table.write_text(
        "Filename;Class;Group;Split;Condition\n0.png;ill;A;;drug\n1.png;well;A;train;\n"
        "sub/2;well;B;test;none\n7.png;well;B;;\n",
        encoding="utf-8-sig",
    )
    report = imports.add(study_dir, files[1:], table=table)
    record = study.load(study_dir)
    images = [record.image(str(number)) for number in range(4)]
    assert [i.image_class for i in images] == ["ill", "well", "well", None]
    assert [i.group for i in images] == ["A", "A", "B", None]
    assert [i.condition for i in images] == ["drug", None, "none", None]
    assert [i.given_split for i in images] == [None, None, "test", None]
    assert record.groups_known
    assert sorted(report.labelled) == ["0", "1", "2"]
    assert [notice.file for notice in report.refused] == ["7.png"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "empty"),
        ("picture,class\na,b\n", "no column `file`"),
        ("file,split\na.png,tset\n", "line 2 has the split 'tset'"),
        ("file,class\n,b\n", "line 2 names no file"),
    ],
)
def test_a_table_that_is_none_is_refused(
    study_dir: StudyDir, tmp_path: Path, text: str, cause: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(TableError, match=rf"t.csv: .*{cause}"):
        imports.add(study_dir, [], table=tmp_path / "t.csv")
    with pytest.raises(TableError, match="no such table"):
        imports.add(study_dir, [], table=tmp_path / "gone.csv")


def test_a_zip_is_a_folder(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 2)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, f"wrapped/{path.relative_to(folder)}")
        archive.writestr("__MACOSX/wrapped/images/._f0.png", b"x")
    report = imports.add(study_dir, [tmp_path / "set.zip"])
    assert sorted(report.labelled) == ["f0", "f1"]
    assert report.refused == ()


@pytest.mark.parametrize("name", ["../../evil.png", "/evil.png", "C:\\evil.png", "..\\evil.png"])
def test_a_zip_that_climbs_out_is_refused_whole(
    study_dir: StudyDir, tmp_path: Path, name: str
) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("good.png", picture(tmp_path / "good.png", 1).read_bytes())
        archive.writestr(name, b"x")
    report = imports.add(study_dir, [tmp_path / "bad.zip"])
    assert report.added == ()
    assert "bad.zip: refused" in told(report)


def test_damaged_zips_and_missing_paths_are_named(study_dir: StudyDir, tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no")
    good = picture(tmp_path / "good.png", 1)
    report = imports.add(study_dir, [tmp_path / "bad.zip", tmp_path / "gone", good])
    assert report.added == ("good",)
    assert "bad.zip: this zip cannot be unpacked" in told(report)
    assert "gone: there is no such file" in told(report)


def test_a_mask_that_does_not_fit_leaves_its_picture(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 2)
    cells(folder / "masks/f0.tif", shape=(20, 30))
    (folder / "masks/f9.tif").write_bytes((folder / "masks/f1.tif").read_bytes())
    report = imports.add(study_dir, [folder])
    assert sorted(report.added) == ["f0", "f1"]
    assert report.labelled == ("f1",)
    assert "f0.tif: this mask is 30 x 20 pixels, its picture 32 x 24" in told(report)
    assert "f9.tif: no picture has the name 'f9'" in told(report)


def test_masks_that_come_later_find_their_pictures(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 2)
    imports.add(study_dir, [folder / "images"])
    assert survey.labelled(study_dir) == []
    (tmp_path / "later").mkdir()
    (folder / "masks").rename(tmp_path / "later/masks")
    report = imports.add(study_dir, [tmp_path / "later"])
    assert report.added == ()
    assert sorted(report.labelled) == ["f0", "f1"]


def test_a_mask_beside_its_picture(study_dir: StudyDir, tmp_path: Path) -> None:
    one = picture(tmp_path / "a.png", 1)
    report = imports.add(study_dir, [one, cells(tmp_path / "a_mask.tif")])
    assert report.added == report.labelled == ("a",)


def test_classes_of_objects_come_from_a_table(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 2)
    (folder / "objects.csv").write_text("file,id,class\nf0.png,1,mono\nf0.png,3,binuclear\n")
    imports.add(study_dir, [folder])
    task = tasks.suggest_task(study_dir)
    assert task.classes == ("binuclear", "mono")
    assert [item.class_name for item in store.objects(study_dir, "f0")] == [
        "mono",
        None,
        "binuclear",
    ]


def test_a_table_of_classes_may_lie_beside_the_masks(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 1)
    (folder / "masks" / "objects.csv").write_text("file,id,class\nf0.png,1,mono\n")
    imports.add(study_dir, [folder])
    assert store.objects(study_dir, "f0")[0].class_name == "mono"


def test_one_file_an_object_from_a_zip_that_was_unpacked_into_masks(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    """A folder `masks` in `masks` ended the page with an error."""
    picture(tmp_path / "set" / "images" / "f0.png", 0)
    picture(tmp_path / "set" / "images" / "f1.png", 1)
    for name in ("f0", "f1"):
        for at in range(2):
            mask = np.zeros((24, 32), np.uint8)
            mask[4 + 8 * at : 8 + 8 * at, 5:12] = 255
            path = tmp_path / "set" / "masks" / "masks" / name / f"{at}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(path)
    report = imports.add(study_dir, [tmp_path / "set"])
    assert sorted(report.labelled) == ["f0", "f1"]
    assert len(store.objects(study_dir, "f0")) == 2


def test_a_changed_task_reads_the_masks_again(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 3)
    imports.add(study_dir, [folder])
    classes = ("ground", "one", "two", "three")
    tissue = TaskSpec(kind=Kind.SEMANTIC, classes=classes, background="ground")
    drawn = store.load(study_dir, "f2")
    assert drawn is not None
    by_hand = model.empty(drawn.shape_yx, annotated=True)
    head = store.head(study_dir, "f2")
    store.save(study_dir, "f2", by_hand, author="Ada", parent=head)
    report = imports.apply_task(study_dir, tissue)
    set_task(study_dir, tissue)
    assert report.labelled == ("f0",)
    assert "f1.tif: it holds the value 4" in told(report)
    assert "f2.tif: 'f2' was labelled by hand since" in told(report)
    assert survey.labelled(study_dir) == ["f0", "f2"]
    [sample] = samples.load(study_dir, ["f0"])
    assert sorted(np.unique(truth.of(sample, tissue).pixels_yx)) == [0, 1, 2, 3]
    again = imports.apply_task(study_dir, CELL)
    assert sorted(again.labelled) == ["f0", "f1"]


def test_later_masks_may_change_what_earlier_ones_mean(study_dir: StudyDir, tmp_path: Path) -> None:
    """One scattered mask looks like objects; five of the same values look like classes."""
    for number in range(6):
        folder = tmp_path / ("one" if number == 0 else "more")
        picture(folder / f"images/f{number}.png", number)
        values = np.zeros((24, 32), dtype=np.uint8)
        values[2:5, 2:5] = 1
        if number > 0:
            values[10:13, 2::6] = 1
            values[16:19, 2::6] = 2
        (folder / "masks").mkdir(exist_ok=True)
        tifffile.imwrite(folder / f"masks/f{number}.tif", values)
    imports.add(study_dir, [tmp_path / "one"])
    assert [item.class_name for item in store.objects(study_dir, "f0")] == ["object"]
    report = imports.add(study_dir, [tmp_path / "more"])
    assert tasks.suggest_task(study_dir).kind is Kind.SEMANTIC
    assert "f0" in report.labelled
    assert [item.class_name for item in store.objects(study_dir, "f0")] == ["class 1"]


def test_a_run_reads_the_versions_it_names(study_dir: StudyDir, tmp_path: Path) -> None:
    imports.add(study_dir, [pairs(tmp_path / "set", 1)])
    first = store.head(study_dir, "f0")
    assert first is not None
    store.save(study_dir, "f0", model.empty((24, 32)), author="Ada", parent=first)
    [now] = samples.load(study_dir, ["f0"])
    [then] = samples.load(study_dir, ["f0"], {"f0": first})
    assert now.labels is not None
    assert then.labels is not None
    assert (len(now.labels.objects), len(then.labels.objects)) == (0, 3)


def test_a_stack_is_one_plane_of_picture_and_mask(study_dir: StudyDir, tmp_path: Path) -> None:
    stack = np.random.default_rng(0).integers(0, 999, (5, 24, 32), dtype=np.uint16)
    (tmp_path / "set/images").mkdir(parents=True)
    (tmp_path / "set/masks").mkdir()
    tifffile.imwrite(tmp_path / "set/images/a.tif", stack, photometric="minisblack")
    ids = np.zeros((5, 24, 32), dtype=np.uint16)
    ids[0, 2:5, 2:5], ids[1:, 9:12, 9:12] = 1, 2
    tifffile.imwrite(tmp_path / "set/masks/a.tif", ids, photometric="minisblack")
    report = imports.add(study_dir, [tmp_path / "set"])
    record = study.load(study_dir)
    assert record.image("a").plane == 0
    assert "stack of 5 planes" in told(report)
    [sample] = samples.load(study_dir, ["a"])
    np.testing.assert_array_equal(sample.image_cyx[0], stack[0])
    assert sample.labels is not None
    assert len(sample.labels.objects) == 1
    assert any(finding.images == ("a",) for finding in checks.inspect(study_dir))


def test_what_holds_for_many_files_is_told_once(study_dir: StudyDir, tmp_path: Path) -> None:
    for number in range(9):
        path = picture(tmp_path / "set" / f"{number}.png", number)
        Image.open(path).convert("RGBA").save(path)
    report = imports.add(study_dir, [tmp_path / "set"])
    assert [n.message for n in report.notices] == ["0.png and 8 more: its transparency was dropped"]


def test_a_folder_that_tells_of_itself(study_dir: StudyDir, tmp_path: Path) -> None:
    folder = pairs(tmp_path / "set", 4)
    about = {
        "task": "semantic",
        "classes": ["ground", "a", "b", "c", "d"],
        "background": "ground",
        "split": {"train": ["f0", "f1", "f2"], "test": ["f3"]},
        "groups": {"f0": "mouse 1", "f1": "mouse 2"},
    }
    (folder / "dataset.json").write_text(json.dumps(about))
    imports.add(study_dir, [folder])
    task = tasks.suggest_task(study_dir)
    assert (task.kind, task.background, len(task.classes)) == (Kind.SEMANTIC, "ground", 5)
    record = study.load(study_dir)
    assert record.image("f3").given_split == "test"
    assert record.image("f1").group == "mouse 2"


@pytest.mark.parametrize(
    ("name", "kind", "tests"),
    [
        ("bbbc039_u2os", Kind.INSTANCE, 8),
        ("sstem_vnc_multiclass", Kind.SEMANTIC, 12),
        ("wbc2_classification", Kind.CLASSIFICATION, 22),
        ("colicoords_ecoli_2ch", Kind.INSTANCE, 12),
    ],
)
def test_real_data_sets(
    real_data: Path, study_dir: StudyDir, name: str, kind: Kind, tests: int
) -> None:
    about = json.loads((real_data / name / "dataset.json").read_text())
    report = imports.add(study_dir, [real_data / name])
    assert len(report.added) == about["n_images"]
    assert report.refused == ()
    task = tasks.suggest_task(study_dir)
    assert task.kind is kind
    assert list(task.classes) == about["classes"]
    set_task(study_dir, task)
    record = study.load(study_dir)
    found = split.make(record, samples.labelled_ids(study_dir, record))
    assert sorted(found.test) == sorted(about["split"]["test"])
    assert len(found.test) == tests
    assert not [f for f in checks.inspect(study_dir) if f.level == "problem"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bbbc039_u2os", Kind.INSTANCE),
        ("yeast_smartphone", Kind.INSTANCE),
        ("drive_retina_vessels", Kind.SEMANTIC),
        ("sstem_vnc_multiclass", Kind.SEMANTIC),
    ],
)
def test_masks_alone_suggest_the_task(
    real_data: Path, study_dir: StudyDir, tmp_path: Path, name: str, kind: Kind
) -> None:
    for part in ("images", "masks"):
        (tmp_path / "set" / part).mkdir(parents=True)
        for path in sorted((real_data / name / part).iterdir())[:5]:
            (tmp_path / "set" / part / path.name).write_bytes(path.read_bytes())
    imports.add(study_dir, [tmp_path / "set"])
    assert tasks.suggest_task(study_dir).kind is kind


def test_findings_are_told_in_plain_words(study_dir: StudyDir, tmp_path: Path) -> None:
    assert [f.level for f in checks.inspect(study_dir)] == ["problem"]
    folder = pairs(tmp_path / "set", 2)
    Image.fromarray(np.full((24, 32, 3), 9, dtype=np.uint8)).save(folder / "images/flat.png")
    imports.add(study_dir, [folder])
    messages = " ".join(finding.message for finding in checks.inspect(study_dir))
    assert "not said yet what is wanted" in messages
    assert "annotate at least 3" in messages
    assert "do not have 1 channel as the others" in messages
    assert "all pixels alike" in messages
    assert "No groups are known" in messages
    set_task(study_dir, KINDS)
    only = tmp_path / "t.csv"
    only.write_text("file,class\nf0.png,ill\nf1.png,ill\nflat.png,ill\n")
    imports.add(study_dir, [], table=only)
    messages = " ".join(finding.message for finding in checks.inspect(study_dir))
    assert "There is no example of well" in messages


def test_previews_are_bright_and_small(study_dir: StudyDir, tmp_path: Path) -> None:
    ramp = np.linspace(200, 900, 64 * 48).reshape(1, 64, 48).astype(np.uint16)
    shown = thumbnails.preview(ramp, side=32)
    assert shown.shape == (32, 24, 3)
    assert shown.min() < 10
    assert shown.max() > 245
    two = np.stack([ramp[0], ramp[0][::-1]])
    assert thumbnails.preview(two).shape == (64, 48, 3)
    assert (
        thumbnails.preview(two, channels=[1])[..., 0] == thumbnails.preview(ramp[:, ::-1])[..., 0]
    ).all()
    rgb = np.random.default_rng(0).integers(0, 255, (3, 16, 16), dtype=np.uint8)
    np.testing.assert_array_equal(thumbnails.preview(rgb), rgb.transpose(1, 2, 0))
    assert not thumbnails.preview(np.zeros((1, 9, 9), dtype=np.float32)).any()
    imports.add(study_dir, [picture(tmp_path / "a.png", 1)])
    about = study.load(study_dir).image("a")
    path = thumbnails.cached(study_dir, about, side=16)
    assert Image.open(path).size == (16, 12)
    assert thumbnails.cached(study_dir, about, side=16) == path


def test_nothing_is_imported_into_no_study(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no study 'gone'"):
        imports.add(workspace.study("gone"), [tmp_path])

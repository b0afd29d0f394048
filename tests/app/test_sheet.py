"""The label map is the truth: strokes add to it, and what nobody touched stays as it was."""

import os
from dataclasses import replace

import numpy as np
import pytest

from app import drafts, painted, sheet
from core.data import regions
from core.data.labels import model, shapes
from core.data.labels.model import MAIN
from core.data.labels.shapes import Shape
from core.paths import StudyDir
from core.records import ImageRecord, Kind, StudyRecord, TaskSpec

SIDE = 64
SCALE = 10.0
IMAGE = ImageRecord(
    id="a",
    file="a.tif",
    original_name="a.tif",
    sha256="0",
    shape_cyx=(1, SIDE, SIDE),
    dtype="uint8",
)
CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell", "dust"))
REGIONS = TaskSpec(kind=Kind.SEMANTIC, classes=("none", "vessel"), background="none")


def opened(tmp_path, task, labels=None, version=None, scale=SCALE, tab="tab-a"):
    record = StudyRecord(name="study", task=task, images=(IMAGE,))
    return sheet.open_sheet(record, IMAGE, StudyDir(tmp_path), (labels, version), scale, tab=tab)


def disc(row, column, radius):
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def two_discs():
    layer = np.zeros((SIDE, SIDE), dtype=np.int32)
    layer[disc(20, 20, 9)] = 3
    layer[disc(44, 40, 11)] = 5
    annotated = np.ones_like(layer, dtype=bool)
    known = tuple(model.LabelObject(id=i, class_name="cell", source="import") for i in (3, 5))
    return model.Labels(layers={MAIN: layer}, annotated_yx=annotated, objects=known)


def one_disc():
    both = two_discs()
    layer = np.where(both.layers[MAIN] == 3, both.layers[MAIN], 0)
    return replace(both, layers={MAIN: layer}, objects=both.objects[:1])


def box(left, top, right, bottom, color, scale=SCALE):
    """Return a box over pixels left..right-1, top..bottom-1, as the canvas sends it."""
    return {
        "type": "Rect",
        "originX": "center",
        "originY": "center",
        "left": (left + right) / 2 * scale,
        "top": (top + bottom) / 2 * scale,
        "width": (right - left) * scale,
        "height": (bottom - top) * scale,
        "stroke": color,
        "strokeWidth": 2,
        "strokeDashOffset": 0,
    }


def drawn(mounted, *new):
    return {"objects": [*mounted.initial["objects"], *new]}


def test_beyond_eight_classes_each_still_has_a_colour_of_its_own(tmp_path):
    """What was drawn as the first class was saved as the ninth, and so on, without a stroke."""
    names = tuple(f"class {n}" for n in range(40))
    labels = two_discs()
    items = tuple(replace(item, class_name=names[0]) for item in labels.objects)
    task = TaskSpec(kind=Kind.INSTANCE, classes=names)
    mounted = opened(tmp_path, task, replace(labels, objects=items), "v1")
    assert len({color.lower() for color in mounted.colors.values()}) == len(names) + 2
    sheet.keep_draft(mounted, mounted.initial)
    assert not sheet.has_draft(mounted)
    for name in (names[1], names[9], names[33]):
        sheet.keep_draft(mounted, drawn(mounted, box(1, 50, 8, 58, mounted.colors[name])))
        assert painted.finished(mounted, complete=True).objects[-1].class_name == name


def test_looking_at_labels_makes_no_draft_and_saving_keeps_every_pixel(tmp_path):
    labels = two_discs()
    mounted = opened(tmp_path, CELLS, labels, "v1")
    sheet.keep_draft(mounted, mounted.initial)
    assert not sheet.has_draft(mounted)
    kept = painted.finished(mounted, complete=True)
    assert model.content_hash(kept) == model.content_hash(labels)


def test_a_new_stroke_becomes_an_object_and_the_others_keep_their_pixels(tmp_path):
    labels = two_discs()
    mounted = opened(tmp_path, CELLS, labels, "v1")
    dust = mounted.colors["dust"]
    sheet.keep_draft(mounted, drawn(mounted, box(40, 4, 50, 12, dust)))
    saved = painted.finished(mounted, complete=True)
    layer = saved.flat_yx
    new = [each for each in saved.objects if each.id not in (3, 5)]
    assert [each.class_name for each in new] == ["dust"]
    assert (layer == new[0].id).sum() == 80
    for object_id in (3, 5):
        assert ((layer == object_id) == (labels.flat_yx == object_id)).all()


def test_strokes_wait_on_disk_for_a_new_mount_also_at_another_enlargement(tmp_path):
    mounted = opened(tmp_path, CELLS, two_discs(), "v1")
    stroke = box(40, 4, 50, 12, mounted.colors["cell"])
    sheet.keep_draft(mounted, drawn(mounted, stroke))
    expected = painted.finished(mounted, complete=True)
    for scale in (SCALE, 2 * SCALE):
        again = opened(tmp_path, CELLS, two_discs(), "v1", scale)
        assert again.recovered
        sheet.keep_draft(again, again.initial)
        saved = painted.finished(again, complete=True)
        assert model.content_hash(saved) == model.content_hash(expected)


def test_an_undone_stroke_leaves_no_draft(tmp_path):
    mounted = opened(tmp_path, CELLS)
    sheet.keep_draft(mounted, drawn(mounted, box(4, 4, 9, 9, mounted.colors["cell"])))
    assert sheet.has_draft(mounted)
    sheet.keep_draft(mounted, mounted.initial)
    assert not sheet.has_draft(mounted)


def test_a_deleted_outline_deletes_its_object_and_a_moved_one_moves_it(tmp_path):
    labels = two_discs()
    mounted = opened(tmp_path, CELLS, labels, "v1")
    moved = dict(next(o for o in mounted.initial["objects"] if o["strokeDashOffset"] == 5))
    moved["left"] -= 6 * SCALE
    sheet.keep_draft(mounted, {"objects": [moved]})
    saved = painted.finished(mounted, complete=True)
    assert [each.id for each in saved.objects] == [5]
    there, expected = saved.flat_yx == 5, disc(44, 34, 11)
    assert (there & expected).sum() / (there | expected).sum() > 0.97


def nudged(mounted, object_id):
    """Return the drawing with an object moved a little."""
    objects = [dict(each) for each in mounted.initial["objects"]]
    changed = next(each for each in objects if each["strokeDashOffset"] == object_id)
    changed["left"] += 2 * SCALE
    return {"objects": objects}


@pytest.mark.parametrize("source", ["model", "import"])
def test_a_reshaped_object_keeps_its_origin(tmp_path, source):
    """It was told to be drawn by hand, by nobody, and a model's work could not be told any more."""
    labels = two_discs()
    known = tuple(replace(each, source=source) for each in labels.objects)
    mounted = opened(tmp_path, CELLS, replace(labels, objects=known), "v1")
    sheet.keep_draft(mounted, nudged(mounted, 5))
    saved = painted.finished(mounted, complete=True, author="ann")
    told = [(each.id, each.source, each.author) for each in saved.objects]
    # Who changes a model's object first is its author; nobody touched the other one.
    assert told == [(3, source, ""), (5, source, "ann" if source == "model" else "")]


def test_an_object_in_anothers_hole_keeps_its_pixels_when_the_outer_one_changes(tmp_path):
    """The outer outline was filled, hole and all, and what lay in the hole was gone."""
    layer = np.zeros((SIDE, SIDE), dtype=np.int32)
    layer[disc(32, 32, 24)] = 1
    layer[disc(32, 32, 12)] = 0
    layer[disc(32, 32, 8)] = 2
    layer[disc(8, 8, 5)] = 3
    known = tuple(model.LabelObject(id=i, class_name="cell") for i in (1, 2, 3))
    annotated = np.ones_like(layer, dtype=bool)
    labels = model.Labels(layers={MAIN: layer}, annotated_yx=annotated, objects=known)
    mounted = opened(tmp_path, CELLS, labels, "v1")
    sheet.keep_draft(mounted, nudged(mounted, 1))
    saved = painted.finished(mounted, complete=True)
    for object_id in (2, 3):
        np.testing.assert_array_equal(saved.flat_yx == object_id, layer == object_id)


def test_of_two_that_change_at_once_the_inner_one_lies_on_top(tmp_path):
    layer = np.zeros((SIDE, SIDE), dtype=np.int32)
    layer[disc(32, 32, 24)] = 1
    layer[disc(32, 32, 12)] = 2
    known = tuple(model.LabelObject(id=i, class_name="cell") for i in (1, 2))
    annotated = np.ones_like(layer, dtype=bool)
    labels = model.Labels(layers={MAIN: layer}, annotated_yx=annotated, objects=known)
    mounted = opened(tmp_path, CELLS, labels, "v1")
    both = {"objects": [dict(each) for each in mounted.initial["objects"]]}
    for each in both["objects"]:
        each["left"] += 3 * SCALE
    sheet.keep_draft(mounted, both)
    saved = painted.finished(mounted, complete=True)
    assert (saved.flat_yx == 2).sum() == pytest.approx((layer == 2).sum(), rel=0.05)


def test_strokes_of_an_older_version_go_on_top_of_the_newer_labels(tmp_path):
    mounted = opened(tmp_path, CELLS)
    sheet.keep_draft(mounted, drawn(mounted, box(40, 4, 50, 12, mounted.colors["cell"])))
    newer = opened(tmp_path, CELLS, two_discs(), "v2")
    sheet.keep_draft(newer, newer.initial)
    saved = painted.finished(newer, complete=True)
    assert len(saved.objects) == 3
    assert (saved.flat_yx[4:12, 40:50] > 0).all()


def test_a_draft_of_an_older_version_deletes_nothing_that_was_drawn_since(tmp_path):
    """Thirty nuclei of another person were gone: the draft did not hold them."""
    whole = two_discs()
    mounted = opened(tmp_path, CELLS, one_disc(), "v1")
    sheet.keep_draft(mounted, drawn(mounted, box(40, 4, 50, 12, mounted.colors["cell"])))
    saved = painted.finished(opened(tmp_path, CELLS, whole, "v2"), complete=True)
    assert [each.id for each in saved.objects] == [3, 5, 6]
    for object_id in (3, 5):
        assert ((saved.flat_yx == object_id) == (whole.flat_yx == object_id)).all()


def test_what_was_told_to_be_marked_goes_with_strokes_and_ends_with_the_version(tmp_path):
    mine = opened(tmp_path, CELLS)
    sheet.keep_draft(mine, drawn(mine, box(40, 4, 50, 12, mine.colors["cell"])))
    assert sheet.is_complete(opened(tmp_path, CELLS))
    sheet.tell_complete(mine, False)
    assert not sheet.is_complete(opened(tmp_path, CELLS))
    (left,) = drafts.of_others(StudyDir(tmp_path), IMAGE, "tab-b")
    drafts.take_over(left, drafts.path_of(StudyDir(tmp_path), IMAGE, "tab-b"))
    theirs = opened(tmp_path, CELLS, tab="tab-b")
    assert (sheet.is_complete(theirs), sheet.is_complete(mine)) == (False, True)
    # Whoever saved since has told it with the version.
    assert sheet.is_complete(opened(tmp_path, CELLS, two_discs(), "v2", tab="tab-b"))
    sheet.drop_draft(theirs)
    assert sheet.is_complete(opened(tmp_path, CELLS, tab="tab-b"))


def test_the_rest_is_background_only_where_everything_is_marked(tmp_path):
    mounted = opened(tmp_path, CELLS)
    sheet.keep_draft(mounted, drawn(mounted, box(10, 10, 20, 20, mounted.colors["cell"])))
    assert painted.finished(mounted, complete=True).annotated_yx.all()
    partly = painted.finished(mounted, complete=False).annotated_yx
    assert (partly == (painted.finished(mounted, complete=False).flat_yx > 0)).all()


def test_regions_of_one_class_join_and_the_background_takes_away(tmp_path):
    mounted = opened(tmp_path, REGIONS)
    vessel, none = mounted.colors["vessel"], mounted.colors["none"]
    strokes = [
        box(0, 0, 10, 10, vessel),
        box(20, 0, 30, 10, vessel),
        box(0, 0, 5, 10, none),
    ]
    sheet.keep_draft(mounted, drawn(mounted, *strokes))
    saved = painted.finished(mounted, complete=False)
    assert [each.class_name for each in saved.objects] == ["vessel"]
    assert (saved.flat_yx > 0).sum() == 50 + 100
    assert saved.annotated_yx[:10, :5].all()
    assert not saved.annotated_yx[40, 40]


def test_a_brush_stroke_of_many_pieces_is_one_object(tmp_path):
    mounted = opened(tmp_path, CELLS, two_discs(), "v1")
    stroke = {
        "type": "Path",
        "originX": "center",
        "originY": "center",
        "left": 300.0,
        "top": 50.0,
        "width": 200,
        "height": 0,
        "path": [["M", 200, 50], ["L", 250, 50], ["L", 300, 50], ["L", 400, 50]],
        "stroke": mounted.colors["cell"] + "99",
        "strokeWidth": 40,
    }
    sheet.keep_draft(mounted, drawn(mounted, stroke))
    saved = painted.finished(mounted, complete=True)
    assert len(saved.objects) == 3
    assert (saved.flat_yx == 6).sum() == pytest.approx(4 * 20 + np.pi * 4, rel=0.1)


def test_the_eraser_makes_pixels_nobodys(tmp_path):
    mounted = opened(tmp_path, CELLS, two_discs(), "v1")
    eraser = box(10, 10, 31, 31, mounted.colors[sheet.ERASER])
    sheet.keep_draft(mounted, drawn(mounted, eraser))
    saved = painted.finished(mounted, complete=True)
    assert [each.id for each in saved.objects] == [5]


def test_nothing_here_is_annotated_everywhere(tmp_path):
    empty = painted.nothing_here(opened(tmp_path, CELLS))
    assert empty.annotated_yx.all()
    assert empty.objects == ()


@pytest.mark.parametrize(("task", "count"), [(CELLS, 400), (REGIONS, 2)])
def test_regions_and_crowds_are_shown_in_the_picture_instead(tmp_path, task, count):
    layer = np.zeros((SIDE, SIDE), dtype=np.int32)
    layer[::3, ::3].flat[:count] = np.arange(1, count + 1)[: layer[::3, ::3].size]
    ids = sorted(set(layer.ravel()) - {0})
    labels = model.Labels(
        layers={MAIN: layer},
        annotated_yx=np.ones_like(layer, dtype=bool),
        objects=tuple(model.LabelObject(id=int(i), class_name=task.classes[1]) for i in ids),
    )
    mounted = opened(tmp_path, task, labels, "v1")
    assert mounted.is_only_shown
    saved = painted.finished(mounted, complete=True)
    assert model.content_hash(saved) == model.content_hash(labels)


def test_outlines_of_the_tolerance_used_stay_close_to_their_objects():
    labels = two_discs()
    rings = shapes.outlines(labels, tolerance_px=sheet.OUTLINE_TOLERANCE_PX)
    repainted = shapes.paint(model.empty((SIDE, SIDE)), [r for r in rings if isinstance(r, Shape)])
    assert (repainted.flat_yx != labels.flat_yx).mean() < 0.01


def test_a_draft_of_a_part_outlives_the_saving_of_other_parts(tmp_path):
    whole = replace(IMAGE, shape_cyx=(1, 4096, 4096))
    region = regions.Region(top=1000, left=64, rows=SIDE, columns=SIDE)
    record = StudyRecord(name="study", task=CELLS, images=(whole,))

    def opened_part(version):
        part = regions.part(whole, region)
        loaded = (two_discs(), version)
        return sheet.open_sheet(record, part, StudyDir(tmp_path), loaded, SCALE, tab="tab-a")

    mounted = opened_part("v1")
    moved = [dict(each) for each in mounted.initial["objects"]]
    moved[0]["left"] += 3 * SCALE
    sheet.keep_draft(mounted, {"objects": moved})
    again = opened_part("v2")
    assert again.initial["objects"][0]["left"] == moved[0]["left"]
    assert not sheet.has_draft(opened(tmp_path, CELLS, two_discs(), "v2"))


def test_a_draft_belongs_to_its_tab(tmp_path):
    """One file was shared by all tabs: who opened the image without a stroke deleted another's."""
    mine = opened(tmp_path, CELLS)
    stroke = box(40, 4, 50, 12, mine.colors["cell"])
    sheet.keep_draft(mine, drawn(mine, stroke), author="ann")
    theirs = opened(tmp_path, CELLS, tab="tab-b")
    assert not theirs.recovered
    sheet.keep_draft(theirs, theirs.initial)
    sheet.drop_draft(theirs)
    assert opened(tmp_path, CELLS).recovered
    (left,) = drafts.of_others(StudyDir(tmp_path), IMAGE, "tab-b")
    assert (left.tab, left.author, left.is_old) == ("tab-a", "ann", False)
    assert drafts.of_others(StudyDir(tmp_path), IMAGE, "tab-a") == []


def test_what_a_tab_that_is_gone_left_is_taken_over(tmp_path):
    mine = opened(tmp_path, CELLS)
    stroke = box(40, 4, 50, 12, mine.colors["cell"])
    sheet.keep_draft(mine, drawn(mine, stroke))
    expected = painted.finished(mine, complete=True)
    os.utime(mine.draft, (0, 0))
    theirs = opened(tmp_path, CELLS, tab="tab-b")
    (left,) = drafts.of_others(StudyDir(tmp_path), IMAGE, "tab-b")
    assert left.is_old
    drafts.take_over(left, theirs.draft)
    again = opened(tmp_path, CELLS, tab="tab-b")
    assert again.recovered
    saved = painted.finished(again, complete=True)
    assert model.content_hash(saved) == model.content_hash(expected)
    assert drafts.of_others(StudyDir(tmp_path), IMAGE, "tab-b") == []


def test_drafts_of_before_tabs_had_their_own_are_found(tmp_path):
    """They lie in draft.json, or draft.REGION.json, and belong to no tab."""
    region = regions.Region(top=1000, left=64, rows=SIDE, columns=SIDE)
    part = regions.part(replace(IMAGE, shape_cyx=(1, 4096, 4096)), region)
    folder = StudyDir(tmp_path).labels / IMAGE.id
    folder.mkdir(parents=True)
    (folder / f"draft.{region.name}.json").write_text("{}")
    assert [each.tab for each in drafts.of_others(StudyDir(tmp_path), part, "tab-a")] == [""]

"""Objects measured all at once are those measured one by one."""

import numpy as np
from scipy import ndimage

from core.infer import batch, table
from core.pipeline.answers import Answer
from core.records import Kind, TaskSpec

TASK = TaskSpec(kind=Kind.INSTANCE, classes=("a", "b"))


def labels(seed: int = 0) -> np.ndarray:
    """Return objects of all shapes, some in several pieces."""
    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.normal(size=(90, 130)), 2)
    return ndimage.label(smooth > 0.02)[0].astype(np.int32)


def test_rows_tell_area_centre_and_box_of_each_object() -> None:
    picture = labels()
    count = int(picture.max())
    answer = Answer(labels_yx=picture, object_classes={2: 1}, object_scores={1: 0.5})
    rows = list(batch.answer_rows("x", answer, TASK)[0])
    assert len(rows) == count > 10
    for row in rows:
        ys, xs = np.nonzero(picture == row[1])
        assert row[4] == len(ys)
        assert np.allclose(row[5:7], (ys.mean(), xs.mean()), atol=0.0051)
        assert row[7:] == (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1)
    assert [row[1] for row in rows] == list(range(1, count + 1))
    assert [row[2] for row in rows[:3]] == ["a", "b", "a"]
    assert [row[3] for row in rows[:2]] == [0.5, ""]


def test_an_empty_picture_has_no_rows() -> None:
    answer = Answer(labels_yx=np.zeros((5, 5), np.int32))
    assert list(batch.answer_rows("x", answer, TASK)[0]) == []


def test_parts_add_up_to_the_whole() -> None:
    picture = labels(1)
    count = int(picture.max())
    halves = [
        table.measure(np.ascontiguousarray(picture[:, part]), count, (0, part.start))
        for part in (slice(0, 61), slice(61, 130))
    ]
    owner = np.tile(np.arange(count + 1), 2)
    put_together = table.joined(halves).joined(owner, count + 1)
    whole = table.measure(picture, count, (0, 0))
    for one, other in zip(put_together.fields(), whole.fields(), strict=True):
        assert (one[1:] == other[1:]).all()


def test_tables_tell_where_each_image_comes_from(tmp_path) -> None:
    picture = np.zeros((9, 9), np.int32)
    picture[2:5, 3:6] = 1
    answers = [Answer(labels_yx=picture, object_classes={1: 1})] * 2
    origins = [{"condition": "drug", "row": "B"}, {"condition": "ctrl, 5 µM", "donor": "D2"}]
    batch.write_answers(tmp_path, ["one", "two"], answers, TASK, origins)
    one, two = table.read(tmp_path / "objects.csv")
    assert (one["condition"], one["image row"], one["donor"]) == ("drug", "B", "")
    assert (two["condition"], two["image row"], two["donor"]) == ("ctrl, 5 µM", "", "D2")
    assert (one["row"], two["class"], two["area_px"]) == ("3.0", "b", "9")


def test_an_image_has_a_row_even_where_nothing_was_found(tmp_path) -> None:
    picture = np.zeros((10, 10), np.int32)
    picture[2:5, 3:6], picture[7:9, 7:9] = 1, 2
    answers = [
        Answer(labels_yx=picture, object_classes={1: 1, 2: 0}),
        Answer(labels_yx=np.zeros((10, 10), np.int32)),
    ]
    origins = [{"condition": "drug"}, {"condition": "control"}]
    batch.write_answers(tmp_path, ["one", "none"], answers, TASK, origins)
    one, none = table.read(tmp_path / "images.csv")
    assert (one["objects"], one["objects a"], one["objects b"]) == ("2", "1", "1")
    assert (one["mean area_px"], one["covered"]) == ("6.5", "0.13")
    assert (none["objects"], none["mean area_px"], none["covered"]) == ("0", "", "0.0")
    assert none["condition"] == "control"


def test_a_fact_that_is_called_like_a_figure_does_not_take_its_column(tmp_path) -> None:
    picture = np.ones((4, 4), np.int32)
    origins = [{"objects": "slides", "covered": "yes"}]
    batch.write_answers(tmp_path, ["one"], [Answer(labels_yx=picture)], TASK, origins)
    (row,) = table.read(tmp_path / "images.csv")
    assert (row["objects"], row["image objects"], row["image covered"]) == ("1", "slides", "yes")


def test_regions_have_their_areas_and_shares(tmp_path) -> None:
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("tissue", "vessel", "rare"))
    picture = np.zeros((10, 10), np.int32)
    picture[:, :3] = 1
    batch.write_answers(tmp_path, ["one"], [Answer(labels_yx=picture)], task, [{}])
    (row,) = table.read(tmp_path / "images.csv")
    assert (row["area_px tissue"], row["area_px vessel"], row["area_px rare"]) == ("70", "30", "0")
    assert (row["share vessel"], row["share rare"]) == ("0.3", "0.0")


def test_the_table_of_classes_tells_it_as_well(tmp_path) -> None:
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("healthy", "ill"))
    answer = Answer(probabilities=(0.2, 0.8))
    batch.write_answers(tmp_path, ["one"], [answer], task, [{"group": "D1", "row": "A"}])
    (row,) = table.read(tmp_path / "predictions.csv")
    told = {"image": "one", "class": "ill", "probability": "0.8000", "group": "D1"}
    assert row == {**told, "image row": "A"}


def test_areas_are_told_in_um2_of_images_whose_pixels_have_a_size(tmp_path) -> None:
    picture = np.zeros((10, 10), np.int32)
    picture[2:5, 3:6], picture[7:9, 7:9] = 1, 2
    answers = [Answer(labels_yx=picture)] * 2
    origins = [{"pixel_size_um": "fine", "area_um2": "much"}, {}]
    batch.write_answers(tmp_path, ["one", "two"], answers, TASK, origins, [0.1, None])
    objects = list(table.read(tmp_path / "objects.csv"))
    assert [row["area_um2"] for row in objects] == ["0.09", "0.04", "", ""]
    assert objects[0]["image area_um2"] == "much"
    one, two = table.read(tmp_path / "images.csv")
    assert (one["mean area_px"], one["mean area_um2"], one["pixel_size_um"]) == (
        "6.5", "0.065", "0.1",
    )  # fmt: skip
    assert (two["mean area_px"], two["mean area_um2"], two["pixel_size_um"]) == ("6.5", "", "")
    assert one["image pixel_size_um"] == "fine", "a fact takes no column of the table"


def test_regions_have_areas_in_um2_as_well(tmp_path) -> None:
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("tissue", "vessel"))
    picture = np.zeros((10, 10), np.int32)
    picture[:, :3] = 1
    answer = Answer(labels_yx=picture)
    batch.write_answers(tmp_path, ["one"], [answer], task, [{}], [2.0])
    (row,) = table.read(tmp_path / "images.csv")
    assert (row["area_um2 tissue"], row["area_um2 vessel"]) == ("280.0", "120.0")

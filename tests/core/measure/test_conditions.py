"""Conditions are compared by independent samples, not by how many images each gave."""

import csv

import pytest

from core.measure import conditions
from core.records import Kind, TaskSpec

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))


def line(image: str, condition: str, objects: int, group: str = "", **more: str) -> dict[str, str]:
    area = str(50.0 + objects) if objects else ""
    return {
        "image": image,
        "objects": str(objects),
        "mean area_px": area,
        "covered": "0.1",
        "group": group,
        "condition": condition,
        **more,
    }


LINES = [
    line("a", "drug", 10, "animal 1"),
    line("b", "drug", 20, "animal 1"),
    line("c", "drug", 0, "animal 2"),
    line("d", "control", 40, "animal 3"),
]


def found(lines: list[dict[str, str]], value: str, figure: str) -> conditions.Compared:
    (one,) = [
        each
        for each in conditions.compare(lines, "condition")
        if (each.value, each.figure) == (value, figure)
    ]
    return one


def test_an_animal_counts_once_however_many_images_it_gave() -> None:
    drug = found(LINES, "drug", "objects")
    assert (drug.images, drug.groups) == (3, 2)
    assert drug.mean == pytest.approx(7.5)  # 15 of animal 1, 0 of animal 2
    assert drug.spread == pytest.approx(10.6066, abs=1e-4)
    assert found(LINES, "control", "objects").spread is None


def test_without_groups_every_image_is_a_sample() -> None:
    bare = [each | {"group": ""} for each in LINES]
    drug = found(bare, "drug", "objects")
    assert (drug.images, drug.groups, drug.mean) == (3, 3, pytest.approx(10.0))


def test_an_image_without_objects_has_no_mean_area_but_a_count() -> None:
    drug = found(LINES, "drug", "mean area_px")
    assert (drug.images, drug.groups, drug.mean) == (2, 1, pytest.approx(65.0))


def test_only_what_differs_can_be_compared() -> None:
    lines = [each | {"dose": "5", "day": each["image"]} for each in LINES]
    assert conditions.choices(lines) == ["condition", "day"]
    assert conditions.choices([]) == []
    assert conditions.choices([{"image": "a", "donor": "x"}]) == [], "there is no figure"


def test_the_table_is_written_where_there_is_something_to_compare(tmp_path) -> None:
    assert conditions.write(LINES[:3], tmp_path) is None
    path = conditions.write(LINES, tmp_path)
    assert path is not None
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["figure"] == "objects"]
    assert [(row["value"], row["groups"], row["mean"]) for row in rows] == [
        ("control", "1", "40"),
        ("drug", "2", "7.5"),
    ]
    assert rows[0]["standard deviation"] == ""


def test_whole_pictures_are_compared_by_the_share_of_each_class(tmp_path) -> None:
    text = "image,class,probability,condition\na,ill,0.9,drug\nb,healthy,0.8,drug\nc,ill,0.7,no\n"
    (tmp_path / "predictions.csv").write_text(text)
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("healthy", "ill"))
    lines = conditions.of_folder(tmp_path, task)
    assert found(lines, "drug", "share ill").mean == pytest.approx(0.5)
    assert found(lines, "no", "share ill").mean == pytest.approx(1.0)


def test_a_folder_of_an_earlier_version_has_nothing_to_compare(tmp_path) -> None:
    assert conditions.of_folder(tmp_path, CELLS) == []


def sized(*sizes_um: str) -> list[dict[str, str]]:
    """Return the lines with the size of each image's pixels, and areas in µm² where it is told."""
    return [
        each
        | {
            "pixel_size_um": size_um,
            "mean area_um2": str(float(each["mean area_px"]) * float(size_um) ** 2)
            if size_um and each["mean area_px"]
            else "",
        }
        for each, size_um in zip(LINES, sizes_um, strict=True)
    ]


@pytest.mark.parametrize(
    ("sizes_um", "areas", "told"),
    [
        (("", "", "", ""), {"mean area_px"}, ""),
        (("0.5", "0.5", "0.5", "0.5"), {"mean area_px", "mean area_um2"}, ""),
        (("0.5", "0.5", "0.5", "0.25"), {"mean area_um2"}, "in µm² alone"),
        (("0.5", "0.5", "0.5", ""), set(), "known of 3 of 4 images"),
    ],
)
def test_areas_are_compared_only_where_pixels_are_alike_or_all_known(
    tmp_path, sizes_um: tuple[str, ...], areas: set[str], told: str
) -> None:
    """Pixels of a fine and of a coarse objective were averaged as if they were one unit."""
    lines = sized(*sizes_um)
    compared = {each.figure for each in conditions.compare(lines, "condition")}
    assert compared == {"objects", "covered", *areas}
    assert conditions.choices(lines) == ["condition"], "what is not compared is no condition"
    assert told in conditions.of_areas(lines)
    assert bool(told) == bool(conditions.of_areas(lines))
    path = conditions.write(lines, tmp_path)
    assert path is not None
    with path.open(newline="") as file:
        assert {row["figure"] for row in csv.DictReader(file)} == compared


def test_areas_in_um2_are_those_of_each_images_own_pixels() -> None:
    lines = sized("1", "1", "1", "0.5")
    assert found(lines, "drug", "mean area_um2").mean == pytest.approx(65.0)
    assert found(lines, "control", "mean area_um2").mean == pytest.approx(90.0 / 4)


def test_nothing_is_told_of_areas_where_there_are_none() -> None:
    assert conditions.of_areas([]) == ""
    assert conditions.of_areas([{"image": "a", "pixel_size_um": "1"}, {"image": "b"}]) == ""

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

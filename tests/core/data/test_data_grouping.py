"""Groups and conditions from file names and sheets."""

import datetime
import json
from dataclasses import replace

import openpyxl
import pytest

from core import workflow
from core.cli import main
from core.data import grouping, naming, study
from core.errors import TableError
from core.records import Grouping, ImageRecord, Split

NAMES = [
    f"D{donor}_{treatment}_2026010{donor}_img{number}"
    for donor in (1, 2, 3)
    for treatment in ("ctrl", "drug")
    for number in (1, 2)
]


def picture(name, **told):
    return ImageRecord(
        id=name, file=f"{name}.tif", original_name=f"{name}.tif", sha256=name,
        shape_cyx=(1, 8, 8), dtype="uint8", **told,
    )  # fmt: skip


@pytest.fixture
def study_dir(workspace):
    """Return a study of twelve images whose names tell donor, treatment and date."""
    made = study.create(workspace, "hearts")
    pictures = tuple(map(picture, NAMES))
    study.update(made, lambda record: _with(record, images=pictures))
    return made


def _with(record, **changes):
    return replace(record, **changes)


@pytest.mark.parametrize(
    ("pattern", "name", "told"),
    [
        ("{donor}_{dose}", "A_10uM", {"donor": "A", "dose": "10uM"}),
        ("{donor}_{dose}", "A_10uM_x", None),
        ("{donor}_{dose}_{*}", "A_10uM_x_y", {"donor": "A", "dose": "10uM"}),
        ("{*}_{well}", "plate_7_B02", {"well": "B02"}),
        ("{*}_{well}_s{site}_{*}", "p1_B02_s3_w1", {"well": "B02", "site": "3"}),
        ("r{row}c{column}", "r01c12", {"row": "01", "column": "12"}),
        ("{donor} day {day}", "Anna  day 3", {"donor": "Anna", "day": "3"}),
        ("({a}).*[{b}]", "(x).*[y]", {"a": "x", "b": "y"}),
        ("({a}).*[{b}]", "(x)zzy", None),
    ],
)
def test_a_pattern_is_text_with_named_parts_and_nothing_else(pattern, name, told):
    assert naming.pattern(pattern).told_by(name) == told


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{a}{b}", "side by side"),
        ("{a", "bracket without its partner"),
        ("{a}_{a}", "two parts called"),
        ("abc", "names no part"),
        ("{(?P<x>.*)}", "cannot be the name"),
    ],
)
def test_a_pattern_that_is_none_is_refused_with_the_reason(pattern, why):
    with pytest.raises(TableError, match=why):
        naming.pattern(pattern)


def test_a_name_made_to_be_slow_is_answered():
    # An expression that tries every division of the name would take hours.
    pattern = naming.pattern("{*}a{x}b{*}a{y}b{*}a{z}b{*}c")
    assert pattern.told_by("ab" * 1000) is None


def test_a_word_before_numbers_tells_what_they_number():
    names = [f"animal-{animal}_{number:02d}" for animal in range(1, 7) for number in range(1, 5)]
    assert naming.suggest(names) == "animal-{animal}_{*}"
    assert naming.suggest([f"animal-{number}" for number in range(9)]) == ""


def test_names_suggest_what_their_parts_are():
    suggested = naming.suggest(NAMES)
    assert suggested == "{donor}_{treatment}_{date}_img{*}"
    fields = naming.pattern(suggested).fields
    assert naming.likely_groups(fields) == ("donor",)
    assert naming.likely_conditions(fields) == ("treatment",)


def test_wells_of_a_plate_are_seen():
    names = [
        f"IXM_{row}{at:02}_s{s}_w1{s}F{at}{row}" for row in "ABC" for at in (1, 2) for s in "12"
    ]
    assert naming.suggest(names) == "IXM_{well}_s{site}_{*}"


@pytest.mark.parametrize("names", [[], ["a"], ["a", "b", "c"], ["x1", "y_2", "z-3 4"]])
def test_names_that_tell_nothing_suggest_nothing(names):
    assert naming.suggest(names) == ""


def test_a_pattern_gives_groups_conditions_and_names_what_does_not_fit(study_dir):
    study.update(study_dir, lambda record: _with(record, images=(*record.images, picture("odd"))))
    told = grouping.by_pattern(study.load(study_dir), "{donor}_{treatment}_{date}_{*}")
    said = grouping.apply(
        study_dir, told, Grouping(group=("donor",), conditions=("treatment", "date"))
    )
    assert said == ["1 of 13 files the pattern does not fit: odd.tif"]
    record = study.load(study_dir)
    assert {image.group for image in record.images} == {"D1", "D2", "D3", None}
    assert record.image("D2_drug_20260102_img1").condition == "drug, 20260102"
    assert record.groups_known
    assert record.grouping.pattern == told.pattern


def test_another_pattern_forgets_what_the_earlier_one_told(study_dir):
    first = grouping.by_pattern(study.load(study_dir), "{donor}_{treatment}_{*}")
    grouping.apply(study_dir, first, Grouping(group=("donor",), conditions=("treatment",)))
    second = grouping.by_pattern(study.load(study_dir), "{animal}_{*}")
    grouping.apply(study_dir, second, Grouping(group=("animal",)))
    image = study.load(study_dir).images[0]
    assert image.facts == {"animal": "D1"}
    assert (image.group, image.condition) == ("D1", None)


def test_images_added_later_are_told_by_the_same_pattern(study_dir):
    told = grouping.by_pattern(study.load(study_dir), "{donor}_{treatment}_{*}")
    grouping.apply(study_dir, told, Grouping(group=("donor",), conditions=("treatment",)))
    record = study.load(study_dir)
    late = grouping.told_by_names((*record.images, picture("D9_drug_x")), record.grouping)[-1]
    assert (late.group, late.condition) == ("D9", "drug")


def test_groups_that_stood_on_one_side_of_the_split_stay_there(study_dir):
    ids = NAMES
    split = Split(
        train=tuple(ids[:6]), validation=tuple(ids[6:8]), test=tuple(ids[8:]), seed=0,
        by_group=False, groups={f"image:{i}": "train" for i in ids[:6]},
    )  # fmt: skip
    study.update(study_dir, lambda record: _with(record, split=split))
    told = grouping.by_pattern(study.load(study_dir), "{donor}_{*}")
    said = grouping.apply(study_dir, told, Grouping(group=("donor",)))
    kept = study.load(study_dir).split
    # D1 learned, D3 judged; D2's images stood on two sides.
    assert (kept.groups["D1"], kept.groups["D3"]) == ("train", "test")
    assert "D2" not in kept.groups
    assert "1 groups (D2)" in said[0]
    assert not {i for i in (*kept.train, *kept.validation) if i.startswith("D2")}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_sheet_tells_and_names_what_does_not_match(study_dir, tmp_path, kind):
    rows = [
        ["File", "Donor", "Dose", "Taken"],
        *([name, name[:2], 10.0, datetime.datetime(2026, 1, 31)] for name in NAMES[1:]),
        ["elsewhere.tif", "D7", 1, None],
    ]
    path = tmp_path / f"sheet.{kind}"
    if kind == "csv":
        days = [[str(c) if not hasattr(c, "date") else "2026-01-31" for c in r] for r in rows]
        path.write_text("\n".join(";".join(row).replace("10.0", "10") for row in days))
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    told = grouping.by_sheet(study.load(study_dir), path)
    assert told.untold == (f"{NAMES[0]}.tif",)
    assert told.unknown == ("elsewhere.tif",)
    assert told.lines[1].facts == {"donor": "D1", "dose": "10", "taken": "2026-01-31"}
    assert told.sentences() == [
        f"1 of 12 files no row names: {NAMES[0]}.tif",
        "1 rows name no image of the study: elsewhere.tif",
    ]


def test_a_workbook_that_is_none_is_named(study_dir, tmp_path):
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(TableError, match=r"sheet\.xlsx: it is no Excel workbook"):
        grouping.by_sheet(study.load(study_dir), path)


def test_a_column_nobody_told_is_refused(study_dir):
    told = grouping.by_pattern(study.load(study_dir), "{donor}_{*}")
    with pytest.raises(TableError, match="no column 'animal'; choose among donor"):
        grouping.apply(study_dir, told, Grouping(group=("animal",)))


def test_further_columns_of_an_import_table_are_kept(workspace, disc_files, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("file,group,dose\ndisc1.tif,A,3 nM\n")
    workflow.import_files(workspace, "discs", [disc_files], table=table)
    image = workflow.load_study(workspace, "discs").image("disc1")
    assert (image.group, image.facts) == ("A", {"dose": "3 nM"})


def test_the_command_suggests_shows_and_keeps(workspace, study_dir, capsys):
    words = ["groups", "hearts", "--json", "--workspace", str(workspace.root)]
    assert main([*words, "--show"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["group"], shown["conditions"]) == (["donor"], ["treatment"])
    assert not study.load(study_dir).groups_known
    assert main([*words, "--pattern", "{donor}_{*}"]) == 0
    assert json.loads(capsys.readouterr().out)["kept"]
    assert {image.group for image in study.load(study_dir).images} == {"D1", "D2", "D3"}


def test_the_pattern_of_a_study_tells_of_files_that_are_none_of_its_images():
    chosen = Grouping(
        pattern="{donor}_{treatment}_{dose}_{*}", group=("donor",), conditions=("treatment", "dose")
    )
    assert grouping.origin_of("D7_drug_5uM_img1.tif", chosen) == {
        "group": "D7", "condition": "drug, 5uM",
        "donor": "D7", "treatment": "drug", "dose": "5uM",
    }  # fmt: skip
    assert grouping.origin_of("other.tif", chosen) == {}
    assert grouping.origin_of("D7_drug_5uM_img1.tif", None) == {}

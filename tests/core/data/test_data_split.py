from dataclasses import replace

import pytest

from core.data import split
from core.errors import StudyError
from core.records import ImageRecord, Kind, StudyRecord, TaskSpec


def image(name: str, **told: str | None) -> ImageRecord:
    return ImageRecord(
        id=name,
        file=f"{name}.png",
        original_name=f"{name}.png",
        sha256=name,
        shape_cyx=(1, 64, 64),
        dtype="uint8",
        **told,
    )


def record(images: list[ImageRecord], **told: object) -> StudyRecord:
    return StudyRecord(
        name="s",
        images=tuple(images),
        groups_known=any(i.group is not None for i in images),
        **told,
    )


def made(study: StudyRecord, seed: int = 0) -> split.Split:
    return split.make(study, [i.id for i in study.images], seed)


def plain(count: int, start: int = 0) -> list[ImageRecord]:
    return [image(f"i{number:03}") for number in range(start, start + count)]


def grouped(groups: int, size: int = 4) -> list[ImageRecord]:
    return [image(f"g{g}-{i}", group=f"g{g}") for g in range(groups) for i in range(size)]


@pytest.mark.parametrize("count", [3, 4, 5, 10, 50])
def test_shares_of_single_images(count: int) -> None:
    found = made(record(plain(count)))
    assert len(found.test) == max(1, round(0.2 * count))
    assert len(found.validation) == max(1, round(0.2 * (count - len(found.test))))
    assert len(found.train) + len(found.validation) + len(found.test) == count
    assert not found.by_group


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_whole(seed: int) -> None:
    study = record(grouped(6))
    found = made(study, seed)
    assert found.by_group
    assert len(found.test) == len(found.validation) == 4
    for i in study.images:
        assert found.side(i.id) == found.groups[i.group or ""]


def test_the_seed_decides_and_the_order_does_not() -> None:
    study = record(plain(30))
    backwards = record(study.images[::-1])  # type: ignore[arg-type]
    assert made(study, 3) == made(study, 3)
    again = made(backwards, 3)
    assert (again.train, again.test) == (made(study, 3).train, made(study, 3).test)
    assert len({made(study, seed).test for seed in range(10)}) > 5


@pytest.mark.parametrize("seed", range(3))
def test_sides_are_kept_when_images_are_added(seed: int) -> None:
    before = made(record(plain(10)), seed)
    study = record(plain(40), split=before)
    after = made(study, seed + 17)
    for name in before.train + before.validation + before.test:
        assert after.side(name) == before.side(name)
    assert len(after.test) == 8
    assert len(after.validation) == 6
    groups = made(record(grouped(5)))
    later = made(record([*grouped(5), image("late", group="g1")], split=groups))
    assert later.side("late") == groups.groups["g1"]


def test_an_image_whose_labels_went_keeps_its_side() -> None:
    study = record(plain(10))
    before = made(study)
    gone = before.test[0]
    without = split.make(replace(study, split=before), [i.id for i in study.images if i.id != gone])
    assert without.side(gone) is None
    back = made(replace(study, split=without))
    assert back.side(gone) == "test"


def test_given_test_images_are_the_test_as_they_are() -> None:
    tests = [image(f"t{i}", given_split="test") for i in range(4)]
    found = made(record([*plain(10), *tests]))
    assert found.test == ("t0", "t1", "t2", "t3")
    assert len(found.validation) == 2
    assert len(found.train) == 8


def test_images_of_a_tested_group_are_not_learned_from() -> None:
    study = record([*grouped(4), image("t", group="g0", given_split="test")])
    found = made(study)
    assert found.test == ("t",)
    assert all(found.side(f"g0-{i}") is None for i in range(4))
    assert len(found.train) == 8
    assert len(found.validation) == 4


def test_two_groups_are_split_by_image() -> None:
    found = made(record(grouped(2, size=10)))
    assert not found.by_group
    assert len(found.test) == 4
    with_test = [image(f"t{i}", group="other", given_split="test") for i in range(3)]
    found = made(record([*grouped(1, size=10), *with_test]))
    assert len(found.validation) == 2
    assert len(found.test) == 3


@pytest.mark.parametrize("seed", range(5))
def test_every_class_is_learned_and_steered_by(seed: int) -> None:
    counts = {"common": 40, "some": 10, "rare": 3, "pair": 2, "one": 1}
    images = [
        image(f"{name}{i}", image_class=name)
        for name, count in counts.items()
        for i in range(count)
    ]
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=tuple(counts))
    found = made(record(images, task=task), seed)
    classes = {
        side: [name.rstrip("0123456789") for name in getattr(found, side)]
        for side in ("train", "validation", "test")
    }
    assert set(classes["train"]) == set(counts)
    assert set(classes["validation"]) == {"common", "some", "rare", "pair"}
    assert set(classes["test"]) == {"common", "some", "rare"}
    assert classes["test"].count("common") == 8
    assert classes["test"].count("some") == 2


def test_classes_mixed_in_groups_are_all_learned() -> None:
    """Every patient has most classes; one class is in two patients only."""
    images = []
    for patient in range(8):
        for name in ("a", "b", *(["c"] if patient < 2 else [])):
            images += [
                image(f"p{patient}{name}{i}", group=f"p{patient}", image_class=name)
                for i in range(3)
            ]
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("a", "b", "c"))
    for seed in range(5):
        found = made(record(images, task=task), seed)
        learned = {study_id[2] for study_id in found.train}
        assert learned == {"a", "b", "c"}
        assert "c" in {study_id[2] for study_id in found.validation}
        assert found.by_group


def test_a_group_with_most_images_is_learned_from() -> None:
    images = [*grouped(4, size=2), *(image(f"big{i}", group="big") for i in range(30))]
    for seed in range(5):
        assert made(record(images), seed).side("big0") == "train"


def test_too_few_is_said() -> None:
    with pytest.raises(StudyError, match=r"^2 annotated images are too few: annotate at least 3$"):
        made(record(plain(2)))
    with pytest.raises(StudyError, match="annotate at least 3"):
        split.make(record(plain(20)), [])
    tests = [image("t", given_split="test")]
    with pytest.raises(StudyError, match="1 annotated images beside the test images"):
        made(record([*plain(1), *tests]))
    one_side = made(record(plain(3)))
    kept = [*one_side.train, *one_side.test]
    with pytest.raises(StudyError, match="too few"):
        split.make(record(plain(3), split=one_side), kept)


def sorted_by(count: int, start: int, source: str) -> list[ImageRecord]:
    return [
        image(f"i{n:03}", image_class="ab"[n % 2], class_source=source)
        for n in range(start, start + count)
    ]


CLASSES = TaskSpec(kind=Kind.CLASSIFICATION, classes=("a", "b"))


def test_a_model_is_not_judged_by_what_another_one_proposed() -> None:
    own, proposed = sorted_by(20, 0, ""), sorted_by(200, 20, "model")
    found = made(record([*own, *proposed], task=CLASSES))
    assert {*found.test, *found.validation} < {i.id for i in own}
    assert {i.id for i in proposed} < {*found.train}
    assert (len(found.test), len(found.validation)) == (4, 4)


def test_proposed_images_of_a_judging_group_stay_outside() -> None:
    images = [
        replace(one, group=f"g{number % 5}")
        for number, one in enumerate([*sorted_by(20, 0, ""), *sorted_by(20, 20, "model")])
    ]
    found = made(record(images, task=CLASSES))
    assert found.by_group
    assert found.test
    assert all(int(i[1:]) < 20 for i in (*found.test, *found.validation))
    groups = {i.id: i.group for i in images}
    assert not {groups[i] for i in found.train} & {groups[i] for i in found.test}


def test_proposals_alone_cannot_be_judged_by() -> None:
    with pytest.raises(StudyError, match="a model proposed"):
        made(record(sorted_by(20, 0, "model"), task=CLASSES))

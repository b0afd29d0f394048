"""Who learns and who judges: made once, by group, before anything is learned."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.errors import StudyError
from core.records import ImageRecord, Kind, Split, StudyRecord

TEST_SHARE = 0.2
VALIDATION_SHARE = 0.2
"""Of the groups that are left for learning."""
# One group to learn from, one to steer by, one to judge with.
FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """What goes to one side as a whole: a group, or an image without one."""

    key: str
    images: tuple[str, ...]
    classes: Counter[str]
    """Class -> images; one nameless class unless whole images are classified."""


def make(record: StudyRecord, labelled_ids: Iterable[str], seed: int = 0) -> Split:
    """Return the split of the annotated images.

    Test: what the user brought as test, else about a fifth of the groups. Validation: about a
    fifth of the rest. Whole groups stand on one side; with fewer than three groups to choose
    from, images are split singly and `by_group` is False. Sides of `record.split` are kept.
    Where test images were brought, other images of their groups stay outside. Images whose class a
    model proposed are learned from at most: a model judged by the answers of another one would
    only tell whether the two agree.
    The same seed gives the same split, whatever the order of the images.
    Raises StudyError where too few images are annotated.
    """
    wanted = set(labelled_ids)
    images = [image for image in record.images if image.id in wanted]
    given = [image for image in images if image.given_split == "test"]
    proposed = _proposed(images, record)
    by_group = _by_group(images, bool(given))
    test_keys = {_key(image, by_group=True) for image in given}
    learning = [
        image
        for image in images
        if image.given_split != "test" and _key(image, by_group=True) not in test_keys
    ]
    _refuse_few(images, learning, bool(given))
    units = _units(learning, record, by_group=by_group)
    judging = _units([i for i in learning if i.id not in proposed], record, by_group=by_group)
    before = {} if record.split is None else record.split.groups
    sides = _assign(units, judging, before, seed, choose_test=not given)
    brought = [image.id for image in given if image.id not in proposed]
    split = Split(
        train=_ids(units, sides, "train"),
        validation=_ids(judging, sides, "validation"),
        test=tuple(sorted([*_ids(judging, sides, "test"), *brought])),
        seed=seed,
        by_group=by_group,
        groups={**before, **sides, **dict.fromkeys(test_keys, "test")},
    )
    if not split.train or not split.validation:
        raise StudyError(
            "all annotated images belong to one side of the split; annotate images of further "
            "groups, so that there is something to learn from and something to steer by"
            + (" (classes that a model proposed are learned from alone)" if proposed else "")
        )
    return split


def carried(split: Split, images: Sequence[ImageRecord]) -> tuple[Split, tuple[str, ...]]:
    """Return the split under the images' new groups, and the groups that cannot keep a side.

    A group whose images all stood on one side stays there; one whose images stood on several is
    drawn anew at the next `make`, and its images stand on no side until then.
    """
    sides: dict[str, set[str]] = {}
    for image in images:
        side = "test" if image.given_split == "test" else split.side(image.id)
        if side is not None:
            sides.setdefault(_key(image, by_group=True), set()).add(side)
    torn = {key for key, found in sides.items() if len(found) > 1}
    loose = {image.id for image in images if _key(image, by_group=True) in torn}
    single = {
        f"image:{image_id}": side
        for side in ("train", "validation", "test")
        for image_id in getattr(split, side)
        if image_id not in loose
    }
    return replace(
        split,
        train=tuple(i for i in split.train if i not in loose),
        validation=tuple(i for i in split.validation if i not in loose),
        test=tuple(i for i in split.test if i not in loose),
        groups=single | {key: next(iter(s)) for key, s in sides.items() if key not in torn},
    ), tuple(sorted(torn))


def _proposed(images: list[ImageRecord], record: StudyRecord) -> set[str]:
    """Return the images whose class nobody but a model gave."""
    by_class = record.task is not None and record.task.kind is Kind.CLASSIFICATION
    return {image.id for image in images if by_class and image.class_source == "model"}


def _by_group(images: list[ImageRecord], given: bool) -> bool:
    """Return whether there are enough groups to put each on one side."""
    learning = {_key(i, by_group=True) for i in images if i.given_split != "test"}
    known = any(image.group is not None for image in images)
    return known and len(learning) >= (FEWEST - 1 if given else FEWEST)


def _key(image: ImageRecord, *, by_group: bool) -> str:
    return image.group if by_group and image.group is not None else f"image:{image.id}"


def _refuse_few(images: list[ImageRecord], learning: list[ImageRecord], given: bool) -> None:
    needed = FEWEST - 1 if given else FEWEST
    if len(learning) >= needed:
        return
    beside = " beside the test images" if given else ""
    outside = len([i for i in images if i.given_split != "test"]) - len(learning)
    shared = f" ({outside} more share a group with test images and stay outside)" if outside else ""
    raise StudyError(
        f"{len(learning)} annotated images{beside}{shared} are too few: annotate at least {needed}"
    )


def _units(images: list[ImageRecord], record: StudyRecord, *, by_group: bool) -> list[_Unit]:
    by_class = record.task is not None and record.task.kind is Kind.CLASSIFICATION
    members: dict[str, list[ImageRecord]] = {}
    for image in images:
        members.setdefault(_key(image, by_group=by_group), []).append(image)
    return [
        _Unit(
            key=key,
            images=tuple(image.id for image in group),
            classes=Counter((image.image_class or "") if by_class else "" for image in group),
        )
        for key, group in members.items()
    ]


def _assign(
    units: list[_Unit],
    judging: list[_Unit],
    before: dict[str, str],
    seed: int,
    *,
    choose_test: bool,
) -> dict[str, str]:
    """Return unit -> side: kept where known, else test first, then validation, then train.

    `judging`: those of `units` that may be chosen to judge by, with the images that may.
    """
    sides = {unit.key: before[unit.key] for unit in units if unit.key in before}
    free = sorted(
        (unit for unit in judging if unit.key not in sides), key=lambda unit: _draw(unit, seed)
    )
    # A group with more than half of the images is needed for learning.
    most = sum(len(unit.images) for unit in units) / 2
    free.sort(key=lambda unit: len(unit.images) > most)
    if choose_test:
        taken = _choose(judging, free, sides, "test", leave=2)
        sides |= dict.fromkeys(taken, "test")
        free = [unit for unit in free if unit.key not in taken]
    rest = [unit for unit in judging if sides.get(unit.key) != "test"]
    taken = _choose(rest, free, sides, "validation", leave=1)
    sides |= dict.fromkeys(taken, "validation")
    return {unit.key: "train" for unit in units} | sides


def _choose(
    units: list[_Unit], free: list[_Unit], sides: dict[str, str], side: str, *, leave: int
) -> set[str]:
    """Return which free units go to `side`, so that each class has its share there.

    Rare classes choose first; `leave` units of every class are left for the other sides.
    """
    share = TEST_SHARE if side == "test" else VALIDATION_SHARE
    holders = Counter(name for unit in units for name in unit.classes)
    there = Counter(name for unit in units if sides.get(unit.key) == side for name in unit.classes)
    # Units that are already decided for another side than this one are left to it for good.
    left = Counter(holders)
    left.subtract(there)
    taken: set[str] = set()
    for name in sorted(holders, key=lambda name: (holders[name], name)):
        want = max(1, round(share * holders[name])) if holders[name] > leave else 0
        for unit in free:
            if there[name] >= want:
                break
            spare = all(left[other] > leave for other in unit.classes)
            if unit.key not in taken and name in unit.classes and spare:
                taken.add(unit.key)
                there.update(unit.classes.keys())
                left.subtract(unit.classes.keys())
    if not there and len(units) > leave and free:
        # Every unit holds a class that nobody else has: an empty side would be worse.
        taken.add(free[0].key)
    return taken


def _draw(unit: _Unit, seed: int) -> str:
    """Return the unit's place in the draw; it does not depend on which others there are."""
    return hashlib.sha256(f"{seed}:{unit.key}".encode()).hexdigest()


def _ids(units: list[_Unit], sides: dict[str, str], side: str) -> tuple[str, ...]:
    return tuple(sorted(i for unit in units if sides[unit.key] == side for i in unit.images))

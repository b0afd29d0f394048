"""A script plays a person who labels images with clicks and scribbles; its actions are counted.

    python tests/benchmarks/annotation_effort.py [DATA_SET ...] [--images 6] [--seed 0] [--json]

One action is one press and release of the mouse: a click, a stroke of the brush, a drag of a box,
a button. Measured against the corners of the smallest polygons that reach IoU 0.9 an object (one
corner, one action). The person stops as soon as AP at IoU 0.5 is 0.9 or more and the mean IoU of
the matched objects 0.85 or more; what the tools cannot do, the person does corner by corner. The
truth is used for one thing: to know where a person who sees the picture would act.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.annotate import edits, lessons, outlines, scribbles
from core.data import readers
from core.evaluate.matching import Matches, match

SETS = ("bbbc039_u2os", "dsb2018_cytology", "dsb2018_histology")
GOOD_AP, GOOD_IOU, POLYGON_IOU = 0.9, 0.85, 0.9
# So far a point of a stroke is from where the hand meant it.
_SHAKE_PX = 0.5
_MOST_STROKES = 12
# Then the object is drawn anew, corner by corner.
_MOST_RETOUCHES = 4
# Another stroke must bring so much, or the person goes over to single objects.
_WORTH_A_STROKE = 0.02
Ids = NDArray[np.int32]


@dataclass(kw_only=True)
class Effort:
    """What one image took."""

    image: str
    objects: int
    corners: int
    strokes: int = 0
    boxes: int = 0
    steps: int = 0
    deletions: int = 0
    retouches: int = 0
    corners_by_hand: int = 0
    ap_after_strokes: float = 0.0
    ap: float = 0.0
    iou: float = 0.0
    slowest_s: dict[str, float] = field(default_factory=dict)

    @property
    def actions(self) -> int:
        """Return all of them, the buttons that propose the rest and accept it among them."""
        single = self.boxes + self.steps + self.deletions + self.retouches + self.corners_by_hand
        return 2 + self.strokes + single


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Helped:
    """What helps a box to its outline."""

    inside_yx: NDArray[np.float32]
    """How likely each pixel is an object's, as strokes and earlier images taught."""
    outliner: outlines.Outliner | None
    """What the objects of earlier images taught of boxes."""


def standing(truth: Ids, drawn: Ids) -> tuple[float, float]:
    """Return AP at IoU 0.5 and the mean IoU of the matched objects."""
    found = match(truth, drawn, 0.5)
    total = found.true_positives + found.false_positives + found.false_negatives
    iou = float(found.iou.mean()) if len(found.iou) else 0.0
    return (found.true_positives / total if total else 1.0), iou


def smallest_polygon(mask: NDArray[np.bool_]) -> tuple[int, NDArray[np.bool_]]:
    """Return the fewest corners of a polygon that reaches IoU 0.9 with the object, and its inside.

    Corners lie at equal stretches of the outline or where Douglas and Peucker put them, each
    pushed out from the centre by up to a quarter: a polygon through the outline is too small.
    """
    from skimage.draw import polygon2mask
    from skimage.measure import approximate_polygon, find_contours

    padded = np.pad(mask, 3)
    outline = max(find_contours(padded.astype(np.float32), 0.5), key=len)[:-1]
    centre = outline.mean(axis=0)
    chosen = {
        len(each) - 1: each[:-1]
        for each in (
            approximate_polygon(np.vstack([outline, outline[:1]]), tolerance)
            for tolerance in np.geomspace(0.5, max(mask.shape), 14)
        )
        if len(each) > 3
    }
    for count in range(3, len(outline)):
        starts = np.linspace(0, len(outline) / count, 3, endpoint=False)
        spread = np.arange(count) * len(outline) / count
        tries = [outline[np.round(s + spread).astype(int) % len(outline)] for s in starts]
        for corners in [*tries, *([chosen[count]] if count in chosen else [])]:
            for push in (1.0, 1.06, 1.12, 1.18, 1.25):
                drawn = polygon2mask(padded.shape, centre + (corners - centre) * push)
                if (drawn & padded).sum() >= POLYGON_IOU * (drawn | padded).sum():
                    return count, drawn[3:-3, 3:-3]
    return len(outline), mask


Earlier = list[tuple[lessons.Lesson, outlines.Examples | None]]
"""What images that are done teach; the study's next image starts there, as on the page."""


def play(
    name: str, image_cyx: NDArray[np.generic], truth: Ids, seed: int, earlier: Earlier
) -> Effort:
    """Return what it took to label one image, and remember its labels."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    boxes = ndimage.find_objects(truth)
    ids = [i for i in range(1, len(boxes) + 1) if boxes[i - 1] is not None]
    corners = sum(smallest_polygon(truth[boxes[i - 1]] == i)[0] for i in ids)
    effort = Effort(image=name, objects=len(ids), corners=corners)
    inside, drawn = _scribble(image_cyx, truth, effort, (rng, earlier))
    effort.ap_after_strokes = standing(truth, drawn)[0]
    found = match(truth, drawn, 0.5)
    _, strays = _missed_and_strays(truth, drawn, found)
    if len(strays) > len(found.pairs):
        # More to delete than to keep: a person takes it back at once.
        drawn[:] = 0
        effort.deletions = 1
    taught = [boxes for _, boxes in earlier if boxes is not None]
    helped = Helped(inside_yx=inside, outliner=outlines.learn(taught))
    _correct(image_cyx, truth, drawn, (helped, effort, rng))
    effort.ap, effort.iou = standing(truth, drawn)
    known = np.where(drawn > 0, scribbles.INSIDE, scribbles.BEHIND).astype(np.int32)
    lesson = lessons.draw(image_cyx, known)
    if lesson is not None:
        earlier.append((lesson, lessons.boxes(image_cyx, known, drawn)))
    del earlier[: -lessons.MOST_IMAGES]
    return effort


def _scribble(
    image_cyx: NDArray[np.generic],
    truth: Ids,
    effort: Effort,
    rest: tuple[np.random.Generator, Earlier],
) -> tuple[NDArray[np.float32], Ids]:
    """Draw strokes as long as they help; return probabilities and objects of the best state."""
    rng, earlier = rest
    start = time.perf_counter()
    table = scribbles.features(image_cyx)
    took_features = time.perf_counter() - start
    strokes = np.full(truth.shape, scribbles.UNKNOWN, np.int32)
    areas = np.bincount(truth.ravel())[1:]
    brightness = image_cyx.astype(np.float32).mean(axis=0)
    ranked = sorted(
        (i for i in range(1, len(areas) + 1) if areas[i - 1]),
        key=lambda i: float(brightness[truth == i].mean()),
    )
    if not earlier:
        for share in (0.2, 0.8):
            _stroke_in(strokes, truth == ranked[int(share * (len(ranked) - 1))], scribbles.INSIDE)
        for _ in range(2):
            _stroke_between(strokes, truth, rng)
        effort.strokes = 4
    best: tuple[float, NDArray[np.float32], Ids] | None = None
    idle = 0
    while True:
        start = time.perf_counter()
        learned = scribbles.learn(
            [table, *(each.table for each, _ in earlier)],
            [strokes, *(each.known for each, _ in earlier)],
        )
        inside = learned.probabilities(table)[scribbles.INSIDE]
        drawn = scribbles.objects(inside)
        took = time.perf_counter() - start
        effort.slowest_s["strokes"] = max(effort.slowest_s.get("strokes", 0), took + took_features)
        ap, iou = standing(truth, drawn)
        gained = best is None or ap + iou / 10 > best[0] + _WORTH_A_STROKE
        idle = 0 if gained else idle + 1
        if best is None or ap + iou / 10 > best[0]:
            best = (ap + iou / 10, inside, drawn)
        # A person sees that hardly anything is left to improve by strokes.
        if (ap >= GOOD_AP and iou >= GOOD_IOU) or effort.strokes >= _MOST_STROKES or idle >= 1:
            return best[1], best[2]
        _stroke_where_wrong(strokes, truth, inside)
        effort.strokes += 1


def _stroke_in(strokes: Ids, mask: NDArray[np.bool_], value: int) -> None:
    """Draw a stroke as a hand would: through the middle of a region, a few pixels wide."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    rows, columns = np.nonzero(mask)
    points = np.stack([rows, columns], axis=1).astype(float)
    centre = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - centre, full_matrices=False)
    along = (points - centre) @ axes[0]
    core = (np.abs((points - centre) @ axes[1]) <= 2) & (np.abs(along) <= 0.7 * np.abs(along).max())
    deep = depth[rows, columns] >= min(2.0, depth.max())
    chosen = core & deep if (core & deep).any() else depth[rows, columns] == depth.max()
    strokes[rows[chosen], columns[chosen]] = value


def _stroke_between(strokes: Ids, truth: Ids, rng: np.random.Generator) -> None:
    """Draw a long straight stroke of three pixels' width that meets no object."""
    from scipy import ndimage
    from skimage.draw import line

    free = ndimage.distance_transform_edt(truth == 0) > 2.5
    best: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None
    for _ in range(60):
        ends = [rng.integers(0, side, 2) for side in truth.shape]
        rows, columns = line(ends[0][0], ends[1][0], ends[0][1], ends[1][1])
        runs = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(free[rows, columns])) + 1)
        run = max((r for r in runs if free[rows[r[0]], columns[r[0]]]), key=len, default=None)
        if run is not None and (best is None or len(run) > len(best[0])):
            best = rows[run], columns[run]
    if best is not None:
        wide = np.zeros(truth.shape, bool)
        wide[best] = True
        strokes[ndimage.binary_dilation(wide) & free] = scribbles.BEHIND


def _stroke_where_wrong(strokes: Ids, truth: Ids, inside: NDArray[np.float32]) -> None:
    """Draw a stroke into the deepest region that is taken for the other class."""
    from scipy import ndimage

    found = []
    for wrong, value in (
        ((truth > 0) & (inside < 0.5), scribbles.INSIDE),
        ((truth == 0) & (inside >= 0.5), scribbles.BEHIND),
    ):
        regions, count = ndimage.label(wrong & (strokes < 0))
        if not count:
            continue
        depth = ndimage.distance_transform_edt(regions > 0)
        volume = ndimage.sum_labels(depth, regions, np.arange(1, count + 1))
        found.append((float(volume.max()), regions == 1 + int(volume.argmax()), value))
    if found:
        _, region, value = max(found, key=lambda each: each[0])
        _stroke_in(strokes, region, value)


def _correct(
    image_cyx: NDArray[np.generic],
    truth: Ids,
    drawn: Ids,
    rest: tuple[Helped, Effort, np.random.Generator],
) -> None:
    """Act on the worst object, one after the other, until the labels are good."""
    from scipy import ndimage

    helped, effort, rng = rest
    boxes = ndimage.find_objects(truth)
    # The brush is chosen once: a quarter of what most objects measure.
    width_px = max(2.0, float(np.sqrt(np.median(np.bincount(truth[truth > 0])[1:]))) / 4)
    boxed: set[int] = set()
    retouched: Counter[int] = Counter()
    while True:
        found = match(truth, drawn, 0.5)
        ap, iou = standing(truth, drawn)
        if ap >= GOOD_AP and iou >= GOOD_IOU:
            return
        missed, strays = _missed_and_strays(truth, drawn, found)
        if ap < GOOD_AP and missed - boxed:
            worst = max(missed - boxed, key=lambda i: int((truth == i).sum()))
        elif ap < GOOD_AP and strays:
            drawn[drawn == strays.pop()] = 0
            effort.deletions += 1
            continue
        elif ap < GOOD_AP:
            worst = max(missed, key=lambda i: int((truth == i).sum()))
        else:
            rated = zip(found.iou.tolist(), found.pairs[:, 0].tolist(), strict=True)
            worst = min(each for each in rated if retouched[each[1]] < _MOST_RETOUCHES)[1]
        mask = truth == worst
        if worst not in boxed:
            boxed.add(worst)
            _draw_one(image_cyx, mask, boxes[worst - 1], drawn, (helped, effort, rng))
            continue
        under = np.bincount(drawn[mask])
        own = int(under[1:].argmax()) + 1 if under[1:].any() else 0
        retouched[worst] += 1
        if not own or retouched[worst] >= _MOST_RETOUCHES:
            _by_hand(mask, boxes[worst - 1], drawn, effort)
            retouched[worst] = _MOST_RETOUCHES
        else:
            _retouch(mask, own, drawn, width_px, rng)
            effort.retouches += 1


def _missed_and_strays(truth: Ids, drawn: Ids, found: Matches) -> tuple[set[int], set[int]]:
    """Return true objects nobody drew, and drawn ones to be deleted: they hide no missed one."""
    missed = set(found.true_ids.tolist()) - set(found.pairs[:, 0].tolist())
    strays = set(found.predicted_ids.tolist()) - set(found.pairs[:, 1].tolist())
    return missed, {i for i in strays if not _is_needed(truth, drawn == i, missed)}


def _is_needed(truth: Ids, mask: NDArray[np.bool_], missed: set[int]) -> bool:
    """Return whether a missed object lies under the stray one: drawing that cures both."""
    under = truth[mask]
    return bool(np.isin(under, list(missed)).mean() > 0.5)


def _draw_one(
    image_cyx: NDArray[np.generic],
    mask: NDArray[np.bool_],
    box: tuple[slice, slice],
    drawn: Ids,
    rest: tuple[Helped, Effort, np.random.Generator],
) -> None:
    """Drag a box around one object, and make it grow or shrink where that helps much."""
    helped, effort, rng = rest
    rough = outlines.trembled(box, rng)
    start = time.perf_counter()
    told = outlines.in_box(image_cyx, rough, outliner=helped.outliner, inside_yx=helped.inside_yx)
    took = time.perf_counter() - start
    effort.slowest_s["click"] = max(effort.slowest_s.get("click", 0), took)
    effort.boxes += 1
    reached = _iou(told.placed(mask.shape), mask)
    for step in (1, -1):
        other = told.stepped(step)
        better = _iou(other.placed(mask.shape), mask)
        if reached < 0.75 and better > reached + 0.05:
            told, reached = other, better
            effort.steps += 1
    _paint(told.placed(mask.shape), drawn)


def _retouch(
    mask: NDArray[np.bool_], own: int, drawn: Ids, width_px: float, rng: np.random.Generator
) -> None:
    """Draw one stroke of the brush, or of the eraser, over the largest error of an object.

    The hand keeps the brush's rim off what is right already as far as there is room, and trembles.
    """
    from scipy import ndimage

    missing, surplus = mask & (drawn != own), (drawn == own) & ~mask
    pieces = []
    for wrong in (missing, surplus):
        regions, count = ndimage.label(wrong)
        sizes = np.bincount(regions.ravel(), minlength=count + 1)[1:]
        largest = int(sizes.argmax()) + 1 if count else 0
        pieces.append((int(sizes.max(initial=0)), regions == largest))
    adds = pieces[0][0] >= pieces[1][0]
    region = pieces[0 if adds else 1][1]
    depth = ndimage.distance_transform_edt(mask if adds else ~mask)
    rows, columns = np.nonzero(depth >= min(width_px / 2, depth[region].max()))
    places = np.stack([rows, columns], axis=1).astype(float)
    points = np.argwhere(region).astype(float)
    centre = points.mean(axis=0)
    along = (points - centre) @ np.linalg.svd(points - centre, full_matrices=False)[2][0]
    path = []
    for share in (0.1, 0.5, 0.9):
        at = points[np.abs(along - np.quantile(along, share)) <= 1.0].mean(axis=0)
        row, column = places[((places - at) ** 2).sum(axis=1).argmin()]
        path.append((column + rng.normal(0, _SHAKE_PX), row + rng.normal(0, _SHAKE_PX)))
    under = edits.stroke(mask.shape, path, width_px)
    if adds:
        drawn[under] = own
    else:
        drawn[under] = 0


def _by_hand(mask: NDArray[np.bool_], box: tuple[slice, slice], drawn: Ids, effort: Effort) -> None:
    """Draw one object corner by corner."""
    count, inside = smallest_polygon(mask[box])
    effort.corners_by_hand += count
    painted = np.zeros_like(mask)
    painted[box] = inside
    _paint(painted, drawn)


def _paint(painted: NDArray[np.bool_], drawn: Ids) -> None:
    before = np.bincount(drawn[painted], minlength=int(drawn.max()) + 1)
    whole = np.bincount(drawn.ravel())
    # What is mostly under the new outline was meant to be it.
    gone = [i for i in np.flatnonzero(before) if i and before[i] > 0.5 * whole[i]]
    drawn[np.isin(drawn, gone)] = 0
    drawn[painted] = int(drawn.max()) + 1


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _images(folder: Path, count: int) -> list[tuple[str, Path, Path]]:
    """Return images evenly over the set, so that no kind of picture is left out."""
    masks = {path.stem: path for path in sorted((folder / "masks").iterdir())}
    paths = [path for path in sorted((folder / "images").iterdir()) if path.stem in masks]
    step = max(1, len(paths) // count)
    return [(path.stem, path, masks[path.stem]) for path in paths[::step][:count]]


def main() -> int:
    """Print a line an image and one a data set; return 1 where five times was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    data = Path(os.environ["AIXCELL_DATA"])
    missed = False
    for name in args.sets:
        efforts: list[Effort] = []
        earlier: Earlier = []
        for at, (stem, image, mask) in enumerate(_images(data / name, args.images)):
            truth = readers.read(mask, indices=True).image_cyx[0].astype(np.int32)
            if not truth.any():
                continue
            effort = play(stem, readers.read(image).image_cyx, truth, args.seed + at, earlier)
            efforts.append(effort)
            line = {**asdict(effort), "actions": effort.actions}
            print(json.dumps(line) if args.json else line, flush=True)
        ratio = sum(e.corners for e in efforts) / sum(e.actions for e in efforts)
        worst = min(e.corners / e.actions for e in efforts)
        missed |= ratio < 5
        print(
            f"{name}: {len(efforts)} images, {sum(e.objects for e in efforts)} objects, "
            f"{sum(e.corners for e in efforts)} corners, "
            f"{sum(e.actions for e in efforts)} actions: "
            f"{ratio:.1f} times fewer (worst image {worst:.1f}); AP after strokes "
            f"{statistics.mean(e.ap_after_strokes for e in efforts):.2f}, "
            f"at the end {statistics.mean(e.ap for e in efforts):.2f}, "
            f"IoU {statistics.mean(e.iou for e in efforts):.2f}",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

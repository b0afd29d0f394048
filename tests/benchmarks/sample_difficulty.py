"""How far one gets on the sample study without learning.

uv run python tests/benchmarks/sample_difficulty.py
"""

import time

import numpy as np
from scipy.ndimage import center_of_mass, gaussian_filter, label
from skimage.filters import threshold_otsu

from core.data import truth
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.samples import Sample
from core.data.simulate import SimulatedPicture, pictures
from core.evaluate import baselines, score
from core.records import Kind, Score, TaskSpec

TASK = TaskSpec(kind=Kind.INSTANCE, classes=("mononuclear", "binuclear"))
# Blobs below this are noise; nuclei have 180 pixels and more.
SMALLEST_BLOB_PX = 15


def sample_of(picture: SimulatedPicture) -> Sample:
    """Return the picture as a sample of a study."""
    objects = tuple(
        LabelObject(id=index, class_name=name, source="simulated")
        for index, name in sorted(picture.classes.items())
    )
    labels = Labels(
        layers={MAIN: picture.labels_yx},
        annotated_yx=np.ones(picture.labels_yx.shape, bool),
        objects=objects,
    )
    return Sample(id=picture.name, image_cyx=picture.image_cyx, labels=labels, group=picture.animal)


def threshold_score(shown: list[SimulatedPicture], seconds: float = 120) -> Score:
    """Return the score of Otsu + watershed on the test animals."""
    learn = [sample_of(one) for one in shown if not one.split]
    test = [sample_of(one) for one in shown if one.split]
    _, answers = baselines.run(TASK, learn, test, seconds=seconds)
    truths = [truth.of(sample, TASK) for sample in test]
    return score.of(TASK, truths, answers, ids=[sample.id for sample in test])


def counting_accuracy(shown: list[SimulatedPicture]) -> float:
    """Return how often the number of bright blobs tells a cell's class, outlines being known."""
    right = [
        (count > 1) == (picture.classes[index] == "binuclear")
        for picture in shown
        for index, count in blobs(picture).items()
    ]
    return float(np.mean(right))


def blobs(picture: SimulatedPicture) -> dict[int, int]:
    """Return cell -> number of bright blobs of the nuclei channel whose centre lies in it."""
    plane = gaussian_filter(picture.image_cyx[0].astype(np.float32), 1)
    parts, count = label(plane > threshold_otsu(plane))
    area = np.bincount(parts.ravel(), minlength=count + 1)
    kept = [index for index in range(1, count + 1) if area[index] >= SMALLEST_BLOB_PX]
    counts = dict.fromkeys(picture.classes, 0)
    for y, x in center_of_mass(parts > 0, parts, kept):
        cell = int(picture.labels_yx[round(y), round(x)])
        if cell:
            counts[cell] += 1
    return counts


if __name__ == "__main__":
    start = time.perf_counter()
    everything = list(pictures())
    took = (time.perf_counter() - start) / len(everything)
    cells = [name for picture in everything for name in picture.classes.values()]
    print(f"{len(everything)} pictures, {took:.2f} s each")
    print(f"{len(cells) / len(everything):.1f} cells a picture")
    print(f"{cells.count('binuclear') / len(cells):.3f} of them binuclear")
    print(f"counting blobs in true outlines: class accuracy {counting_accuracy(everything):.3f}")
    rival = threshold_score(everything)
    print(f"Otsu + watershed on the test animals: AP at IoU 0.5 {rival.headline:.3f}")

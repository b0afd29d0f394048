"""What a report says beside its figures."""

import numpy as np

from core.data import truth
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.samples import Sample
from core.records import Kind, TaskSpec
from core.train import reporting
from core.train.images import Images

TASK = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))


def judged(*sources: str) -> Images:
    """Return one test image with an object of each source."""
    ids = np.zeros((8, 8), np.int32)
    for at in range(1, len(sources) + 1):
        ids[at, 1:3] = at
    objects = tuple(
        LabelObject(id=at, class_name="cell", source=source)
        for at, source in enumerate(sources, start=1)
    )
    labels = Labels(layers={MAIN: ids}, annotated_yx=np.ones(ids.shape, bool), objects=objects)
    sample = Sample(id="a", image_cyx=np.zeros((1, 8, 8), np.uint8), labels=labels)
    return Images([sample], [truth.of(sample, TASK)])


def test_truth_that_a_model_proposed_is_told() -> None:
    """A model was judged by what another one had proposed, and the report said nothing of it."""
    told = " ".join(reporting._notes(None, judged("hand", "model", "model", "import")))
    assert "50% of what is marked" in told
    assert "proposed" not in " ".join(reporting._notes(None, judged("hand", "import")))

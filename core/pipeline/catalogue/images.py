"""Pipelines that sort whole images."""

from dataclasses import replace

from core.pipeline.catalogue.entry import classification
from core.records import Model, Pipeline, Preprocess, Training

# Whole images are small and classes few: larger batches, gentler steps.
_SORTING = Training(batch=16, learning_rate=5e-4)


def _image(
    name: str,
    summary: str,
    side_px: int,
    model: Model = Model(head="image"),  # noqa: B008 - frozen
    training: Training = _SORTING,
) -> Pipeline:
    return classification(name, summary, model, Preprocess(side_px=side_px), training)


PIPELINES = (
    _image("lite0-s224", "Sorts pictures at a medium size.", 224),
    _image("lite0-s128", "Sorts small pictures quickly.", 128),
    _image(
        "lite0-s224-light",
        "Varies the pictures little: for positions and colours that matter.",
        224,
        training=replace(_SORTING, augmentation="light"),
    ),
    _image(
        "lite0-s224-strong",
        "Varies the pictures strongly: for few images.",
        224,
        training=replace(_SORTING, augmentation="strong"),
    ),
    _image(
        "lite0-s224-weights",
        "Gives rare classes more weight.",
        224,
        training=replace(_SORTING, class_balance="weights"),
    ),
    _image(
        "lite0-s224-gentle",
        "Bends what it knows only slightly: for very few images.",
        224,
        training=replace(_SORTING, learning_rate=1.5e-4),
    ),
    _image(
        "lite0-s224-linear",
        "Only sorts by what a network trained on photographs sees: for very few images.",
        224,
        training=replace(_SORTING, fine_tuning="linear"),
    ),
    _image(
        "lite0-s224-after-linear",
        "Sorts by what the network sees already, then bends it: for few images.",
        224,
        training=replace(_SORTING, fine_tuning="after_linear", learning_rate=2.5e-4),
    ),
    _image(
        "lite0-s128-after-linear",
        "The same for small pictures, of which more are seen in the same time.",
        128,
        training=replace(_SORTING, fine_tuning="after_linear", learning_rate=2.5e-4),
    ),
    _image(
        "lite0-s224-tiles",
        "Shows rare classes as often as frequent ones.",
        224,
        training=replace(_SORTING, class_balance="tiles"),
    ),
    _image("lite0-s320", "Sorts large pictures with fine detail.", 320),
    _image(
        "lite1-s224",
        "A somewhat larger network.",
        224,
        Model(head="image", encoder="efficientnet_lite1"),
    ),
    _image(
        "lite2-s256",
        "A larger network for longer trainings.",
        256,
        Model(head="image", encoder="efficientnet_lite2"),
    ),
    _image(
        "resnet18-s128-random",
        "Starts from nothing: for pictures unlike any photograph, and plenty of them.",
        128,
        Model(head="image", encoder="resnet18", weights="random"),
    ),
)

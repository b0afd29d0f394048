"""The pool of pipelines that AutoKonfig chooses from.

They differ on what depends on the data: the working size of objects, the head, normalisation,
strength of augmentation, class balance, and how large a network the minutes allow. A name tells
architecture, encoder, head, and what departs from the plain one (`d32`: objects brought to a
diameter of 32 px; `s224`: the longer side brought to 224 px).
"""

from dataclasses import replace
from functools import partial

from core.errors import PlanError
from core.records import Kind, Model, Pipeline, Preprocess, Training

# A U-Net decoder of half the usual width takes a fifth less time a step on two cores.
SLIM = (128, 64, 32, 16, 16)


def for_kind(kind: Kind) -> dict[str, Pipeline]:
    """Return the pool's pipelines for a kind of task, by name."""
    return {name: pipeline for name, pipeline in POOL.items() if kind in pipeline.kinds}


def find(name: str) -> Pipeline:
    """Return the pipeline of this name; PlanError lists the choices."""
    if name not in POOL:
        raise PlanError(f"unknown pipeline {name!r}; choose from {', '.join(POOL)}")
    return POOL[name]


def _pipeline(
    kind: Kind,
    name: str,
    summary: str,
    model: Model,
    preprocess: Preprocess = Preprocess(),  # noqa: B008 - frozen
    training: Training = Training(),  # noqa: B008 - frozen
) -> Pipeline:
    return Pipeline(
        name=name,
        kinds=(kind,),
        summary=summary,
        model=model,
        preprocess=preprocess,
        training=training,
    )


_instance = partial(_pipeline, Kind.INSTANCE)
_semantic = partial(_pipeline, Kind.SEMANTIC)

# Whole images are small and classes few: larger batches, gentler steps.
_SORTING = Training(batch=16, learning_rate=5e-4)


def _image(
    name: str,
    summary: str,
    side_px: int,
    model: Model = Model(head="image"),  # noqa: B008 - frozen
    training: Training = _SORTING,
) -> Pipeline:
    return _pipeline(
        Kind.CLASSIFICATION, name, summary, model, Preprocess(side_px=side_px), training
    )


# The first of each kind is what a library without any run advises: it fits the widest range.
_OBJECTS = (
    _instance(
        "unet-lite0-distance-d32",
        "Finds objects by how deep inside them a pixel lies; brings them to one size first.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(object_diameter_px=32),
    ),
    _instance(
        "unet-lite0-distance",
        "Like the first one, in the pictures' own size.",
        Model(head="distance", decoder_channels=SLIM),
    ),
    _instance(
        "unet-lite0-boundary",
        "Learns the border between neighbours as a class of its own; keeps the pictures' size.",
        Model(head="boundary", decoder_channels=SLIM),
    ),
    _instance(
        "unet-lite0-boundary-d32",
        "Learns borders, with objects brought to a diameter of 32 pixels first.",
        Model(head="boundary", decoder_channels=SLIM),
        Preprocess(object_diameter_px=32),
    ),
    _instance(
        "unet-lite0-distance-d20",
        "Works on small pictures: more of them are seen in the same time.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(object_diameter_px=20),
    ),
    _instance(
        "linknet-lite0-distance",
        "A lighter network that sees more pictures in the same time.",
        Model(head="distance", architecture="linknet"),
    ),
    _instance(
        "linknet-lite0-distance-d32",
        "A lighter network, with objects brought to a diameter of 32 pixels first.",
        Model(head="distance", architecture="linknet"),
        Preprocess(object_diameter_px=32),
    ),
    _instance(
        "fpn-lite0-distance",
        "Combines coarse and fine views; good at objects of very different sizes.",
        Model(head="distance", architecture="fpn"),
    ),
    _instance(
        "unet-lite0-distance-strong",
        "Varies the pictures strongly while learning: for few images.",
        Model(head="distance", decoder_channels=SLIM),
        training=Training(augmentation="strong"),
    ),
    _instance(
        "unet-lite0-distance-clahe",
        "Evens out uneven light before anything else.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(normalisation="clahe"),
    ),
    _instance(
        "unet-lite2-distance",
        "A larger network for longer trainings.",
        Model(head="distance", encoder="efficientnet_lite2"),
    ),
    _instance(
        "unet-resnet18-distance-random",
        "Starts from nothing: for pictures unlike any photograph, and plenty of them.",
        Model(head="distance", encoder="resnet18", weights="random"),
    ),
)

_PIXELS = (
    _semantic(
        "unet-lite0",
        "Colours every pixel; a small network that learns quickly.",
        Model(head="semantic", decoder_channels=SLIM),
    ),
    _semantic(
        "unet-lite0-wide",
        "A wider decoder for fine structures.",
        Model(head="semantic"),
    ),
    _semantic(
        "unet-lite0-weights",
        "Gives rare classes more weight.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(class_balance="weights"),
    ),
    _semantic(
        "unet-lite0-focal",
        "Turns its attention to the pixels it still gets wrong.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(loss="dice_focal"),
    ),
    _semantic(
        "unet-lite0-strong",
        "Varies the pictures strongly while learning: for few images.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(augmentation="strong"),
    ),
    _semantic(
        "unet-lite0-clahe",
        "Evens out uneven light before anything else.",
        Model(head="semantic", decoder_channels=SLIM),
        Preprocess(normalisation="clahe"),
    ),
    _semantic(
        "linknet-lite0",
        "A lighter network that sees more pictures in the same time.",
        Model(head="semantic", architecture="linknet"),
    ),
    _semantic(
        "fpn-lite0",
        "Combines coarse and fine views of the picture.",
        Model(head="semantic", architecture="fpn"),
    ),
    _semantic(
        "unet-lite2",
        "A larger network for longer trainings.",
        Model(head="semantic", encoder="efficientnet_lite2"),
    ),
    _semantic(
        "unet-resnet18-random",
        "Starts from nothing: for pictures unlike any photograph, and plenty of them.",
        Model(head="semantic", encoder="resnet18", weights="random"),
    ),
)

_IMAGES = (
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

POOL: dict[str, Pipeline] = {
    pipeline.name: pipeline for pipeline in (*_OBJECTS, *_PIXELS, *_IMAGES)
}

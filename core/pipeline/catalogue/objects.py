"""Pipelines that find objects."""

from core.pipeline.catalogue.entry import SLIM, instance
from core.records import Model, Preprocess, Training

PIPELINES = (
    instance(
        "unet-lite0-distance-d32",
        "Finds objects by how deep inside them a pixel lies; brings them to one size first.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(object_diameter_px=32),
    ),
    instance(
        "unet-lite0-distance",
        "Like the first one, in the pictures' own size.",
        Model(head="distance", decoder_channels=SLIM),
    ),
    instance(
        "unet-lite0-boundary",
        "Learns the border between neighbours as a class of its own; keeps the pictures' size.",
        Model(head="boundary", decoder_channels=SLIM),
    ),
    instance(
        "unet-lite0-boundary-simulated",
        "Learns borders, and starts from a network that knows objects from simulated pictures.",
        Model(head="boundary", decoder_channels=SLIM, weights="simulated"),
    ),
    instance(
        "unet-lite0-distance-simulated",
        "Learns how deep inside a pixel lies, and starts with what simulated pictures taught.",
        Model(head="distance", decoder_channels=SLIM, weights="simulated"),
    ),
    instance(
        "unet-lite0-boundary-d32",
        "Learns borders, with objects brought to a diameter of 32 pixels first.",
        Model(head="boundary", decoder_channels=SLIM),
        Preprocess(object_diameter_px=32),
    ),
    instance(
        "unet-lite0-distance-d20",
        "Works on small pictures: more of them are seen in the same time.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(object_diameter_px=20),
    ),
    instance(
        "linknet-lite0-distance",
        "A lighter network that sees more pictures in the same time.",
        Model(head="distance", architecture="linknet"),
    ),
    instance(
        "linknet-lite0-distance-d32",
        "A lighter network, with objects brought to a diameter of 32 pixels first.",
        Model(head="distance", architecture="linknet"),
        Preprocess(object_diameter_px=32),
    ),
    instance(
        "fpn-lite0-distance",
        "Combines coarse and fine views; good at objects of very different sizes.",
        Model(head="distance", architecture="fpn"),
    ),
    instance(
        "unet-lite0-distance-strong",
        "Varies the pictures strongly while learning: for few images.",
        Model(head="distance", decoder_channels=SLIM),
        training=Training(augmentation="strong"),
    ),
    instance(
        "unet-lite0-distance-clahe",
        "Evens out uneven light before anything else.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(normalisation="clahe"),
    ),
    instance(
        "unet-lite0-distance-zscore",
        "Measures brightness in spreads around each picture's mean, whatever its extremes are.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(normalisation="zscore"),
    ),
    instance(
        "unet-lite0-distance-weights",
        "Gives rare classes of objects more weight.",
        Model(head="distance", decoder_channels=SLIM),
        training=Training(class_balance="weights"),
    ),
    instance(
        "unet-lite0-distance-tiles",
        "Looks at rare classes of objects far more often than they occur.",
        Model(head="distance", decoder_channels=SLIM),
        training=Training(class_balance="tiles"),
    ),
    instance(
        "unet-lite2-distance",
        "A larger network for longer trainings.",
        Model(head="distance", encoder="efficientnet_lite2"),
    ),
    instance(
        "unet-resnet18-distance-random",
        "Starts from nothing: for pictures unlike any photograph, and plenty of them.",
        Model(head="distance", encoder="resnet18", weights="random"),
    ),
    instance(
        "unet-lite0-flow",
        "Finds objects by asking every pixel where its object's centre is; for crowded objects.",
        Model(head="flow", decoder_channels=SLIM),
    ),
    instance(
        "unet-lite0-flow-d32",
        "Asks every pixel for its object's centre; brings objects to one size first.",
        Model(head="flow", decoder_channels=SLIM),
        Preprocess(object_diameter_px=32),
    ),
    instance(
        "unet-lite0-distance-borders",
        "Takes most care near outlines: for objects that touch and must be told apart.",
        Model(head="distance", decoder_channels=SLIM),
        training=Training(loss="boundary_weighted"),
    ),
    instance(
        "unet-lite0-boundary-borders",
        "Learns borders as a class and takes most care near them: for tightly packed objects.",
        Model(head="boundary", decoder_channels=SLIM),
        training=Training(loss="boundary_weighted"),
    ),
    instance(
        "unet-lite0-distance-t512",
        "Sees large pieces of the pictures at once: for objects above a hundred pixels.",
        Model(head="distance", decoder_channels=SLIM),
        Preprocess(tile_px=512),
        Training(batch=2),
    ),
)

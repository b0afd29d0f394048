"""Pipelines that colour pixels."""

from core.pipeline.catalogue.entry import SLIM, semantic
from core.records import Model, Preprocess, Training

PIPELINES = (
    semantic(
        "unet-lite0",
        "Colours every pixel; a small network that learns quickly.",
        Model(head="semantic", decoder_channels=SLIM),
    ),
    semantic(
        "unet-lite0-wide",
        "A wider decoder for fine structures.",
        Model(head="semantic"),
    ),
    semantic(
        "unet-lite0-weights",
        "Gives rare classes more weight.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(class_balance="weights"),
    ),
    semantic(
        "unet-lite0-focal",
        "Turns its attention to the pixels it still gets wrong.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(loss="dice_focal"),
    ),
    semantic(
        "unet-lite0-strong",
        "Varies the pictures strongly while learning: for few images.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(augmentation="strong"),
    ),
    semantic(
        "unet-lite0-clahe",
        "Evens out uneven light before anything else.",
        Model(head="semantic", decoder_channels=SLIM),
        Preprocess(normalisation="clahe"),
    ),
    semantic(
        "unet-lite0-zscore",
        "Measures brightness in spreads around each picture's mean, whatever its extremes are.",
        Model(head="semantic", decoder_channels=SLIM),
        Preprocess(normalisation="zscore"),
    ),
    semantic(
        "linknet-lite0",
        "A lighter network that sees more pictures in the same time.",
        Model(head="semantic", architecture="linknet"),
    ),
    semantic(
        "fpn-lite0",
        "Combines coarse and fine views of the picture.",
        Model(head="semantic", architecture="fpn"),
    ),
    semantic(
        "unet-lite2",
        "A larger network for longer trainings.",
        Model(head="semantic", encoder="efficientnet_lite2"),
    ),
    semantic(
        "unet-resnet18-random",
        "Starts from nothing: for pictures unlike any photograph, and plenty of them.",
        Model(head="semantic", encoder="resnet18", weights="random"),
    ),
    semantic(
        "unet-lite0-tiles",
        "Looks at rare classes far more often than they occur: for classes of a percent or less.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(class_balance="tiles"),
    ),
    semantic(
        "unet-lite0-tversky",
        "Would rather mark too much than miss something: for thin or faint structures.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(loss="tversky_ce"),
    ),
    semantic(
        "unet-lite0-tiles-tversky",
        "Looks for rare classes and would rather mark too much than miss them.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(loss="tversky_ce", class_balance="tiles"),
    ),
    semantic(
        "unet-lite0-borders",
        "Takes most care near outlines: for thin walls and neighbouring regions.",
        Model(head="semantic", decoder_channels=SLIM),
        training=Training(loss="boundary_weighted"),
    ),
    semantic(
        "unet-lite0-t384",
        "Sees larger pieces of the pictures at once: for what only its surroundings tell.",
        Model(head="semantic", decoder_channels=SLIM),
        Preprocess(tile_px=384),
        Training(batch=2),
    ),
    semantic(
        "segformer-lite0",
        "Combines four views of the picture by a very small decoder; learns quickly.",
        Model(head="semantic", architecture="segformer"),
    ),
    semantic(
        "upernet-lite0",
        "Weighs the whole picture against its parts; a large decoder for longer trainings.",
        Model(head="semantic", architecture="upernet"),
    ),
)

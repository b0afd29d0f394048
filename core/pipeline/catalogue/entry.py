"""How a pipeline is entered in the pool."""

from functools import partial

from core.records import Kind, Model, Pipeline, Preprocess, Training

# A U-Net decoder of half the usual width takes a fifth less time a step on two cores.
SLIM = (128, 64, 32, 16, 16)


def pipeline(
    kind: Kind,
    name: str,
    summary: str,
    model: Model,
    preprocess: Preprocess = Preprocess(),  # noqa: B008 - frozen
    training: Training = Training(),  # noqa: B008 - frozen
) -> Pipeline:
    """Return a pipeline for one kind of task."""
    return Pipeline(
        name=name,
        kinds=(kind,),
        summary=summary,
        model=model,
        preprocess=preprocess,
        training=training,
    )


instance = partial(pipeline, Kind.INSTANCE)
semantic = partial(pipeline, Kind.SEMANTIC)
classification = partial(pipeline, Kind.CLASSIFICATION)
